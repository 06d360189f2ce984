import GroupModel
import Testing

@Suite struct ViewTests {
    private let a = MemberID(node: NodeID(raw: 1), incarnation: 1)
    private let b = MemberID(node: NodeID(raw: 2), incarnation: 1)

    @Test func `view IDs grow by epoch, then by coordinator`() {
        let ids = [
            ViewID(epoch: 1, coordinator: a), ViewID(epoch: 1, coordinator: b), ViewID(epoch: 2, coordinator: a),
            ViewID(epoch: .max, coordinator: a),
        ]
        #expect(ids.reversed().sorted() == ids)
        #expect(ids[0].description == "1@0000000000000001.1")
    }

    @Test func `a light-weight epoch is era and count, and an era is above any count before it`() {
        let id = ViewID(era: 3, count: .max, coordinator: a)
        #expect(id.era == 3)
        #expect(id.count == .max)
        #expect(id < ViewID(era: 4, count: 0, coordinator: a))
        #expect(ViewID(era: .max, count: .max, coordinator: a).epoch == .max)
    }

    @Test func `a rank is a place in one view`() {
        let view = View(id: ViewID(epoch: 1, coordinator: b), members: [b, a])
        #expect(view.rank(of: b) == 0)
        #expect(view.rank(of: a) == 1)
        #expect(view.rank(of: MemberID(node: a.node, incarnation: 2)) == nil)
    }

    @Test func `a membership is unchanged only against a previous view`() {
        func change(_ previous: ViewID?, joined: [MemberID], left: [MemberID]) -> Bool {
            ViewChange(
                view: View(id: ViewID(epoch: 2, coordinator: a), members: [a]), previous: previous, joined: joined,
                left: left, transitional: [a], subViews: [], primary: true
            ).unchanged
        }
        let before = ViewID(epoch: 1, coordinator: a)
        #expect(change(before, joined: [], left: []))
        #expect(!change(before, joined: [b], left: []))
        #expect(!change(before, joined: [], left: [b]))
        #expect(!change(nil, joined: [], left: []))
    }
}

@Suite struct TimeTests {
    @Test func `the far future stays where it is`() {
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant(nanoseconds: 5) + .microseconds(2) == Instant(nanoseconds: 2_005))
        #expect(Instant(nanoseconds: 5) - Instant(nanoseconds: 7) == Interval(nanoseconds: -2))
        #expect(Interval.milliseconds(3) * 2 / 3 == .milliseconds(2))
        #expect(Interval.seconds(1) > .milliseconds(999))
    }

    @Test func `a seeded generator is SplitMix64`() {
        // The first values for seed 1234567, of the reference implementation.
        var random = SeededGenerator(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        var other = SeededGenerator(seed: 5)
        for _ in 0..<1_000 { #expect((0..<7).contains(other.below(7))) }
        #expect((0..<1_000).allSatisfy { _ in !other.chance(0) })
        #expect((0..<1_000).allSatisfy { _ in other.chance(1) })
    }
}

@Suite struct IndicationTests {
    private func slice(_ packet: Packet, _ number: UInt64) -> MessageSlice {
        MessageSlice(
            start: UnsafeRawPointer(packet.bytes), length: UInt32(packet.count), label: 0, number: number, sender: 0,
            order: .fifo, isControl: false, isTransitional: false)
    }

    @Test func `deliveries in a row are one event, and a hold between them makes two`() {
        var indications = HWGIndications()
        let packet = Packet([1, 2, 3])
        let view = ViewID(epoch: 1, coordinator: MemberID(node: NodeID(raw: 1), incarnation: 1))
        indications.deliver(slice(packet, 1))
        indications.deliver(slice(packet, 2))
        indications.events.append(.hold(view))
        indications.delivered(count: 0)
        indications.deliver(slice(packet, 3))
        #expect(indications.events == [.messages(count: 2), .hold(view), .messages(count: 1)])
        #expect(indications.batch.slices.map(\.number) == [1, 2, 3])
        #expect(Array(indications.batch.slices[0].bytes) == [1, 2, 3])
        indications.removeAll()
        #expect(indications.isEmpty)
    }

    @Test func `a batch keeps a packet once for a run of its messages`() {
        var batch = MessageBatch()
        let packets = [Packet([1]), Packet([2])]
        batch.keep(packets[0])
        batch.keep(packets[0])
        batch.keep(packets[1])
        #expect(batch.packets.count == 2)
    }

    @Test func `a packet copies what it is made of`() {
        var source: [UInt8] = [7, 8, 9]
        let packet = source.withUnsafeBytes { Packet(copying: $0) }
        source[0] = 0
        #expect(Array(packet.contents) == [7, 8, 9])
        #expect(Packet([]).contents.isEmpty)
        #expect(Packet(capacity: 0).count == 0)
    }

    @Test func `total and safe are the ordered orders, and their numbers are fixed`() {
        #expect(Order.allCases.filter(\.isOrdered) == [.total, .safe])
        #expect(Order.allCases.map(\.rawValue) == [0, 1, 2, 3])
    }
}
