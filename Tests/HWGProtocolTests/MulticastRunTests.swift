import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

/// Messages that are multicast together are packed, numbered and refused as if they came one by one.
@Suite struct MulticastRunTests {
    private static func streams(_ parameters: MulticastParameters = .init()) -> ViewStreams {
        let ids = (0..<3).map { MemberID(node: NodeID(raw: UInt64($0) + 100), incarnation: 1) }
        return ViewStreams(
            group: HWGID(named: ShortName("g")!), view: View(id: ViewID(epoch: 7, coordinator: ids[0]), members: ids),
            me: ids[1], cluster: 5, parameters: parameters, nextNumber: 40, now: .zero)
    }

    private static func run(_ sizes: [(count: Int, order: Order)]) -> (bytes: [UInt8], messages: [OutgoingMessage]) {
        var bytes: [UInt8] = []
        var messages: [OutgoingMessage] = []
        for (index, size) in sizes.enumerated() {
            messages.append(OutgoingMessage(offset: bytes.count, count: size.count, order: size.order, ticket: 0))
            bytes += (0..<size.count).map { UInt8(truncatingIfNeeded: $0 &+ index) }
        }
        return (bytes, messages)
    }

    private static func together(
        _ streams: inout ViewStreams, _ run: (bytes: [UInt8], messages: [OutgoingMessage]), into output: inout HWGOutput
    ) -> RunOutcome {
        run.bytes.withUnsafeBytes { bytes in
            run.messages.withUnsafeBufferPointer {
                streams.multicast(label: 9, $0, of: bytes, at: .zero, into: &output)
            }
        }
    }

    private static func singly(
        _ streams: inout ViewStreams, _ run: (bytes: [UInt8], messages: [OutgoingMessage]), into output: inout HWGOutput
    ) -> [SendOutcome] {
        run.bytes.withUnsafeBytes { bytes in
            run.messages.map {
                streams.multicast(
                    label: 9, order: $0.order,
                    bytes: UnsafeRawBufferPointer(rebasing: bytes[$0.offset..<($0.offset + $0.count)]), at: .zero,
                    into: &output)
            }
        }
    }

    private static func packets(_ output: HWGOutput) -> [[UInt8]] {
        output.transmissions.map { [UInt8]($0.packet.contents) }
    }

    @Test func `a run gives the same packets and deliveries as its messages one by one`() {
        let sizes: [(count: Int, order: Order)] = (0..<400).map { ($0 * 37 % 1_500, $0 % 7 == 0 ? .total : .fifo) }
        let run = Self.run(sizes + [(0, .fifo), (9_000, .fifo), (1, .safe)])
        var (one, many) = (Self.streams(), Self.streams())
        var (first, second) = (HWGOutput(), HWGOutput())
        let outcomes = Self.singly(&one, run, into: &first)
        let outcome = Self.together(&many, run, into: &second)
        one.turnEnded(at: .zero, into: &first)
        many.turnEnded(at: .zero, into: &second)
        #expect(outcome == RunOutcome(taken: run.messages.count, first: 40, stop: nil))
        #expect(outcomes == (0..<run.messages.count).map { .accepted(number: 40 + UInt64($0)) })
        #expect(Self.packets(first) == Self.packets(second))
        #expect(!Self.packets(first).isEmpty)
        #expect(first.indications.events == second.indications.events)
    }

    @Test func `a run ends at the first message that the window refuses, and goes on from there`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 4
        let run = Self.run(Array(repeating: (9_000, .fifo), count: 10))
        var streams = Self.streams(parameters)
        var output = HWGOutput()
        #expect(Self.together(&streams, run, into: &output) == RunOutcome(taken: 4, first: 40, stop: .full))
        #expect(streams.nextNumber == 44)
    }

    @Test func `a message that gets no number yet ends the run and is taken`() {
        var parameters = MulticastParameters()
        parameters.windowPackets = 2
        let run = Self.run([(10, .fifo), (100_000, .fifo), (10, .fifo)])
        var streams = Self.streams(parameters)
        var output = HWGOutput()
        #expect(
            Self.together(&streams, run, into: &output)
                == RunOutcome(taken: 1, first: 40, stop: .accepted(number: nil)))
        #expect(streams.nextNumber == 41)
    }
}
