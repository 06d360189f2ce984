import GroupModel

extension IdealHWG {
    /// One random thing happens somewhere; nil when it was nothing that a node is told.
    public mutating func step() -> Told? {
        let group = generator.below(groups.count)
        let node = generator.below(members.count)
        switch generator.below(10) {
        case 0: considerChange(group, component[node]); return nil
        case 1, 2: sequence(group); return nil
        case 3: return raiseHold(group, node)
        case 4: return show(group, node)
        case 5: return small(group, node)
        default: return deliver(group, node)
        }
    }

    /// Whether nothing is left to do, when faults have stopped.
    public var isQuiet: Bool {
        for group in groups {
            for node in members.indices where isAlive[node] {
                guard let membership = group.memberships[node] else { continue }
                if membership.closing != nil || !membership.isShown || membership.isLeaving { return false }
                if !membership.waitingControl.isEmpty || !membership.flushes.isEmpty { return false }
                if case .open = membership.hold {} else { return false }
                let instance = group.instances[membership.instance]
                if instance.sent.map(\.count) != membership.delivered { return false }
                if instance.directs.contains(where: { $0.to == membership.rank }) { return false }
                for other in members.indices where isAlive[other] && component[other] == component[node] {
                    if let theirs = group.memberships[other], theirs.instance != membership.instance { return false }
                }
                if instance.nodes.contains(where: { group.memberships[$0]?.instance != membership.instance }) {
                    return false
                }
            }
        }
        return true
    }

    private mutating func sequence(_ group: Int) {
        guard !groups[group].instances.isEmpty else { return }
        let live = groups[group].memberships.compactMap { $0?.instance }
        guard !live.isEmpty else { return }
        let at = live[generator.below(live.count)]
        let ranks = groups[group].instances[at].nodes.count
        for _ in 0..<(1 + generator.below(4)) {
            let rank = generator.below(ranks)
            let stream = groups[group].instances[at].sent[rank]
            while groups[group].instances[at].looked[rank] < stream.count {
                let index = groups[group].instances[at].looked[rank]
                groups[group].instances[at].looked[rank] += 1
                if stream[index].order.isOrdered {
                    groups[group].instances[at].sequence.append(Place(rank: rank, index: index))
                    break
                }
            }
        }
    }

    /// A few messages to one node, or its next view when the cut is reached.
    private mutating func deliver(_ group: Int, _ node: Int) -> Told? {
        guard var membership = groups[group].memberships[node], membership.isShown else { return nil }
        let instance = groups[group].instances[membership.instance]
        let closing = membership.closing.map { instance.closings[$0] }
        var indications = HWGIndications()
        for _ in 0..<(1 + generator.below(4)) {
            let first = generator.below(instance.nodes.count)
            for offset in instance.nodes.indices {
                let rank = (first + offset) % instance.nodes.count
                let index = membership.delivered[rank]
                guard index < closing?.cut[rank] ?? instance.sent[rank].count else { continue }
                let message = instance.sent[rank][index]
                var isInRest = false
                if message.order.isOrdered {
                    let order = closing?.order ?? instance.sequence
                    guard membership.ordered < order.count,
                        order[membership.ordered] == Place(rank: rank, index: index)
                    else { continue }
                    if closing == nil, message.order == .safe, !message.isControl {
                        guard groups[group].instances[membership.instance].mayBeStable(rank, index) else { continue }
                        groups[group].instances[membership.instance].becameStable(
                            rank, index, ordered: membership.ordered + 1)
                    }
                    if let closing { isInRest = membership.ordered >= closing.rest }
                    membership.ordered += 1
                }
                membership.delivered[rank] += 1
                indications.batch.keep(message.packet)
                indications.deliver(
                    MessageSlice(
                        start: UnsafeRawPointer(message.packet.bytes), length: UInt32(message.packet.count),
                        label: message.label, number: message.number, sender: UInt16(rank), order: message.order,
                        isControl: message.isControl,
                        isTransitional: message.isControl
                            ? isInRest
                            : message.order == .safe && closing != nil && index >= instance.stable[rank]))
                break
            }
        }
        groups[group].memberships[node] = membership
        if let closing, membership.delivered == closing.cut {
            install(group, node, closing, &indications)
        }
        return indications.isEmpty ? nil : Told(node: node, hwg: groups[group].id, indications: indications)
    }

    private mutating func install(
        _ group: Int, _ node: Int, _ closing: Closing, _ indications: inout HWGIndications
    ) {
        guard let old = groups[group].memberships[node] else { return }
        guard !old.isLeaving || closing.survivors.contains(members[node]), let next = closing.next else {
            indications.events.append(.left(.requested))
            groups[group].memberships[node] = nil
            return
        }
        let previous = groups[group].instances[old.instance].view
        let instance = groups[group].instances[next]
        let rank = instance.nodes.firstIndex(of: node) ?? 0
        var membership = Membership(
            instance: next, rank: rank, delivered: .init(repeating: 0, count: instance.nodes.count), isShown: true)
        membership.isFirst = false
        membership.isLeaving = old.isLeaving
        membership.waitingControl = old.waitingControl
        membership.flushes = old.flushes
        groups[group].memberships[node] = membership
        let wasShown = old.isShown
        let together = wasShown ? closing.survivors : [members[node]]
        let members = instance.view.members
        indications.events.append(
            .view(
                ViewChange(
                    view: instance.view, previous: wasShown ? previous.id : nil,
                    joined: members.filter { !together.contains($0) || !wasShown },
                    left: wasShown ? previous.members.filter { !together.contains($0) } : [],
                    transitional: together, subViews: instance.change, primary: instance.primary)))
        // Control messages without a number belong to the next view, or are lost with the old one.
        if generator.chance(0.5) { groups[group].memberships[node]?.waitingControl = [] }
    }

    /// A joiner's own first view, if it is not merged before.
    private mutating func show(_ group: Int, _ node: Int) -> Told? {
        guard let membership = groups[group].memberships[node], !membership.isShown else { return nil }
        var indications = HWGIndications()
        if let closing = membership.closing {
            install(group, node, groups[group].instances[membership.instance].closings[closing], &indications)
        } else {
            guard generator.chance(0.3) else { return nil }
            groups[group].memberships[node]?.isShown = true
            let view = groups[group].instances[membership.instance].view
            indications.events.append(
                .view(
                    ViewChange(
                        view: view, previous: nil, joined: view.members, left: [], transitional: view.members,
                        subViews: [], primary: false)))
        }
        return Told(node: node, hwg: groups[group].id, indications: indications)
    }

    /// Directs, flush answers, and control messages that get their number late.
    private mutating func small(_ group: Int, _ node: Int) -> Told? {
        guard var membership = groups[group].memberships[node], membership.isShown else { return nil }
        if !membership.waitingControl.isEmpty, !isHeld(group, node) {
            let bytes = membership.waitingControl.removeFirst()
            groups[group].memberships[node] = membership
            number(bytes, label: 0, .total, isControl: true, group, node)
            return nil
        }
        var indications = HWGIndications()
        if !membership.flushes.isEmpty {
            indications.events.append(.flushed(token: membership.flushes.removeFirst()))
            groups[group].memberships[node] = membership
        } else if let at = groups[group].instances[membership.instance].directs.firstIndex(where: {
            $0.to == membership.rank
        }) {
            let direct = groups[group].instances[membership.instance].directs.remove(at: at)
            let from = groups[group].instances[membership.instance].view.members[direct.from]
            indications.events.append(.direct(from: from, number: direct.number, bytes: direct.bytes))
        }
        return indications.isEmpty ? nil : Told(node: node, hwg: groups[group].id, indications: indications)
    }
}
