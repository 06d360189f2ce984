import GroupModel

// View changes: hold, all holdOK, a cut for each side, the next view.

extension IdealHWG {
    /// Starts a change among the members of `group` in one component, or brings one forward.
    mutating func considerChange(_ group: Int, _ part: Int) {
        let here = members.indices.filter {
            isAlive[$0] && component[$0] == part && groups[group].memberships[$0] != nil
        }
        // Who still installs what was decided does that first.
        guard !here.isEmpty, here.allSatisfy({ groups[group].memberships[$0]?.closing == nil }) else { return }
        if let sides = groups[group].changes[part] {
            let involved = here.filter { sides.contains(groups[group].memberships[$0]?.instance ?? -1) }
            if involved.allSatisfy({ groups[group].memberships[$0]?.hasAnswered == true }) {
                decide(group, sides, involved)
                groups[group].changes[part] = nil
            }
            return
        }
        var sides: [Int] = []
        for node in here {
            if let instance = groups[group].memberships[node]?.instance, !sides.contains(instance) {
                sides.append(instance)
            }
        }
        // A side enters a merge only from a view of exactly its own members.
        let torn = sides.filter { instance in
            groups[group].instances[instance].nodes.contains { node in
                guard here.contains(node), let membership = groups[group].memberships[node] else { return true }
                return membership.instance != instance || membership.isLeaving
            }
        }
        if !torn.isEmpty {
            groups[group].changes[part] = [torn[generator.below(torn.count)]]
        } else if sides.count > 1 {
            while sides.count > 2, generator.chance(0.4) { sides.remove(at: generator.below(sides.count)) }
            groups[group].changes[part] = sides
        } else if isAnyHeld(group, here) || generator.chance(0.01) {
            groups[group].changes[part] = sides
        }
    }

    /// Left over from a change that a fault broke off: every Hold ends in a view.
    private func isAnyHeld(_ group: Int, _ nodes: [Int]) -> Bool {
        nodes.contains {
            if case .open = groups[group].memberships[$0]?.hold { return false }
            return true
        }
    }

    mutating func raiseHold(_ group: Int, _ node: Int) -> Told? {
        guard isAlive[node], let membership = groups[group].memberships[node], membership.isShown,
            membership.closing == nil, case .open = membership.hold,
            groups[group].changes[component[node]]?.contains(membership.instance) == true
        else { return nil }
        groups[group].memberships[node]?.hold = .raised
        var indications = HWGIndications()
        indications.events.append(.hold(groups[group].instances[membership.instance].view.id))
        return Told(node: node, hwg: groups[group].id, indications: indications)
    }

    private mutating func decide(_ group: Int, _ instances: [Int], _ involved: [Int]) {
        let stays = involved.filter { groups[group].memberships[$0]?.isLeaving != true }
        let ranked = instances.sorted {
            groups[group].instances[$0].view.id > groups[group].instances[$1].view.id
        }
        var subViews: [SubView<MemberID>] = []
        var nodes: [Int] = []
        for instance in ranked {
            let side = groups[group].instances[instance].nodes.filter {
                stays.contains($0) && groups[group].memberships[$0]?.instance == instance
            }
            guard !side.isEmpty else { continue }
            let hasState = side.contains {
                if case .answered(hasState: true) = groups[group].memberships[$0]?.hold { return true }
                return false
            }
            subViews.append(
                SubView(
                    previous: groups[group].instances[instance].view.id, members: side.map { members[$0] },
                    hasState: hasState))
            nodes += side
        }
        var next: Int?
        if !nodes.isEmpty {
            let epoch = 1 + (involved.map { highestEpoch[$0] }.max() ?? 0)
            for node in involved { highestEpoch[node] = epoch }
            let view = View(
                id: ViewID(epoch: epoch, coordinator: members[nodes[0]]), members: nodes.map { members[$0] })
            next = groups[group].instances.count
            groups[group].instances.append(
                Instance(view: view, nodes: nodes, change: subViews, primary: 2 * nodes.count > members.count))
        }
        for instance in ranked { close(group, instance, involved, next) }
    }

    /// The cut of one side: all that survivors sent, and of others as much as any survivor has, or more. The order: what
    /// survivors know of the sequence, then the rest by (rank, place).
    private mutating func close(_ group: Int, _ at: Int, _ involved: [Int], _ next: Int?) {
        let side = involved.filter { groups[group].memberships[$0]?.instance == at }
        let instance = groups[group].instances[at]
        var cut: [Int] = []
        for (rank, node) in instance.nodes.enumerated() {
            let sent = instance.sent[rank].count
            if side.contains(node) { cut.append(sent); continue }
            let delivered = side.compactMap { groups[group].memberships[$0]?.delivered[rank] }.max() ?? 0
            let known = max(delivered, instance.stable[rank])
            cut.append(known + generator.below(sent - known + 1))
        }
        let known = max(
            side.compactMap { groups[group].memberships[$0]?.ordered }.max() ?? 0, instance.stableOrdered)
        let prefix = known + generator.below(instance.sequence.count - known + 1)
        var order = instance.sequence[..<prefix].filter { $0.index < cut[$0.rank] }
        let isOrdered = Set(order)
        // From the first order record that is skipped on, others may have delivered what is missing here.
        let rest = instance.sequence[..<prefix].prefix { $0.index < cut[$0.rank] }.count
        for rank in instance.nodes.indices {
            for index in 0..<cut[rank] where instance.sent[rank][index].order.isOrdered {
                let place = Place(rank: rank, index: index)
                if !isOrdered.contains(place) { order.append(place) }
            }
        }
        let survivors = instance.nodes.filter {
            side.contains($0) && groups[group].memberships[$0]?.isLeaving != true
        }
        groups[group].instances[at].closings.append(
            Closing(cut: cut, order: order, rest: rest, next: next, survivors: survivors.map { members[$0] }))
        let closing = groups[group].instances[at].closings.count - 1
        for node in side { groups[group].memberships[node]?.closing = closing }
    }
}
