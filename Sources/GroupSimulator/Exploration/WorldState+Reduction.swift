import GroupModel

// Which of the actions that are possible must be tried at once.
extension WorldState {
    /// A persistent set (Godefroid, *Partial-Order Methods for the Verification of Concurrent Systems*, 1996): what is left out can
    /// be done afterwards, with the same ends.
    ///
    /// Actions at different nodes commute: a delivery changes one node and adds to the ends of links. So one arrival will do that
    /// makes no difference to what else may happen at its node (`Commutation`). And all actions at some nodes Y will do, when nothing
    /// else can happen at Y before one of them does: each link into Y from a node outside that may
    /// still act has a first datagram already, which is among the actions. Crashes and mistakes are shared by all nodes, so they must be used up;
    /// and no datagram may overtake that first one.
    func persistent(
        _ actions: [Action], _ plan: SmallWorldPlan, _ table: inout LocalStates, _ commutation: inout Commutation
    ) -> [Action] {
        guard table.isReduced, isSpent(plan), actions.count > 1 else { return actions }
        let dead = states.indices.reduce(0) { isAlive($1, table) ? $0 : $0 | 1 << $1 }
        func first(_ known: Bool) -> Action? {
            actions.first { action in
                guard case .deliver(let from, let to, _) = action, isAlive(from, table) else { return false }
                let claim = Commutation.Claim(
                    state: states[to], packet: links[from * count + to][0], from: from, dead: dead, now: now)
                return known ? commutation.isKnown(claim) : commutation.holds(claim, &table)
            }
        }
        // What is known already costs least.
        if let action = first(true) { return [action] }
        var best = actions
        for set in 1..<(1 << count) - 1 {
            let chosen = actions.filter { $0.node.map { set >> $0 & 1 == 1 } ?? false }
            if !chosen.isEmpty, chosen.count < best.count, isClosed(set, actions, table) { best = chosen }
        }
        guard best.count > 1, let action = first(false) else { return best }
        return [action]
    }

    /// Whether nothing new can happen at the nodes of the set before one of them has acted.
    private func isClosed(_ set: Int, _ actions: [Action], _ table: LocalStates) -> Bool {
        // Who acts may send to anybody, who then acts.
        guard actions.contains(where: { $0.node.map { set >> $0 & 1 == 0 } ?? true }) else { return true }
        for from in 0..<count where set >> from & 1 == 0 && isAlive(from, table) {
            for to in 0..<count where set >> to & 1 == 1 && isAlive(to, table) {
                if isEmpty(from: from, to: to) { return false }
            }
        }
        return true
    }
}

extension WorldState.Action {
    /// The node that it changes; nil: all.
    fileprivate var node: Int? {
        switch self {
        case .deliver(_, let to, _), .lose(_, let to): to
        case .request(let node), .crash(let node): node
        case .suspect(_, let at): at
        case .tick: nil
        }
    }
}
