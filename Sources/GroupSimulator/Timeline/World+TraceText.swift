import GroupCore
import GroupModel

// Trace lines and notes in words.
extension World {
    func text(_ record: TraceRecord) -> String {
        let who = text(record.member)
        switch record.event {
        case .start: return "\(who) starts"
        case .stop: return "\(who) stops"
        case .quiet: return "\(who) quiet"
        case .join(let group): return "\(who) joins \(text(group))"
        case .leave(let group): return "\(who) left \(text(group))"
        case .flush(let group): return "\(who) flushed \(text(group))"
        case .hold(let group, let view): return "\(who) hold \(text(group)) \(text(view))"
        case .holdOK(let group, let view): return "\(who) holdOK \(text(group)) \(text(view))"
        case .view(let group, let view): return "\(who) view \(text(group)) \(text(view))"
        case .send(let group, let message, let view, let order, let to):
            let target = to.map { " to \(text($0))" } ?? ""
            return "\(who) sends \(text(group)) \(text(message)) \(order)\(target) in \(text(view))"
        case .deliver(let group, let message, let view, let order, let trans, let to):
            let how = (to == nil ? "" : " alone") + (trans ? " at the view's end" : "")
            return "\(who) delivers \(text(group)) \(text(message)) \(order)\(how) in \(text(view))"
        case .stable(let group, let message, let k): return "\(who) stable \(text(group)) \(text(message)) at \(k)"
        case .switched(let group, let from, let to): return "\(who) switch \(text(group)) \(from) to \(to)"
        case .map(let group, let hwg, _): return "\(who) map \(text(group)) on \(hwg)"
        }
    }

    private func text(_ view: TraceView) -> String {
        var line = "\(text(view.id)) of \(view.members.map { text($0) }.joined(separator: " "))"
        if let previous = view.previous {
            line += "; from \(text(previous))"
            let together = view.transitional.map { text($0) }.joined(separator: " ")
            line += view.unchanged ? ", unchanged" : " with \(together)"
        } else {
            line += "; first"
        }
        if let carrier = view.carrier, let carrierView = view.carrierView {
            line += "; on \(carrier) \(text(carrierView))"
        }
        return view.primary ? line + "; primary" : line
    }

    /// Nil for what a trace line says as well.
    func text(_ note: Note, at node: Int) -> String? {
        let who = text(nodes[node].member)
        switch note {
        case .suspected(let member, let cause): return "\(who) suspects \(text(member)) (\(Self.text(cause)))"
        case .alive(let member): return "\(who) hears \(text(member)) again"
        case .lightweight(.tablesAgain(let group)): return "\(who) \(group) exchanges tables again"
        case .rejected(let reason): return "\(who) rejects a datagram: \(reason)"
        case .otherMapping(let member): return "\(who) hears that \(text(member)) maps groups in another way"
        case .sameMapping(let member): return "\(who) hears that \(text(member)) maps groups alike"
        case .otherCluster: return "\(who) rejects a datagram of another cluster"
        case .malformed(let kind, let member): return "\(who) rejects a malformed \(kind) of \(text(member))"
        case .group(let group, let note):
            let who = "\(who) \(group)"
            switch note {
            case .installed, .held, .left: return nil
            case .restarted(let attempt): return "\(who) starts the flush again, attempt \(attempt)"
            case .tookOver(let member): return "\(who) takes the flush over from \(text(member))"
            case .adopted(let view, let accepted, let members):
                return "\(who) proposes \(text(view)) again, because \(accepted) of its \(members) accepted it"
            case .donorFailed(let member): return "\(who) lacks \(text(member)), which was to supply messages"
            case .excluded(let view): return "\(who) is excluded by \(text(view))"
            case .refused(let member): return "\(who) is refused by \(text(member))"
            case .mergeFailed(let member): return "\(who) gives up its merge with \(text(member))"
            case .noMajority(let view): return "\(who) stays in \(text(view)), held, without a majority"
            case .gaveUp(let view): return "\(who) gives up its place in \(text(view))"
            case .otherInitial(let member): return "\(who) does not meet \(text(member)), which has other initial nodes"
            case .lostRecord(let view): return "\(who) is named in \(text(view)), and its record is new"
            }
        }
    }

    private static func text(_ cause: Note.Suspicion) -> String {
        switch cause {
        case .silence: "silence"
        case .connectionClosed: "connection closed"
        case .newerIncarnation: "a newer incarnation"
        }
    }
}
