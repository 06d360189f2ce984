import GroupCore
import GroupModel
import HWGProtocol

// What cores write into the trace and remark, as far as the world follows it.
extension World {
    mutating func record(_ node: Int) {
        let records = effects.trace
        trace.append(records)
        for record in records.indices {
            if options.keepsTranscript {
                happened(TimelineKind(records[record].event)) { $0.text(records[record]) }
            }
            // Those of heavyweight groups are their nodes'.
            guard case .node = records[record].member else { continue }
            switch records[record].event {
            case .view(.hwg(let group), let view): install(group, view, node)
            case .leave(.hwg(let group)):
                heavyweightViews[node].removeAll { $0.group == group }
                if group == Self.controlGroup { lineages.control[node] = nil } else { lineages.leave(group, node) }
            default: break
            }
        }
    }

    private mutating func install(_ group: HWGID, _ view: TraceView, _ node: Int) {
        let members = view.members.compactMap { member -> MemberID? in
            if case .node(let id) = member { id } else { nil }
        }
        let installed = View(id: view.id, members: members)
        if view.previous != nil, view.transitional.count < members.count,
            nodes[node].applications.memberships.contains(.joining)
        {
            count("mergeDuringJoin")
        }
        heavyweightViewCount += 1
        track(group, installed, isPrimary: view.primary, node)
        if view.primary, options.isPrimaryMode, group == Self.controlGroup,
            !primaryViews.contains(where: { $0.id == view.id })
        {
            primaryViews.append((view.id, node))
        }
        if let place = heavyweightViews[node].firstIndex(where: { $0.group == group }) {
            heavyweightViews[node][place].view = installed
        } else {
            heavyweightViews[node].append((group, installed))
        }
    }

    mutating func remark(_ node: Int) {
        for note in effects.notes {
            count(Self.name(of: note))
            switch note {
            case .group(_, .restarted(let attempt)) where attempt > 2: count("hwg.restartedTwice")
            case .group(_, .lostRecord(let view)):
                violate("M7", node, "it takes its record to be lost, because \(text(view)) names it")
            case .group(let group, .gaveUp):
                if group == Self.controlGroup { lineages.control[node] = nil } else { lineages.leave(group, node) }
            case .group(_, .adopted(_, let accepted, let members)) where 2 * accepted > members:
                count("hwg.adoptedMajority")
            default: break
            }
            if options.keepsTranscript, let text = text(note, at: node) {
                happened(TimelineKind(note)) { _ in text }
            }
        }
    }

    private static func name(of note: Note) -> String {
        switch note {
        case .suspected(_, let suspicion): "suspected.\(suspicion)"
        case .alive: "alive"
        case .otherMapping: "otherMapping"
        case .sameMapping: "sameMapping"
        case .group(_, .installed): "hwg.installed"
        case .group(_, .held): "hwg.held"
        case .group(_, .restarted): "hwg.restarted"
        case .group(_, .tookOver): "hwg.tookOver"
        case .group(_, .adopted): "hwg.adopted"
        case .group(_, .donorFailed): "hwg.donorFailed"
        case .lightweight(.tablesAgain): "tablesAgain"
        case .group(_, .excluded): "hwg.excluded"
        case .group(_, .refused): "hwg.refused"
        case .group(_, .mergeFailed): "hwg.mergeFailed"
        case .group(_, .left): "hwg.left"
        case .group(_, .noMajority): "hwg.noMajority"
        case .group(_, .gaveUp): "hwg.gaveUp"
        case .group(_, .otherInitial): "hwg.otherInitial"
        case .group(_, .lostRecord): "hwg.lostRecord"
        case .rejected: "rejected"
        case .otherCluster: "otherCluster"
        case .malformed: "malformed"
        }
    }
}
