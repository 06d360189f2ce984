import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

@Suite struct MulticastFlowTests {
    @Test func `the window closes at its packets and opens again when half of them are acknowledged`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 8
        var network = MulticastNetwork(members: 2, seed: 1, parameters: parameters)
        network.cutLinks = [0 * 2 + 1]
        var accepted = 0
        while case .accepted = network.multicast(0, length: 9_000) { accepted += 1 }
        #expect(accepted == 8)
        #expect(network.multicast(0, length: 9_000) == .full)
        network.run(for: .milliseconds(1))
        #expect(network.multicast(0, length: 9_000) == .full)
        #expect(!network.events[0].contains(.writable))
        network.cutLinks = []
        network.run(for: .milliseconds(100))
        #expect(network.events[0] == [.writable])
        #expect(network.multicast(0, length: 9_000) != .full)
        network.run(for: .milliseconds(100))
        #expect(network.allDelivered)
    }

    @Test func `the window counts bytes too`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 1_000
        parameters.windowBytes = 100_000
        var network = MulticastNetwork(members: 2, seed: 1, parameters: parameters)
        network.cutLinks = [0 * 2 + 1]
        var accepted = 0
        while case .accepted = network.multicast(0, length: 9_000) { accepted += 1 }
        #expect((11...13).contains(accepted))
    }

    @Test func `control has a reserve outside the window, and beyond it waits without being refused`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 4
        parameters.controlReservePackets = 4
        var network = MulticastNetwork(members: 2, seed: 1, parameters: parameters)
        network.cutLinks = [1 * 2 + 0]
        while case .accepted = network.multicast(0, length: 9_200) {}
        network.control(0, [9])
        network.run(for: .microseconds(200))
        #expect(network.delivered[1].contains { $0.isControl })
        for _ in 0..<20 { network.control(0, Array(repeating: 1, count: 9_200)) }
        #expect(network.multicast(0, length: 1) == .full)
        network.cutLinks = []
        for _ in 0..<20 where network.run(for: .milliseconds(50)) {}
        #expect(network.delivered[1].filter(\.isControl).count == 21)
        #expect(network.allDelivered)
    }

    @Test func `nothing is sent further beyond what a suspected member has than another one keeps for it`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 4
        parameters.controlReservePackets = 2
        var network = MulticastNetwork(members: 3, seed: 1, parameters: parameters)
        network.cutLinks = [0 * 3 + 2, 1 * 3 + 2]  // 2 hears nobody
        network.on(0) { streams, _, _ in streams.suspect(2) }
        for _ in 0..<30 {
            network.multicast(0, length: 9_000)
            network.control(0, Array(repeating: 1, count: 9_000))
            network.run(for: .milliseconds(1))
        }
        #expect(network.streams[1].received[0] == UInt64(parameters.bounded.ringPackets))
        // 0 dies; the others go on with all that either has.
        let cut = network.streams[1].received
        network.crash(0)
        network.cutLinks = []
        for rank in [1, 2] {
            network.on(rank) { streams, now, output in
                streams.fill(cut: cut, holders: [1, 1, 1], at: now, into: &output)
            }
        }
        network.run(for: .milliseconds(100))
        #expect(network.streams[2].hasReachedCut)
    }

    @Test func `a suspected member does not count for the window`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 4
        var network = MulticastNetwork(members: 3, seed: 1, parameters: parameters)
        network.crash(2)
        for _ in 0..<4 { network.multicast(0, length: 9_200) }
        #expect(network.multicast(0, length: 9_200) == .full)
        network.run(for: .milliseconds(100))
        #expect(network.multicast(0, length: 9_200) == .full)
        network.on(0) { streams, _, _ in streams.suspect(2) }
        network.run(for: .milliseconds(1))
        #expect(network.events[0].contains(.writable))
        for _ in 0..<4 { #expect(network.multicast(0, length: 9_200) != .full) }
    }

    @Test(arguments: [0, 0.05, 0.25])
    func `writers that wait for writable never starve`(loss: Double) {
        var parameters = MulticastParameters()
        parameters.windowPackets = 6
        var network = MulticastNetwork(
            members: 3, seed: 4, faults: .init(loss: loss, delay: .microseconds(200)), parameters: parameters)
        var left = [400, 400, 400]
        var wants = [true, true, true]
        var rounds = 0
        while left.contains(where: { $0 > 0 }), rounds < 4_000 {
            rounds += 1
            for rank in 0..<3 where wants[rank] {
                while left[rank] > 0 {
                    guard
                        case .accepted = network.multicast(
                            rank, length: 3_000, order: [.fifo, .total, .safe][left[rank] % 3])
                    else { wants[rank] = false; break }
                    left[rank] -= 1
                }
            }
            network.run(for: .milliseconds(1))
            for rank in 0..<3 where network.events[rank].contains(.writable) {
                wants[rank] = true
                network.events[rank] = []
            }
            for rank in 0..<3 {
                #expect(network.streams[rank].window.outstanding <= 6 + 64)
            }
        }
        #expect(left == [0, 0, 0])
        for _ in 0..<50 where network.run(for: .milliseconds(50)) {}
        #expect(network.allDelivered)
        #expect(network.totalOrderAgrees)
    }

    @Test func `a member that cannot deliver stops its senders instead of growing`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 4
        parameters.controlReservePackets = 4
        var network = MulticastNetwork(members: 3, seed: 4, parameters: parameters)
        network.cutLinks = [0 * 3 + 2]  // 2 gets no orders, so delivers no total message
        var accepted = 0
        for _ in 0..<200 {
            if case .accepted = network.multicast(1, length: 9_200, order: .total) { accepted += 1 }
            network.run(for: .microseconds(300))
            network.streams[1].suspect(0)  // nobody else repairs 0's stream
        }
        #expect(network.streams[2].received[1] <= network.streams[2].hasDelivered[1] + 8)
    }

    @Test func `what everybody has is forgotten`() {
        var network = MulticastNetwork(members: 3, seed: 4)
        for _ in 0..<50 {
            network.multicast(0, length: 8_000, order: .total)
            network.run(for: .milliseconds(30))
        }
        for rank in 0..<3 {
            let kept = (1...50).filter { network.streams[rank].streams[0].ring.holds($0) }
            #expect(kept.isEmpty)
        }
    }

    @Test func `a member's packets leave in runs of equal size`() {
        var streams = MulticastNetwork(members: 3, seed: 1).streams[0]
        var output = HWGOutput()
        let bytes = [UInt8](repeating: 1, count: 1_000)
        for _ in 0..<50 {
            _ = bytes.withUnsafeBytes {
                streams.multicast(label: 1, order: .fifo, bytes: $0, at: .zero, into: &output)
            }
        }
        streams.turnEnded(at: .zero, into: &output)
        let ranks = output.transmissions.map(\.to.node.raw)
        #expect(ranks == ranks.sorted() && Set(ranks).count == 2)
        let sizes = output.transmissions.prefix(output.transmissions.count / 2).map(\.packet.count)
        #expect(sizes.count == 6)
        #expect(Set(sizes.dropFirst().dropLast()).count == 1)
    }

    @Test func `nine messages of 1 KiB and one of 8 KiB fit one packet`() {
        for (length, count) in [(1_024, 9), (8_192, 1)] {
            var network = MulticastNetwork(members: 2, seed: 1)
            for _ in 0..<count { network.multicast(0, length: length) }
            network.turn(0)
            #expect(network.streams[0].received[0] == 1)
        }
    }

    @Test func `point-to-point messages are fifo per pair, of any size, and named by the sender's count`() {
        var network = MulticastNetwork(
            members: 3, seed: 8, faults: .init(loss: 0.2, duplication: 0.1, delay: .microseconds(500)))
        var numbers: [UInt64] = []
        for index in 0..<40 {
            network.multicast(0, length: 10)
            let bytes = [UInt8](repeating: UInt8(index), count: index == 5 ? 200_000 : index)
            network.on(0) { streams, now, output in
                if case .accepted(let number?) = streams.direct(
                    to: streams.view.members[2], bytes, at: now, into: &output)
                {
                    numbers.append(number)
                }
            }
            network.run(for: .microseconds(500))
        }
        for _ in 0..<100 where network.run(for: .milliseconds(50)) {}
        let got = network.events[2].compactMap { event -> UInt64? in
            if case .direct(_, let number, _) = event { return number }
            return nil
        }
        #expect(got == numbers)
        #expect(numbers.count == 40)
        #expect(network.allDelivered)
        #expect(Set(numbers + network.sent[0].map(\.number)).count == 80)
        #expect(network.streams[0].unacknowledgedDirects.isEmpty)
        #expect(network.streams.allSatisfy { $0.nextDeadline == nil })
    }

    @Test func `a point-to-point channel refuses when its queue is full and opens again`() {
        var network = MulticastNetwork(members: 2, seed: 8)
        network.cutLinks = [0 * 2 + 1]
        var outcome = SendOutcome.accepted(number: nil)
        var accepted = 0
        while case .accepted = outcome, accepted < 1_000 {
            network.on(0) { streams, now, output in
                outcome = streams.direct(
                    to: streams.view.members[1], [UInt8](repeating: 1, count: 10_000), at: now, into: &output)
            }
            accepted += 1
        }
        #expect(outcome == .full)
        #expect(!network.streams[0].unacknowledgedDirects.isEmpty)
        network.cutLinks = []
        network.run(for: .seconds(5))
        #expect(network.events[0].contains(.writable))
    }
}
