import GroupModel

// What is so from the start, and not for a while only.
extension WorldPlan {
    /// Of twelve worlds two have a node that is far away, one of them in one direction only; one has a link that is dead in
    /// one direction, one two nodes that do not hear each other.
    mutating func drawLastingFaults(_ drawn: NamedDraw, _ options: SimulationOptions) {
        guard options.nodes > 1 else { return }
        let nodes = Array(0..<options.nodes)
        let one = drawn("lasting.one", nodes)
        let other = (one + 1 + drawn("lasting.other", nodes.dropLast())) % options.nodes
        switch drawn("lasting", Array(0..<12)) {
        case let kind where kind < 2 && options.faults.contains(.slowness):
            farNode = one + 1
            lag = drawn("lasting.lag", [5_000_000, 50_000_000])
            isLagOneWay = kind
            meanDelay = 200_000
        case let kind where kind < 4 && kind >= 2 && options.faults.contains(.partitions):
            deadLinks = [WorldLink(from: one, to: other)]
            if kind == 3 { deadLinks.append(WorldLink(from: other, to: one)) }
        default: break
        }
    }

    func lag(from: Int, to: Int) -> Int64 {
        guard farNode > 0, from != to else { return 0 }
        return to == farNode - 1 || from == farNode - 1 && isLagOneWay == 0 ? lag : 0
    }
}

extension World {
    /// A calm world's lag is far below the time-outs that it counts for.
    var longestCalmLag: Int64 {
        let tuning = plan.tuning
        let lag = min(plan.failureTimeout.nanoseconds / 8, tuning.flushTimeout.nanoseconds / 16)
        // Reloaded times may be the least.
        return plan.isOdd > 0 ? min(lag, 10_000_000) : lag
    }

    /// They are dead until the world calms down, whatever heals before.
    mutating func killLinks() {
        if plan.farNode > 0, now == 0 { count("farNode") }
        guard !plan.deadLinks.isEmpty else { return }
        if now == 0 { count(plan.deadLinks.count == 1 ? "deadDirection" : "deadPair") }
        perform(.block(plan.deadLinks))
    }
}
