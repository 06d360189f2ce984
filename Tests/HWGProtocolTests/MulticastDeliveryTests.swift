import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

@Suite struct MulticastDeliveryTests {
    /// A random workload with all orders and sizes from nothing to some packets, then silence until all is repaired.
    static func workload(
        members: Int, seed: UInt64, faults: MulticastNetwork.Faults, parameters: MulticastParameters = .init(),
        steps: Int = 300
    ) -> MulticastNetwork {
        var network = MulticastNetwork(members: members, seed: seed, faults: faults, parameters: parameters)
        var choice = SeededGenerator(seed: seed &+ 99)
        for _ in 0..<steps {
            let rank = choice.below(members)
            let order: Order = [.fifo, .fifo, .total, .safe][choice.below(4)]
            let length = [0, 1, 64, 1024, 3_000, 9_288, 20_000][choice.below(7)]
            network.multicast(rank, length: length, order: order)
            if choice.chance(0.1) { network.control(rank, Array(repeating: UInt8(rank), count: choice.below(30_000))) }
            if choice.chance(0.5) { network.run(for: .microseconds(Int64(choice.below(300)))) }
        }
        for _ in 0..<200 where network.run(for: .milliseconds(50)) {}
        return network
    }

    @Test(arguments: 1...5, [0, 0.05, 0.3])
    func `all messages of all orders are delivered once, in the order sent, whatever the network does`(
        members: Int, loss: Double
    ) {
        for seed in 1...6 {
            let network = Self.workload(
                members: members, seed: UInt64(seed) * 31,
                faults: .init(loss: loss, duplication: loss / 2, delay: .microseconds(seed % 2 == 0 ? 20 : 800)))
            #expect(network.allDelivered, "seed \(seed)")
            #expect(network.totalOrderAgrees, "seed \(seed)")
            #expect(network.unsafeDeliveries == 0, "seed \(seed)")
            #expect(network.unfootedDeliveries == 0, "seed \(seed)")
            #expect(network.streams.allSatisfy { $0.nextDeadline == nil }, "timers after silence, seed \(seed)")
            #expect(network.streams.allSatisfy { $0.counters.malformed == 0 && $0.counters.brokenMessages == 0 })
        }
    }

    @Test func `small windows and packets change nothing but the speed`() {
        var parameters = MulticastParameters()
        parameters.packetBytes = 600
        parameters.windowPackets = 3
        parameters.controlReservePackets = 2
        parameters.acknowledgeEvery = 2
        for seed in 1...8 {
            let network = Self.workload(
                members: 3, seed: UInt64(seed), faults: .init(loss: 0.1, duplication: 0.1, delay: .microseconds(400)),
                parameters: parameters, steps: 120)
            #expect(network.allDelivered, "seed \(seed)")
            #expect(network.totalOrderAgrees, "seed \(seed)")
            #expect(network.largestDatagram <= 600)
        }
    }

    @Test func `the same seed gives the same transcript`() {
        let runs = (0..<2).map { _ in
            Self.workload(members: 4, seed: 5, faults: .init(loss: 0.1, delay: .microseconds(500)))
        }
        #expect(runs[0].delivered == runs[1].delivered)
        #expect(runs[0].framesSent == runs[1].framesSent)
        #expect(runs[0].now == runs[1].now)
    }

    @Test func `a member alone delivers to itself and everything is stable at once`() {
        var network = MulticastNetwork(members: 1, seed: 1)
        network.multicast(0, length: 10)
        network.multicast(0, length: 10, order: .total)
        network.multicast(0, length: 10, order: .safe)
        network.on(0) { $0.flush(token: 4, at: $1, into: &$2) }
        #expect(network.delivered[0].isEmpty)
        network.turn(0)
        #expect(network.delivered[0].map(\.order) == [.fifo, .total, .safe])
        #expect(network.events[0] == [.flushed(token: 4)])
        #expect(network.framesSent == 0)
        #expect(network.streams[0].nextDeadline == nil)
    }

    @Test func `fifo messages of the sequencer do not wait for another's total message, later ones of that sender do`()
    {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.cutLinks = [1 * 3 + 2]  // 1 does not reach 2
        network.multicast(1, length: 8, order: .total)
        network.multicast(1, length: 8)
        network.run(for: .milliseconds(1))
        network.multicast(0, length: 8)
        network.run(for: .milliseconds(1))
        #expect(network.delivered[2].map(\.sender) == [0])
        #expect(network.delivered[0].map(\.sender) == [1, 1, 0])
        network.cutLinks = []
        network.run(for: .seconds(1))
        #expect(network.delivered[2].map(\.sender) == [0, 1, 1])
        #expect(network.allDelivered)
    }

    @Test func `a fifo message behind an own total message waits for its order`() {
        var network = MulticastNetwork(members: 2, seed: 1)
        network.cutLinks = [0 * 2 + 1]  // no order reaches 1
        network.multicast(1, length: 8)
        network.multicast(1, length: 8, order: .total)
        network.multicast(1, length: 8)
        network.run(for: .milliseconds(2))
        #expect(network.delivered[1].map(\.number) == [1])
        #expect(network.delivered[0].map(\.number) == [1, 2, 3])
        network.cutLinks = []
        network.run(for: .seconds(1))
        #expect(network.delivered[1].map(\.number) == [1, 2, 3])
    }

    @Test func `a safe message waits for every member, suspected ones too, and total messages wait behind it`() {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.cutLinks = [0 * 3 + 2, 1 * 3 + 2]  // 2 hears nobody
        network.multicast(0, length: 8, order: .safe)
        network.run(for: .milliseconds(1))
        network.multicast(1, length: 8, order: .total)
        network.on(0) { streams, _, _ in streams.suspect(2) }
        network.on(1) { streams, _, _ in streams.suspect(2) }
        network.run(for: .milliseconds(100))
        #expect(network.delivered == [[], [], []])
        network.cutLinks = []
        // Who suspects does not ask; the suspected member asks by itself when it hears of what it lacks.
        network.multicast(2, length: 8)
        network.run(for: .seconds(2))
        #expect(network.unsafeDeliveries == 0)
    }

    @Test func `a safe message and a flush wait until all have delivered the control messages before them`() {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.cutLinks = [0 * 3 + 2]  // 2 lacks the order, and all else that 0 sends
        network.control(1, [7])
        network.run(for: .milliseconds(5))
        #expect(network.streams.map(\.controlsDelivered) == [1, 1, 0])
        network.multicast(1, length: 8, order: .safe)
        network.on(1) { streams, now, output in streams.flush(token: 4, at: now, into: &output) }
        // Until 2 asks others than 0 for what it lacks.
        network.run(for: .milliseconds(5))
        #expect(network.streams[1].stable[1] == 2, "2 has received it")
        #expect(network.delivered.map { $0.count { $0.order == .safe } } == [0, 0, 0])
        #expect(!network.events[1].contains(.flushed(token: 4)))
        network.cutLinks = []
        for _ in 0..<100 where network.run(for: .milliseconds(50)) {}
        #expect(network.delivered.map { $0.count { $0.order == .safe } } == [1, 1, 1])
        #expect(network.events[1].contains(.flushed(token: 4)))
        #expect(network.streams.allSatisfy { $0.nextDeadline == nil })
    }

    @Test func `the last word on control messages is asked for again when it is lost`() {
        var network = MulticastNetwork(members: 3, seed: 1)
        network.control(1, [7])
        network.run(for: .milliseconds(50))
        // Everything is acknowledged, but nobody need have said that it delivered the last one.
        network.cutLinks = [2 * 3 + 1]
        network.on(1) { streams, now, output in streams.flush(token: 4, at: now, into: &output) }
        network.run(for: .milliseconds(50))
        #expect(!network.events[1].contains(.flushed(token: 4)))
        network.cutLinks = []
        for _ in 0..<100 where network.run(for: .milliseconds(50)) {}
        #expect(network.events[1].contains(.flushed(token: 4)))
        #expect(network.streams.allSatisfy { $0.nextDeadline == nil })
    }

    @Test func `a large message is delivered whole, and small ones of others between its fragments`() {
        var network = MulticastNetwork(members: 3, seed: 9, faults: .init(loss: 0.02, delay: .microseconds(300)))
        #expect(network.multicast(1, length: 3_000_000, order: .total) == .accepted(number: nil))
        #expect(network.multicast(1, length: 5) == .full)
        network.multicast(0, length: 5)
        for _ in 0..<100 where network.run(for: .milliseconds(50)) {}
        #expect(network.allDelivered)
        #expect(network.events[1].contains(.sent(label: 0, number: 1, order: .total)))
        #expect(network.events[1].contains(.writable))
    }

    @Test func `the largest message arrives`() {
        var network = MulticastNetwork(members: 2, seed: 9)
        network.multicast(0, length: Limits.messageBytes)
        for _ in 0..<100 where network.run(for: .milliseconds(50)) {}
        #expect(network.delivered[1].count == 1)
        #expect(network.allDelivered)
    }

    @Test func `control passes between the fragments of a large message`() {
        var network = MulticastNetwork(members: 2, seed: 9)
        network.multicast(1, length: 2_000_000)
        network.control(1, [1, 2, 3])
        network.control(1, Array(repeating: 7, count: 50_000))
        for _ in 0..<50 where network.run(for: .milliseconds(50)) {}
        for rank in 0..<2 {
            #expect(network.delivered[rank].map(\.isControl) == [true, true, false])
            #expect(network.delivered[rank].map(\.length) == [3, 50_000, 2_000_000])
            #expect(network.delivered[rank].map(\.number) == [1, 2, 3])
        }
        #expect(network.sent[1].map(\.number) == [3])
    }

    @Test func `a lost tail is repaired although no later packet shows the gap`() {
        var network = MulticastNetwork(members: 3, seed: 2)
        network.cutLinks = [0 * 3 + 1, 0 * 3 + 2]
        network.multicast(0, length: 8)
        network.run(for: .milliseconds(1))
        network.cutLinks = []
        #expect(network.delivered[1].isEmpty)
        network.run(for: .milliseconds(200))
        #expect(network.allDelivered)
        #expect(network.streams.allSatisfy { $0.nextDeadline == nil })
    }

    @Test func `an acknowledgement of another member shows what was lost`() {
        var network = MulticastNetwork(members: 3, seed: 2)
        network.cutLinks = [0 * 3 + 2]
        network.multicast(0, length: 8)
        network.run(for: .milliseconds(8))
        #expect(network.delivered[1].count == 1)
        network.run(for: .milliseconds(300))
        // 0 cannot reach 2 at all, 1 has the packet.
        #expect(network.delivered[2].count == 1)
        #expect(network.streams[1].counters.retransmitted > 0)
    }

    @Test func `flush returns when every member has everything, and not before`() {
        var network = MulticastNetwork(members: 3, seed: 2)
        network.cutLinks = [0 * 3 + 2]
        network.multicast(0, length: 8)
        network.multicast(0, length: 100_000)
        network.on(0) { $0.flush(token: 77, at: $1, into: &$2) }
        network.run(for: .milliseconds(4))
        #expect(!network.events[0].contains(.flushed(token: 77)))
        network.cutLinks = []
        network.run(for: .seconds(1))
        #expect(network.events[0].contains(.flushed(token: 77)))
        #expect(network.delivered[2].count == 2)
    }

    @Test func `a flush asks for acknowledgements instead of waiting for them`() {
        var network = MulticastNetwork(members: 4, seed: 2)
        network.multicast(0, length: 8)
        network.on(0) { $0.flush(token: 1, at: $1, into: &$2) }
        network.run(for: .microseconds(300))
        #expect(network.events[0] == [.flushed(token: 1)])
    }
}
