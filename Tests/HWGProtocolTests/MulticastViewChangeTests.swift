import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

@Suite struct MulticastViewChangeTests {
    /// Survivors agree on the cut that the best of them can fill: per stream the highest count, held by one of them.
    static func cut(
        _ network: MulticastNetwork, _ vectors: [Rank: [UInt64]], choice: inout SeededGenerator
    ) -> (cut: [UInt64], holders: [Rank?]) {
        let ranks = vectors.keys.sorted()
        var cut: [UInt64] = []
        var holders: [Rank?] = []
        for stream in 0..<network.view.members.count {
            let best = ranks.map { vectors[$0]![stream] }.max()!
            let able = ranks.filter { vectors[$0]![stream] == best }
            cut.append(best)
            holders.append(able[choice.below(able.count)])
        }
        return (cut, holders)
    }

    /// One view change among `survivors`: everybody holds and freezes at its own time, fills, and delivers.
    static func change(_ network: inout MulticastNetwork, survivors: [Rank], choice: inout SeededGenerator) -> [UInt64]
    {
        let crashed = network.view.members.indices.filter { !survivors.contains($0) }
        for rank in crashed { network.crash(rank) }
        var vectors: [Rank: [UInt64]] = [:]
        for rank in survivors {
            network.on(rank) { streams, now, output in
                for dead in crashed { streams.suspect(dead) }
                streams.holdAnswered(at: now, into: &output)
            }
            if choice.chance(0.5) { network.run(for: .microseconds(Int64(choice.below(500)))) }
            network.on(rank) { streams, _, _ in vectors[rank] = streams.freeze() }
            if choice.chance(0.5) { network.run(for: .microseconds(Int64(choice.below(500)))) }
        }
        let (cut, holders) = Self.cut(network, vectors, choice: &choice)
        for rank in survivors {
            // Freezing is final: what came meanwhile was not taken.
            #expect(network.streams[rank].received == vectors[rank])
            network.on(rank) { $0.fill(cut: cut, holders: holders, at: $1, into: &$2) }
        }
        for _ in 0..<200 where !survivors.allSatisfy({ network.streams[$0].hasReachedCut }) {
            network.run(for: .milliseconds(20))
        }
        for rank in survivors {
            #expect(network.streams[rank].hasReachedCut)
            #expect(network.streams[rank].received == cut)
            #expect(zip(network.streams[rank].hasDelivered, cut).allSatisfy { $0 <= $1 })
            guard network.streams[rank].hasReachedCut else { continue }
            network.on(rank) { $0.deliverThrough(cut: cut, at: $1, into: &$2) }
        }
        return cut
    }

    @Test(arguments: 2...5, [0, 0.1, 0.3])
    func `who goes on together delivered the same set in one total order, whoever crashed`(members: Int, loss: Double) {
        for seed in 1...25 {
            var choice = SeededGenerator(seed: UInt64(seed * 7 + members))
            var parameters = MulticastParameters()
            if seed % 3 == 0 { parameters.windowPackets = 6; parameters.packetBytes = 2_000 }
            var network = MulticastNetwork(
                members: members, seed: UInt64(seed),
                faults: .init(loss: loss, duplication: 0.1, delay: .microseconds(500)),
                parameters: parameters)
            for _ in 0..<60 {
                network.multicast(
                    choice.below(members), length: [5, 500, 5_000, 30_000][choice.below(4)],
                    order: [.fifo, .total, .safe][choice.below(3)])
                if choice.chance(0.6) { network.run(for: .microseconds(Int64(choice.below(400)))) }
            }
            var survivors = Array(0..<members)
            for _ in 0..<choice.below(members) { survivors.remove(at: choice.below(survivors.count)) }
            _ = Self.change(&network, survivors: survivors, choice: &choice)
            let first = survivors[0]
            for rank in survivors {
                // D4, and O1 within each sender.
                for sender in 0..<members {
                    let mine = network.delivered(at: rank, from: sender)
                    #expect(mine == network.delivered(at: first, from: sender))
                    let numbered = network.sent[sender].filter { $0.number > 0 }
                    #expect(mine == Array(numbered.prefix(mine.count)), "in the order sent, without gaps")
                    // D6
                    if survivors.contains(sender) { #expect(mine == numbered) }
                }
                // O3
                let order = { (at: Rank) in network.ordered(at: at).map { [UInt64($0.sender), $0.number] } }
                #expect(order(rank) == order(first), "seed \(seed)")
            }
            #expect(network.unsafeDeliveries == 0)
            // Nothing is delivered afterwards (D5), and no timer is left.
            let before = network.delivered
            network.run(for: .seconds(1))
            #expect(survivors.allSatisfy { network.delivered[$0] == before[$0] })
            #expect(survivors.allSatisfy { network.streams[$0].nextDeadline == nil })
        }
    }

    @Test func `an order record for packets outside the cut is clamped to it`() {
        var network = MulticastNetwork(members: 4, seed: 1)
        let link = { (from: Rank, to: Rank) in from * 4 + to }
        // 1's messages reach the sequencer only; its record reaches 2.
        network.cutLinks = [link(1, 2), link(1, 3), link(0, 3)]
        network.multicast(1, length: 10, order: .total)
        network.run(for: .microseconds(100))
        network.multicast(2, length: 10, order: .total)
        network.run(for: .microseconds(200))
        #expect(network.delivered[0].count == 2)
        #expect(network.delivered[2].isEmpty, "its own waits behind 1's")
        var choice = SeededGenerator(seed: 1)
        let cut = Self.change(&network, survivors: [2, 3], choice: &choice)
        #expect(cut[1] == 0 && cut[0] > 0)
        for rank in [2, 3] { #expect(network.delivered[rank].map(\.sender) == [2]) }
    }

    @Test func `safe messages at the view's end are marked transitional`() {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.cutLinks = [2, 5]  // nobody reaches 2
        network.multicast(0, length: 10, order: .safe)
        network.multicast(1, length: 10, order: .total)
        network.run(for: .milliseconds(1))
        #expect(network.delivered[0].isEmpty)
        var choice = SeededGenerator(seed: 1)
        _ = Self.change(&network, survivors: [0, 1], choice: &choice)
        #expect(network.delivered[0].map(\.isTransitional) == [true, false])
        #expect(network.delivered[0] == network.delivered[1])
    }

    @Test func `a frozen member takes only what the cut names`() {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.on(1) { streams, _, _ in _ = streams.freeze() }
        network.multicast(0, length: 10)
        network.run(for: .milliseconds(1))
        #expect(network.streams[1].received == [0, 0, 0])
        #expect(network.streams[2].received == [1, 0, 0])
        network.multicast(0, length: 10)
        network.run(for: .milliseconds(1))
        network.on(1) { $0.fill(cut: [1, 0, 0], holders: [2, nil, nil], at: $1, into: &$2) }
        network.run(for: .milliseconds(100))
        #expect(network.streams[1].received == [1, 0, 0])
        #expect(network.delivered[1].isEmpty)
        #expect(network.streams[1].hasReachedCut)
    }

    @Test func `a member whose holder does not answer asks others, and one that delivered still answers`() {
        var network = MulticastNetwork(members: 4, seed: 1)
        network.cutLinks = [3]  // 0 does not reach 3
        network.multicast(0, length: 10)
        network.run(for: .microseconds(400))
        network.crash(0)
        network.crash(1)
        for rank in [2, 3] {
            network.on(rank) { streams, _, _ in
                streams.suspect(0); _ = streams.freeze()
            }
        }
        network.on(2) { $0.fill(cut: [1, 0, 0, 0], holders: [1, nil, nil, nil], at: $1, into: &$2) }
        network.on(2) { $0.deliverThrough(cut: [1, 0, 0, 0], at: $1, into: &$2) }
        network.on(3) { $0.fill(cut: [1, 0, 0, 0], holders: [2, nil, nil, nil], at: $1, into: &$2) }
        network.run(for: .seconds(1))
        #expect(network.streams[3].hasReachedCut)
    }

    @Test func `after HoldOK nothing is taken, and what has no number goes first into the next view`() {
        var network = MulticastNetwork(members: 2, seed: 1)
        network.multicast(1, length: 10)
        #expect(network.multicast(1, length: 2_000_000, order: .total, label: 88) == .accepted(number: nil))
        network.run(for: .microseconds(30))
        network.on(1) { $0.flush(token: 5, at: $1, into: &$2) }
        network.on(1) { $0.holdAnswered(at: $1, into: &$2) }
        #expect(network.multicast(1, length: 1) == .held)
        network.control(1, [1, 2])
        network.on(1) { streams, now, output in
            #expect(streams.direct(to: streams.view.members[0], [1], at: now, into: &output) == .held)
        }
        var choice = SeededGenerator(seed: 1)
        _ = Self.change(&network, survivors: [0, 1], choice: &choice)
        #expect(network.delivered[0].map(\.number) == [1])
        #expect(!network.events[1].contains(.flushed(token: 5)))
        let carried = network.streams[1].takeCarriedOver()
        #expect(carried.count == 2)
        let nothing = network.streams[1].takeCarriedOver()
        #expect(nothing.isEmpty)

        var next = MulticastNetwork(members: 2, seed: 2, nextNumber: network.streams[1].nextNumber)
        next.sent[1] = network.sent[1].filter { $0.number == 0 }
        next.on(1) { $0.resume(carried, at: $1, into: &$2) }
        #expect(next.multicast(1, length: 3) == .full)
        next.run(for: .milliseconds(100))
        next.multicast(1, length: 3)
        for _ in 0..<20 where next.run(for: .milliseconds(50)) {}
        #expect(next.delivered[0].map(\.isControl) == [true, false, false])
        #expect(next.delivered[0].map(\.number) == [2, 3, 4], "numbers never restart")
        #expect(next.delivered[0][1].length == 2_000_000)
        #expect(next.events[1].contains(.sent(label: 88, number: 3, order: .total)))
        #expect(next.events[1].contains(.flushed(token: 5)))
        #expect(next.allDelivered)
    }

    @Test func `a message packed before HoldOK keeps its view even if its packet was still open`() {
        var network = MulticastNetwork(members: 2, seed: 1)
        network.multicast(0, length: 10)
        network.on(0) { streams, _, _ in
            #expect(streams.freeze() == [1, 0])
            #expect(streams.needsTurnEnd)
        }
        _ = network.streams[1].freeze()
        for rank in 0..<2 { network.on(rank) { $0.fill(cut: [1, 0], holders: [0, nil], at: $1, into: &$2) } }
        network.run(for: .milliseconds(100))
        for rank in 0..<2 { network.on(rank) { $0.deliverThrough(cut: [1, 0], at: $1, into: &$2) } }
        #expect(network.allDelivered)
    }

    @Test func `a take-over's cut replaces an earlier one`() {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.cutLinks = [1, 2]  // 0 reaches nobody
        network.multicast(0, length: 10)
        network.turn(0)
        network.multicast(0, length: 10)
        network.turn(0)
        for rank in 0..<3 { _ = network.streams[rank].freeze() }
        network.cutLinks = [2]
        network.on(1) { $0.fill(cut: [1, 0, 0], holders: [0, nil, nil], at: $1, into: &$2) }
        network.run(for: .milliseconds(50))
        #expect(network.streams[1].received[0] == 1)
        network.on(1) { $0.fill(cut: [2, 0, 0], holders: [0, nil, nil], at: $1, into: &$2) }
        #expect(!network.streams[1].hasReachedCut)
        network.run(for: .milliseconds(50))
        #expect(network.streams[1].hasReachedCut)
        network.on(2) { $0.fill(cut: [2, 0, 0], holders: [1, nil, nil], at: $1, into: &$2) }
        network.run(for: .milliseconds(50))
        #expect(network.streams[2].hasReachedCut)
    }
}
