import GroupCore
import GroupModel

// Liveness connections.
extension World {
    /// Makes a connection for each pair that could have one and has none. Called at every tick.
    mutating func dial() {
        for a in nodes.indices {
            for b in nodes.indices where a < b && canConnect(a, b) {
                heap.push(.connect, at: now + 1_000_000 + Int64(random.below(20_000_000)), a: a, b: b)
            }
        }
    }

    private func canConnect(_ a: Int, _ b: Int) -> Bool {
        guard nodes[a].isAlive, nodes[b].isAlive, network.canTalk(a, b) else { return false }
        guard network.knows[network.link(a, b)] || network.knows[network.link(b, a)] else { return false }
        return network.connection[network.link(a, b)] != nodes[b].incarnation
            || network.connection[network.link(b, a)] != nodes[a].incarnation
    }

    mutating func connect(_ a: Int, _ b: Int) {
        guard canConnect(a, b), !nodes[a].isPaused, !nodes[b].isPaused else { return }
        introduce(a, to: b)
        introduce(b, to: a)
        for (me, other) in [(a, b), (b, a)] {
            let link = network.link(me, other)
            network.knows[link] = true
            let before = network.connection[link]
            guard before != nodes[other].incarnation else { continue }
            network.connection[link] = nodes[other].incarnation
            let incarnation = Int(nodes[other].incarnation)
            heap.push(.connected, at: now + Int64(random.below(500_000)), a: me, b: other, c: incarnation)
            if before != 0 {
                // The close of the earlier life's connection is noticed some time.
                heap.push(.disconnected, at: now + Int64(random.below(50_000_000)), a: me, b: other, c: Int(before))
            }
        }
    }

    /// The gossip of the liveness connections: who is connected hears of a newcomer, and the newcomer of them.
    private mutating func introduce(_ newcomer: Int, to node: Int) {
        for other in nodes.indices where network.connection[network.link(node, other)] != 0 {
            network.knows[network.link(other, newcomer)] = true
            network.knows[network.link(newcomer, other)] = true
        }
    }

    /// Both sides of a pair that cannot talk for long get an error on their connection.
    mutating func breakConnection(_ a: Int, _ b: Int, _ mark: Int32) {
        guard !network.canTalk(a, b) else { return }
        let link = network.link(a, b)
        let since = max(network.blockedSince[link], network.blockedSince[network.link(b, a)])
        guard now - since >= plan.disconnectAfter else { return }
        close(a, b, within: 1_000_000)
        close(b, a, within: 1_000_000)
    }

    /// `a` will see its connection to `b` closed.
    mutating func close(_ a: Int, _ b: Int, within delay: Int) {
        let link = network.link(a, b)
        let incarnation = network.connection[link]
        guard incarnation != 0 else { return }
        network.connection[link] = 0
        heap.push(.disconnected, at: now + Int64(random.below(max(delay, 1))), a: a, b: b, c: Int(incarnation))
    }

    mutating func tell(_ event: WorldEvent) {
        let (me, other) = (Int(event.a), Int(event.b))
        guard nodes[me].isAlive else { return }
        if nodes[me].isPaused {
            nodes[me].backlog.append(event)
            return
        }
        let incarnation = UInt32(truncatingIfNeeded: event.c)
        if event.kind == .connected {
            // A connection that broke before it was told of is not told of.
            guard network.connection[network.link(me, other)] == incarnation else { return }
            let card = NodeCard(
                name: nodes[other].name, member: MemberID(node: nodes[other].id, incarnation: incarnation),
                address: nodes[other].card.address)
            happened(.detail) { "\($0.text($0.nodes[me].member)) connected to \($0.text(card.member))" }
            handle(.peerConnected(card), me)
        } else {
            // As the library has it, where only the end of the last connection counts.
            if options.isPrimaryMode, network.connection[network.link(me, other)] == incarnation { return }
            let member = MemberID(node: nodes[other].id, incarnation: incarnation)
            happened(.detail) { "\($0.text($0.nodes[me].member)) disconnected from \($0.text(member))" }
            handle(.peerDisconnected(member), me)
        }
    }

    /// The connection between two processes breaks, and each notices at its own time.
    mutating func reset(_ a: Int, _ b: Int) {
        guard a != b, network.connection[network.link(a, b)] != 0 else { return }
        count("reset")
        happened { "\($0.nodes[a].name) and \($0.nodes[b].name) lose their connection" }
        close(a, b, within: 1_000_000)
        close(b, a, within: random.below(2) == 0 ? 1_000_000 : 100_000_000)
    }
}
