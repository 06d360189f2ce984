import GroupModel
import GroupWire
import HWGProtocol
import LWGProtocol

// Datagrams in words: the kind first, then what matters of it.
extension World {
    /// Nil when it is none.
    func text(_ packet: Packet, _ kind: FrameKind) -> String? {
        let bytes = packet.contents
        switch kind {
        case .heartbeat, .acknowledge, .directAcknowledge: return "\(kind)"
        case .direct: return "direct, \(packet.count - 48) bytes"
        case .negativeAcknowledge:
            guard let (origin, ranges) = DataFrameText.requested(bytes) else { return nil }
            let list = ranges.map { $0.count == 1 ? "#\($0.lowerBound)" : "#\($0.lowerBound)-\($0.upperBound)" }
            return "negativeAcknowledge of rank \(origin): \(list.joined(separator: " "))"
        case .data:
            guard let data = DataFrameText(bytes) else { return nil }
            return "data #\(data.number) of rank \(data.origin): \(data.items.map(text).joined(separator: ", "))"
        case .propose, .flushed, .cut, .cutReached, .install, .refuse, .report, .installed, .announce, .mergeRequest,
            .mergeAnswer:
            guard let group = MembershipFrame.group(of: bytes), let frame = MembershipFrame.decode(kind, bytes) else {
                return nil
            }
            return "\(kind) \(group) \(text(frame))"
        }
    }

    private func text(_ item: DataFrameText.Item) -> String {
        switch item {
        case .data(let order, let bytes, let isFirst, let isLast):
            let part = isFirst ? (isLast ? "" : "first part of ") : isLast ? "last part of " : "part of "
            return "\(part)\(order) \(bytes) bytes"
        case .control(let bytes): return ControlText.text(of: bytes) { text(group: $0) } ?? "control"
        case .order(let rank, let through): return "order of rank \(rank) through #\(through)"
        case .void: return "void"
        }
    }

    private func text(_ ballot: Ballot) -> String { "\(ballot.attempt).\(text(ballot.proposer))" }

    private func text(_ frame: MembershipFrame) -> String {
        switch frame {
        case .propose(let propose):
            return "\(text(propose.ballot)): \(propose.sides.map(text).joined(separator: " + "))"
        case .flushed(let flushed):
            var line = "\(text(flushed.ballot)) in \(text(flushed.previous)), has \(text(flushed.answer.received))"
            if let accepted = flushed.answer.accepted {
                line += ", accepted \(text(accepted.proposal.view.id)) at \(text(accepted.ballot))"
            }
            return flushed.suspects.isEmpty ? line : line + ", suspects \(text(flushed.suspects))"
        case .cut(let cut): return "\(text(cut.ballot)): \(text(cut.proposal))"
        case .cutReached(let reached): return text(reached.ballot)
        case .install(let install): return text(install.proposal)
        case .refuse(let refuse): return "\(text(refuse.question.ballot)): \(text(refuse))"
        case .report(let report):
            var line = text(report.view)
            if !report.suspects.isEmpty { line += ", suspects \(text(report.suspects))" }
            return report.isLeaving ? line + ", wants to leave" : line
        case .installed(let view): return text(view)
        case .announce(let announce):
            return "\(text(announce.view.id)) of \(text(announce.view.members))\(announce.isPrimary ? "; primary" : "")"
        case .mergeRequest(let request): return text(request.side)
        case .mergeAnswer(let answer):
            switch answer {
            case .busy: return "busy"
            case .redirect(let member): return "ask \(text(member))"
            case .unreachable: return "unreachable"
            }
        }
    }

    private func text(_ side: Side) -> String {
        let leaving = side.leaving.isEmpty ? "" : ", \(text(side.leaving)) leaving"
        return "\(text(side.previous.id)) (\(text(side.continuing))\(leaving))"
    }

    private func text(_ vector: [UInt64]) -> String { "[\(vector.map(String.init).joined(separator: " "))]" }

    private func text(_ proposal: Proposal) -> String {
        let cuts = proposal.sides.map { "\(text($0.cut)) of \(text($0.side.previous.id))" }
        let label = proposal.isPrimary ? "; primary" : ""
        return
            "\(text(proposal.view.id)) of \(text(proposal.view.members)), cut \(cuts.joined(separator: " + "))\(label)"
    }

    private func text(_ refuse: MembershipFrame.Refuse) -> String {
        switch refuse.reason {
        case .promised(let ballot): "promised \(text(ballot))"
        case .suspected: "I suspect you"
        case .notMember: "not in \(text(refuse.view))"
        case .behind(let view): "still in \(text(view))"
        case .cannotReachCut: "cannot reach the cut"
        case .outrun(let last): "\(text(last.id)) is decided"
        case .noMajority: "no majority"
        case .authority(let control): "later control view \(name(control))"
        }
    }
}
