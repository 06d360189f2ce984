import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

/// The small machines, one fact in, exact effects out.
@Suite struct MulticastMachineTests {
    private let delay = Interval.microseconds(500)

    @Test
    func `a gap is asked for after the reorder delay, again with back-off, and at once when an answer was complete`() {
        var gap = GapRepair()
        gap.exists(5, contiguous: 4, at: .zero, delay: delay)
        #expect(gap.askAt == Instant.zero + delay)
        gap.advanced(to: 5, at: .zero)
        #expect(gap.askAt == .distantFuture)
        gap.exists(40, contiguous: 5, at: .zero, delay: delay)
        gap.asked(through: 21, at: .zero, interval: .milliseconds(1))
        #expect(gap.askAt == Instant.zero + .milliseconds(1))
        gap.asked(through: 21, at: .zero, interval: .milliseconds(1))
        #expect(gap.askAt == Instant.zero + .milliseconds(2))
        for _ in 0..<10 { gap.asked(through: 21, at: .zero, interval: .milliseconds(1)) }
        #expect(gap.askAt == Instant.zero + .milliseconds(32))
        gap.advanced(to: 20, at: .zero + .milliseconds(3))
        #expect(gap.askAt == Instant.zero + .milliseconds(32))
        gap.advanced(to: 21, at: .zero + .milliseconds(3))
        #expect(gap.askAt == Instant.zero + .milliseconds(3))
    }

    @Test func `the word of a third member waits longer, and gives way to the origin's`() {
        var gap = GapRepair()
        gap.exists(5, contiguous: 4, at: .zero, delay: .milliseconds(12))
        #expect(gap.askAt == Instant.zero + .milliseconds(12))
        gap.exists(5, contiguous: 4, at: .zero, delay: delay)
        #expect(gap.askAt == Instant.zero + delay)
        gap.exists(6, contiguous: 4, at: .zero, delay: .milliseconds(12))
        #expect(gap.askAt == Instant.zero + delay)
    }

    @Test func `what was refused for want of place is asked for when it is heard of again`() {
        var gap = GapRepair()
        gap.exists(5, contiguous: 4, at: .zero, delay: delay)
        gap.stop()
        gap.exists(5, contiguous: 4, at: .zero, delay: delay)
        #expect(gap.askAt == Instant.zero + delay)
    }

    @Test func `stable is the minimum over all members and never falls`() {
        var matrix = AcknowledgementMatrix(members: 3)
        #expect(matrix.raise(1, member: 0, to: 5) == false)
        #expect(matrix.raise(1, member: 1, to: 7) == false)
        #expect(matrix.raise(1, member: 2, to: 6) == true)
        #expect(matrix.stable == [0, 5, 0])
        #expect(matrix.raise(1, member: 0, to: 3) == false)
        #expect(matrix.stable == [0, 5, 0])
        #expect(matrix.minimum(of: 1, without: [true, false, false]) == 6)
    }

    @Test func `a ring grows without losing what it holds`() {
        var ring = PacketRing(capacity: 4)
        for number in 7...10 as ClosedRange<UInt64> {
            ring.store(Packet([UInt8(number)]), number: number, contents: PacketContents(kinds: [], messages: 1))
        }
        ring.grow(toHold: 9)
        #expect(ring.capacity == 16)
        for number in 7...10 as ClosedRange<UInt64> { #expect(ring.packet(number)?.contents[0] == UInt8(number)) }
        #expect(!ring.holds(11) && !ring.holds(23) && ring.packet(3) == nil)
        ring.remove(23)
        #expect(ring.holds(7))
        ring.remove(7)
        #expect(!ring.holds(7))
    }

    @Test func `a sender hears after so many of its packets, everybody after a delay, and at once of a safe message`() {
        var schedule = AcknowledgeSchedule(members: 3)
        schedule.received(1, count: 15, every: 16, delay: delay, isUrgent: false, at: .zero)
        #expect(!schedule.isDue(at: .zero))
        #expect(schedule.deadline == Instant.zero + delay)
        schedule.received(1, count: 16, every: 16, delay: delay, isUrgent: false, at: .zero)
        #expect(schedule.take(at: .zero, except: 0) == [1])
        schedule.wasTold(1, count: 16)
        #expect(!schedule.isDue(at: .zero))
        #expect(schedule.take(at: .zero + delay, except: 0) == [1, 2])
        #expect(schedule.deadline == .distantFuture)
        schedule.received(1, count: 17, every: 16, delay: delay, isUrgent: true, at: .zero)
        #expect(schedule.take(at: .zero, except: 2) == [0, 1])
    }

    @Test func `a probe backs off until there is progress and stops when nothing is awaited`() {
        var probe = StabilityProbe()
        let interval = Interval.milliseconds(1)
        probe.update(waits: true, progressed: false, interval: interval, at: .zero)
        #expect(probe.deadline == Instant.zero + interval)
        probe.sent(interval: interval, at: .zero)
        #expect(probe.deadline == Instant.zero + interval * 2)
        for _ in 0..<9 { probe.sent(interval: interval, at: .zero) }
        #expect(probe.deadline == Instant.zero + interval * 32)
        probe.update(waits: true, progressed: true, interval: interval, at: .zero)
        #expect(probe.deadline == Instant.zero + interval)
        probe.update(waits: false, progressed: true, interval: interval, at: .zero)
        #expect(probe.deadline == .distantFuture)
    }

    @Test func `pending orders keep one entry per sender, in the order in which they came`() {
        var pending = PendingOrders(members: 4)
        pending.add(2, through: 1)
        pending.add(1, through: 9)
        pending.add(2, through: 3)
        #expect(pending.take(1) == [.init(rank: 2, through: 3)])
        pending.add(2, through: 4)
        #expect(pending.take(9) == [.init(rank: 1, through: 9), .init(rank: 2, through: 4)])
        #expect(pending.isEmpty)
    }

    @Test func `orders that run ahead of the ring wait, without being lost`() {
        var order = TotalOrder(members: 3)
        var writer = ByteWriter()
        for _ in 0..<48 { writer.u8(0) }
        writer.u32(ItemWord.record | 8)
        writer.u32(0)
        writer.u64(OrderRecord.word(.init(rank: 1, through: 50)))
        let packet = Packet(writer.bytes)
        let early = order.scan(packet, kinds: [.records], number: 1) { _ in 49 }
        #expect(!early && order.scanned == 0 && order.head == nil)
        let later = order.scan(packet, kinds: [.records], number: 1) { _ in 50 }
        #expect(later && order.scanned == 1)
        #expect(order.head == .init(rank: 1, through: 50, source: 1))
        // A record that says nothing new is skipped, by everybody alike.
        _ = order.scan(packet, kinds: [.records, .ordered], number: 2) { _ in 50 }
        order.pop()
        #expect(order.head == .init(rank: 0, through: 2, source: 2))
        #expect(order.usedThrough == 1)
    }

    @Test func `an open packet is not shared by a copy of the streams`() {
        var first = MulticastNetwork(members: 1, seed: 1).streams[0]
        var output = HWGOutput()
        func send(_ streams: inout ViewStreams, _ byte: UInt8) {
            [byte].withUnsafeBytes {
                _ = streams.multicast(label: 0, order: .fifo, bytes: $0, at: .zero, into: &output)
            }
        }
        func deliver(_ streams: inout ViewStreams) -> [UInt8] {
            streams.turnEnded(at: .zero, into: &output)
            defer { output.removeAll() }
            return output.indications.batch.slices.map { $0.bytes[0] }
        }
        send(&first, 1)
        var second = first
        send(&first, 2)
        send(&second, 3)
        #expect(deliver(&first) == [1, 2])
        #expect(deliver(&second) == [1, 3])
    }

    @Test func `full packets of unequal messages are padded to equal size, equal ones are not`() {
        func sizes(_ lengths: [Int]) -> [Int] {
            var streams = MulticastNetwork(members: 2, seed: 1).streams[0]
            var output = HWGOutput()
            for length in lengths {
                [UInt8](repeating: 7, count: length).withUnsafeBytes {
                    _ = streams.multicast(label: 0, order: .fifo, bytes: $0, at: .zero, into: &output)
                }
            }
            streams.turnEnded(at: .zero, into: &output)
            return output.transmissions.map(\.packet.count)
        }
        #expect(sizes([8_192, 8_192, 8_192, 8_192]) == [9_344, 8_248, 8_248, 8_248])
        #expect(sizes([8_000, 8_192, 8_100, 100]) == [9_344, 9_344, 8_264])
    }
}
