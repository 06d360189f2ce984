import GroupCore
import GroupModel

// One core: what it is told, and what the shell does after each event.
extension World {
    @inline(__always)
    func hasCore(_ node: Int) -> Bool { !cores[node].isEmpty }

    mutating func handle(_ event: NodeEvent, _ node: Int, opensTurn: Bool = true) {
        let time = clock(node)
        if hasCore(node) { cores[node][0].handle(event, at: time, into: &effects) }
        settle(node, opensTurn: opensTurn)
    }

    mutating func wake(_ node: Int) {
        nodes[node].wake = .max
        if hasCore(node), let deadline = cores[node][0].nextDeadline, deadline <= clock(node) {
            noteDue(deadline, node)
            handle(.deadlineReached, node)
        } else {
            schedule(node)
        }
    }

    /// Whether the core does what is due: a deadline that stays in the past makes a real loop turn without a pause. (`zero` asks for
    /// a turn's end.)
    private mutating func noteDue(_ deadline: Instant, _ node: Int) {
        let isStanding = deadline == nodes[node].lastDue && deadline > .zero && deadline < clock(node)
        nodes[node].lastDue = deadline
        nodes[node].standing = isStanding ? nodes[node].standing + 1 : 0
        if nodes[node].standing == Self.standingLimit {
            violate("interface", node, "a deadline stays at \(deadline.nanoseconds / 1_000) us, whatever is done")
        }
    }

    private static var standingLimit: Int { 8 }

    /// What the shell does after each event: trace lines first, then packets, then indications.
    mutating func settle(_ node: Int, opensTurn: Bool) {
        if effects.isEmpty {
            if isStruck(node) { return end(node, closing: .prompt) }
            return rest(node, opensTurn: opensTurn)
        }
        if !effects.trace.isEmpty { record(node) }
        if !effects.notes.isEmpty { remark(node) }
        if let write = effects.write { self.write(write, node) }
        if isStruck(node) || !effects.transmissions.isEmpty && !transmit(from: node) {
            effects.removeAll()
            return end(node, closing: .prompt)
        }
        for card in effects.learned { network.learn(card, at: node, nodeIDs) }
        let stopped = effects.stopped
        if !effects.lwg.isEmpty { indicate(node) }
        effects.removeAll()
        if stopped { return end(node, closing: .prompt) }
        rest(node, opensTurn: opensTurn)
    }

    /// Until the turn's end, or until something is due.
    private mutating func rest(_ node: Int, opensTurn: Bool) {
        if opensTurn, !nodes[node].hasOpenTurn {
            nodes[node].hasOpenTurn = true
            heap.push(
                .turnEnd, at: now + Int64(random.below(Self.turnLength)), a: node, life: nodes[node].life)
        }
        schedule(node)
    }

    private mutating func schedule(_ node: Int) {
        guard hasCore(node), let deadline = cores[node][0].nextDeadline else { return }
        // A deadline in the past is due at once, but not before what else happens at this time.
        let time = max(self.time(deadline, node), now)
        guard time < nodes[node].wake else { return }
        nodes[node].wake = time
        heap.push(.wake, at: time, a: node, life: nodes[node].life)
    }
}
