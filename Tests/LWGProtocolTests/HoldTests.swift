import GroupModel
import Testing

@testable import LWGProtocol

@Suite("Holds and silent applications")
struct HoldTests {
    static let slow = ShortName("slow")!

    /// Two nodes; `slow` at node 0, which answers its Holds itself, is in `groups`; "0" at node 0 in "h".
    private func world(_ groups: [String] = ["g"]) -> HandWorld {
        var world = HandWorld(members: 2)
        world.layers[0].explicitHolds(endpoint: Self.slow, true)
        world.join(0, "slow", groups)
        world.join(0, "0", ["h"])
        world.deliverAll()
        world.requests[0] = []
        return world
    }

    private func left(_ world: HandWorld, _ node: Int, _ seat: SeatHandle) -> LeftReason? {
        world.events[node].lazy.compactMap { event -> LeftReason? in
            if case .indication(seat, .left(let reason)) = event { reason } else { nil }
        }.first
    }

    private func kinds(_ requests: [HWGRequest]) -> [String] {
        requests.map {
            switch $0 {
            case .control(_, let bytes): bytes[0] == 1 ? "record" : bytes[0] == 2 ? "flushOK" : "table"
            case .holdOK: "holdOK"
            default: "other"
            }
        }
    }

    @Test("LWG flush: who is silent past the deadline loses its seat, and the group goes on without it")
    func lightweightFlush() {
        var world = world()
        let seat = world.seats(0)[0]
        world.join(1, "0", ["g"])
        world.deliverAll()
        world.pass(.milliseconds(1_950))
        #expect(left(world, 0, seat) == nil && world.layers[0].counters.holdsExpired == 0)
        world.pass(.milliseconds(50))
        #expect(world.layers[0].counters.holdsExpired == 1)
        #expect(world.layers[0].route(seat) == .notMember, "from now on it sends nothing (F1)")
        world.deliverAll()
        #expect(left(world, 0, seat) == .holdExpired)
        #expect(
            world.views(0, seat).map { $0.view.members.count } == [1, 2], "the open flush was for a view with the seat")
        #expect(world.members(1, world.seats(1)[0]) == ["1/0"])
        let due = world.layers.indices.map { world.layers[$0].nextDeadline }
        #expect(due.allSatisfy { $0 == nil })
    }

    @Test("HWG Hold: the leave goes before the HoldOK, and in the cut all compute views without the seat")
    func heavyHold() {
        var world = world()
        let seat = world.seats(0)[0]
        for node in 0...1 { world.hold(node) }
        #expect(world.answers[0] == nil && world.answers[1] != nil)
        world.pass(.seconds(2))
        #expect(kinds(world.requests[0]) == ["record", "holdOK"])
        world.deliverNext(0)
        world.crash(1, holds: false)
        #expect(left(world, 0, seat) == .holdExpired)
        #expect(world.views(0, seat).count == 1)
        #expect(world.controls.isEmpty)
    }

    @Test("HWG Hold: a record in flight does not keep the leave from the cut")
    func recordInFlight() {
        var world = world()
        let seat = world.seats(0)[0]
        world.join(0, "0", ["another"])
        #expect(kinds(world.requests[0]) == ["record"])
        world.hold(0)
        world.leave(0, world.seats(0)[1])
        #expect(kinds(world.requests[0]) == ["record"], "one in flight while the Hold is not answered")
        world.pass(.seconds(2))
        #expect(kinds(world.requests[0]) == ["record", "record", "holdOK"])
        for _ in 0..<2 { world.deliverNext(0) }
        world.crash(1, holds: false)
        #expect(left(world, 0, seat) == .holdExpired)
        #expect(left(world, 0, world.seats(0)[1]) == .requested)
        #expect(world.members(0, world.seats(0)[2]) == ["0/0"], "the join in flight was in the cut, too")
    }

    @Test("HWG Hold: a leave outside the cut is sent again in the next view, in which the seat is silent and not asked")
    func outsideTheCut() {
        var world = HandWorld(members: 3)
        world.layers[0].explicitHolds(endpoint: Self.slow, true)
        world.join(0, "slow", ["g"])
        world.deliverAll()
        world.join(1, "0", ["g"])
        world.deliverAll()
        world.holdOK(0, world.seats(0)[0])
        world.deliverAll()
        let seat = world.seats(0)[0]
        for node in 0...1 { world.hold(node) }
        world.pass(.seconds(2))
        #expect(world.answers[0] == true)
        // Its record is not delivered before the view.
        world.crash(2, holds: false)
        #expect(world.members(1, world.seats(1)[0]) == ["0/slow", "1/0"])
        #expect(world.views(0, seat).last?.view.id.era == 8)
        #expect(world.layers[0].route(seat) == .notMember)
        let holds = world.events[0].count { if case .indication(seat, .hold) = $0 { true } else { false } }
        world.deliverAll()
        #expect(world.members(1, world.seats(1)[0]) == ["1/0"])
        #expect(left(world, 0, seat) == .holdExpired)
        #expect(world.layers[0].counters.holdsExpired == 1, "it is put out once")
        #expect(
            world.events[0].filter { if case .indication(seat, .hold) = $0 { true } else { false } }.count == holds + 1
                && world.events[0].contains(
                    .holdAnswered(seat, world.views(0, seat).last?.view.id ?? world.view.id)),
            "the Hold of the flush that its leave opened is answered for it")
    }

    @Test(
        "Between the Hold and its answer an application may still send in the view, in a flush of the LWG and of the HWG"
    )
    func lastWords() {
        var world = world()
        let seat = world.seats(0)[0]
        let automatic = world.seats(0)[1]
        world.hold(0)
        guard case .send = world.layers[0].route(seat) else { Issue.record("held before it answered"); return }
        #expect(world.layers[0].route(automatic) == .held)
        world.holdOK(0, seat)
        #expect(world.layers[0].route(seat) == .held && world.answers[0] == true)
    }

    @Test("Several silent seats go in one record; who answers in time keeps its seat")
    func several() {
        var world = world(["g", "k", "l"])
        let seats = Array(world.seats(0)[0..<3])
        for node in 0...1 { world.hold(node) }
        world.pass(.seconds(1))
        world.holdOK(0, seats[1])
        world.pass(.seconds(1))
        #expect(kinds(world.requests[0]) == ["record", "holdOK"])
        world.deliverNext(0)
        world.crash(1, holds: false)
        #expect(seats.map { left(world, 0, $0) } == [.holdExpired, nil, .holdExpired])
        #expect(world.layers[0].nextDeadline == nil)
    }

    @Test("An answer in the instant of the deadline counts when it comes first, and is ignored when it comes second")
    func sameInstant() {
        var first = world()
        first.hold(0)
        first.pass(.milliseconds(1_999))
        first.now = first.now + .milliseconds(1)
        var second = first
        first.holdOK(0, first.seats(0)[0])
        first.look(0)
        #expect(first.layers[0].counters.holdsExpired == 0 && first.answers[0] == true)
        second.look(0)
        second.holdOK(0, second.seats(0)[0])
        #expect(second.layers[0].counters.holdsExpired == 1)
        #expect(kinds(second.requests[0]) == ["record", "holdOK"])
    }

    @Test("A pause of the node is not the application's time: on waking it has at least an eighth of the deadline")
    func pause() {
        var world = world()
        let seat = world.seats(0)[0]
        world.hold(0)
        world.pass(.milliseconds(1_900))
        world.now = world.now + .seconds(30)
        world.look(0)
        #expect(world.layers[0].counters.holdsExpired == 0)
        world.pass(.milliseconds(200))
        #expect(world.layers[0].counters.holdsExpired == 0)
        var silent = world
        world.holdOK(0, seat)
        #expect(world.answers[0] == true)
        silent.pass(.milliseconds(50))
        #expect(silent.layers[0].counters.holdsExpired == 1)
    }

    @Test("While tables are awaited the deadline runs; the HWG is answered, and the leave follows the tables")
    func merging() {
        var world = world()
        let seat = world.seats(0)[0]
        let all = world.members
        let old = world.view
        for node in 0...1 { world.hold(node) }
        // A view that comes without this node's HoldOK, of two sides.
        world.view = View(id: ViewID(epoch: 9, coordinator: all[0]), members: all)
        world.controls = []
        world.delivered = [0, 0]
        let sides = [
            SubView(previous: old.id, members: [all[0]], hasState: true),
            SubView(previous: ViewID(epoch: 8, coordinator: all[1]), members: [all[1]], hasState: true),
        ]
        for node in 0...1 {
            world.show(
                node, world.view, previous: node == 0 ? old.id : sides[1].previous, together: [all[node]], sides: sides)
        }
        #expect(world.views(0, seat).count == 1)
        #expect(world.layers[0].route(seat) == .held, "the view that it was held in is over")
        world.requests[0] = []
        world.pass(.seconds(2))
        #expect(world.layers[0].counters.holdsExpired == 1)
        #expect(world.requests[0].isEmpty, "records wait for the tables")
        world.deliverAll()
        #expect(world.views(0, seat).count == 2, "the table had it")
        #expect(left(world, 0, seat) == .holdExpired)
        #expect(kinds(world.requests[0]).first == "record")
    }

    @Test("A side's view while tables are awaited raises a Hold in which nothing can be sent")
    func sideView() {
        var world = world()
        let seat = world.seats(0)[0]
        world.join(1, "0", ["g"])
        world.deliverAll()
        world.holdOK(0, seat)
        world.deliverAll()
        let all = world.members
        let old = world.view
        world.hold(0)
        world.holdOK(0, seat)
        // Node 1 is lost, and another side comes.
        let stranger = MemberID(node: NodeID(name: "stranger"), incarnation: 1)
        let next = View(id: ViewID(epoch: 9, coordinator: all[0]), members: [all[0], stranger])
        let sides = [
            SubView(previous: old.id, members: [all[0]], hasState: true),
            SubView(previous: ViewID(epoch: 8, coordinator: stranger), members: [stranger], hasState: true),
        ]
        world.show(0, next, previous: old.id, together: [all[0]], sides: sides)
        #expect(world.members(0, seat) == ["0/slow"])
        #expect(world.events[0].suffix(2).contains { if case .indication(seat, .hold) = $0 { true } else { false } })
        #expect(world.layers[0].route(seat) == .held)
        #expect(world.layers[0].nextDeadline != nil)
    }

    @Test("A message without a number is withdrawn before the leave is sent")
    func unnumbered() {
        var world = world()
        let seat = world.seats(0)[0]
        world.layers[0].unnumbered(seat)
        world.hold(0)
        world.pass(.seconds(2))
        #expect(world.relabels == [Relabel(hwg: world.hwg, view: world.view.id, seat: seat, label: nil)])
        #expect(kinds(world.requests[0]) == ["record", "holdOK"])
        #expect(
            world.events[0].contains(.holdAnswered(seat, world.views(0, seat)[0].view.id)), "the promise is complete")
    }

    @Test("A flush of a seat that is put out is not answered: its message may never have been sent (S2)")
    func flushOfWhoIsPutOut() {
        var world = world()
        let seat = world.seats(0)[0]
        var out = LWGOutput()
        world.layers[0].unnumbered(seat)
        world.layers[0].flush(seat, token: 7, into: &out)
        guard case .flush(_, let token)? = out.requests.first else { Issue.record("no request"); return }
        world.join(1, "0", ["g"])
        world.deliverAll()
        var answered = world
        var indications = HWGIndications()
        indications.events.append(.flushed(token: token))
        answered.handle(0, indications)
        #expect(answered.events[0].last == .indication(seat, .flushed(token: 7)))
        world.pass(.seconds(2))
        #expect(world.relabels.map(\.label) == [nil], "the message is withdrawn")
        world.handle(0, indications)
        #expect(world.events[0].last != .indication(seat, .flushed(token: 7)))
        world.deliverAll()
        #expect(left(world, 0, seat) == .holdExpired)
    }
}
