import GroupModel
import Testing

@testable import LWGProtocol

@Suite("LWG flush")
struct FlushTests {
    private func holds(_ world: HandWorld, _ node: Int, _ seat: SeatHandle) -> Int {
        world.events[node].filter { if case .indication(seat, .hold) = $0 { true } else { false } }.count
    }

    @Test("An LWG without members installs at the join record, and its first member needs no flushOK")
    func firstJoin() {
        var world = HandWorld(members: 3)
        world.join(0, "0", ["g"])
        #expect(world.controls.count == 1)
        world.deliverNext(0)
        #expect(world.members(0, world.seats(0)[0]) == ["0/0"])
        #expect(world.controls.count == 1)
    }

    @Test("Thousands of joins are one record and one flush, and members answer with one flushOK")
    func batch() {
        var world = HandWorld(members: 2)
        let names = (0..<3_000).map { "g\($0)" }
        world.join(0, "0", names)
        world.deliverAll()
        world.join(1, "0", names)
        world.deliverAll()
        #expect(world.controls.count == 3)
        #expect(world.controls[2].bytes.count < 200, "consecutive numbers are a run")
        #expect(world.seats(1).allSatisfy { world.members(1, $0) == ["0/0", "1/0"] })
    }

    @Test("A record ordered while a flush is open waits for the next: two views, two IDs")
    func secondRecordWaits() {
        var world = HandWorld(members: 3)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.join(1, "0", ["g"])
        world.join(2, "0", ["g"])
        world.deliverNext(0)
        world.deliverNext(0)
        world.deliverAll()
        let seat = world.seats(0)[0]
        let views = world.views(0, seat)
        #expect(views.map { $0.view.members.count } == [1, 2, 3])
        #expect(views.map(\.view.id.count) == [1, 2, 3])
        #expect(views.allSatisfy { $0.view.id.era == 7 })
        #expect(world.views(1, world.seats(1)[0]).map(\.view) == Array(views.map(\.view)[1...]))
        #expect(world.views(2, world.seats(2)[0]).map(\.view) == Array(views.map(\.view)[2...]))
    }

    @Test("A leave counts as that member's flushOK, in the flush that it opens and in the open one")
    func leaveCounts() {
        var world = HandWorld(members: 3)
        for node in 0..<3 { world.join(node, "0", ["g"]); world.deliverAll() }
        let sent = world.controls.count
        world.leave(2, world.seats(2)[0])
        world.deliverAll()
        #expect(world.controls.count == sent + 3, "the leave and two flushOKs")
        #expect(world.events[2].last == .indication(world.seats(2)[0], .left(.requested)))
        #expect(world.members(0, world.seats(0)[0]) == ["0/0", "1/0"])

        // Node 1 leaves without ever answering the flush that node 2's new join opens.
        world.join(2, "a", ["g"])
        world.leave(1, world.seats(1)[0])
        world.deliverNext(0)
        world.deliverNext(0)
        #expect(world.layers[0].counters.flushes == 4)
        world.controls.removeAll { $0.sender == 1 && $0.bytes[0] == 2 }
        world.delivered[0] = 0
        let joined = world.controls.suffix(3)
        #expect(joined.contains { $0.sender == 0 && $0.bytes[0] == 2 })
        for control in joined where control.bytes[0] == 2 {
            world.deliver(0, control.bytes, sender: control.sender, label: 0, isControl: true)
        }
        #expect(
            world.views(0, world.seats(0)[0]).last?.view.members.count == 3,
            "node 1 is in the next view, and leaves with the one after")
    }

    @Test("A flush holds only its own LWG (F3), and a slow endpoint delays no other LWG's flushOK")
    func onlyItsOwn() {
        var world = HandWorld(members: 2)
        world.layers[0].explicitHolds(endpoint: ShortName("slow")!, true)
        world.join(0, "slow", ["g"])
        world.join(0, "0", ["h", "other"])
        world.deliverAll()
        let slow = world.seats(0)[0]
        let h = world.seats(0)[1]
        let other = world.seats(0)[2]
        world.join(1, "0", ["g", "h"])
        world.deliverAll()
        #expect(holds(world, 0, slow) == 1)
        #expect(holds(world, 0, other) == 0)
        #expect(world.members(0, h) == ["0/0", "1/0"], "h goes on while g waits")
        #expect(world.members(0, slow) == ["0/slow"])
        if case .send = world.layers[0].route(slow) {} else { Issue.record("slow may send until it answers") }
        if case .send = world.layers[0].route(other) {} else { Issue.record("other is held") }
        world.holdOK(0, slow)
        #expect(world.layers[0].route(slow) == .held)
        world.deliverAll()
        #expect(world.members(0, slow) == ["0/slow", "1/0"])
        if case .send = world.layers[0].route(slow) {} else { Issue.record("slow is held") }
    }

    @Test("A Hold already raised is not raised again by the HWG, which is answered when all have answered")
    func heavyHold() {
        var world = HandWorld(members: 2)
        world.layers[0].explicitHolds(endpoint: ShortName("slow")!, true)
        world.join(0, "slow", ["g"])
        world.join(0, "0", ["h"])
        world.deliverAll()
        world.join(1, "0", ["g"])
        world.deliverAll()
        let slow = world.seats(0)[0]
        world.hold(0)
        #expect(holds(world, 0, slow) == 1)
        #expect(holds(world, 0, world.seats(0)[1]) == 1)
        #expect(world.answers[0] == nil)
        #expect(world.layers[0].route(world.seats(0)[1]) == .held)
        world.holdOK(0, slow)
        #expect(world.answers[0] == true)
    }

    @Test("The HWG's Hold costs automatic seats nothing when holds are not reported")
    func silentHold() {
        var world = HandWorld(members: 2, reportsHolds: false)
        world.join(0, "0", ["g"])
        world.deliverAll()
        let before = world.events[0].count
        world.hold(0)
        #expect(world.events[0].count == before)
        #expect(world.answers[0] == true)
        #expect(world.layers[0].route(world.seats(0)[0]) == .held)
    }

    @Test("A seat put out for its silence counts as answered, and its leave goes before the HoldOK")
    func evicted() {
        var world = HandWorld(members: 2)
        world.layers[0].explicitHolds(endpoint: ShortName("slow")!, true)
        world.join(0, "slow", ["g"])
        world.deliverAll()
        world.hold(0)
        world.requests[0] = []
        world.leave(0, world.seats(0)[0], reason: .holdExpired)
        #expect(world.requests[0].count == 2)
        if case .control = world.requests[0][0], case .holdOK = world.requests[0][1] {} else { Issue.record("order") }
        world.deliverAll()
        #expect(world.views(0, world.seats(0)[0]).count == 1, "an LWG without members has no view")
        #expect(world.events[0].last == .indication(world.seats(0)[0], .left(.holdExpired)))
    }

    @Test("flushOK and leave wait for a message without a number; an HWG view gives it a new label")
    func unnumbered() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g"])
        world.deliverAll()
        let seat = world.seats(0)[0]
        guard case .send(_, _, let label) = world.layers[0].route(seat) else { Issue.record("held"); return }
        world.layers[0].unnumbered(seat)
        world.join(1, "0", ["g"])
        world.deliverAll()
        #expect(world.members(0, seat) == ["0/0"], "no flushOK overtakes the message")
        var indications = HWGIndications()
        indications.events.append(.sent(label: label, number: 5, order: .fifo))
        world.handle(0, indications)
        world.deliverAll()
        #expect(world.members(0, seat) == ["0/0", "1/0"])

        world.layers[0].unnumbered(seat)
        world.leave(0, seat)
        let sent = world.controls.count
        world.crash(1)
        #expect(world.relabels.map(\.label).last == Label(number: 0, count: 0, endpoint: 0).raw)
        #expect(world.layers[0].route(seat) == .notMember)
        indications.events = [.sent(label: Label(number: 0, count: 0, endpoint: 0).raw, number: 6, order: .fifo)]
        world.handle(0, indications)
        #expect(sent > 0 && world.controls.count == 1, "now the leave is sent")
    }

    @Test("Two names with one id: the second is refused at the delivery of its record, at its sender only")
    func collision() {
        var world = HandWorld(members: 2, hash: { LWGID(raw: UInt64($0.utf8.count)) })
        world.join(0, "0", ["aa"])
        world.join(1, "0", ["bb"])
        world.deliverAll()
        #expect(world.members(0, world.seats(0)[0]) == ["0/0"])
        let seat = world.seats(1)[0]
        #expect(
            world.events[1].suffix(2) == [
                .refused(endpoint: ShortName("0")!, group: "bb", .nameCollision(with: "aa")),
                .indication(seat, .left(.nameCollision(with: "aa"))),
            ])
        #expect(world.layers[1].route(seat) == .notMember)
        world.join(0, "a", ["cc"])
        #expect(
            world.events[0].last == .refused(endpoint: ShortName("a")!, group: "cc", .nameCollision(with: "aa")))
    }

    @Test("What cannot be is refused: names, the same seat twice, a join before left")
    func refusals() {
        var world = HandWorld(members: 1)
        world.join(0, "0", ["", String(repeating: "x", count: 256), "g", "g"])
        let refused = world.events[0].compactMap { if case .refused(_, _, let why) = $0 { why } else { nil } }
        #expect(refused == [.badName, .badName, .alreadyJoined])
        world.deliverAll()
        let seat = world.seats(0)[0]
        world.leave(0, seat)
        world.join(0, "0", ["g"])
        #expect(world.events[0].last == .refused(endpoint: ShortName("0")!, group: "g", .alreadyJoined))
        world.deliverAll()
        world.join(0, "0", ["g"])
        world.deliverAll()
        #expect(world.seats(0).count == 2 && world.seats(0)[1] != seat, "a handle rests before it is used again")
    }

    @Test("Leaving the HWG is leaving its LWGs (L2)")
    func stop() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g", "h"])
        world.deliverAll()
        var out = LWGOutput()
        world.layers[0].leaveAll(into: &out)
        #expect(out.requests == [.leave(world.hwg)])
        var indications = HWGIndications()
        indications.events.append(.left(.requested))
        world.handle(0, indications)
        #expect(world.events[0].suffix(2) == world.seats(0).map { .indication($0, .left(.stopped)) })
    }
}
