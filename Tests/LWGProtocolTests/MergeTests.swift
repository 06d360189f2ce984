import GroupModel
import Testing

@testable import LWGProtocol

@Suite("HWG views and merges of tables")
struct MergeTests {
    /// Two sides, {0, 1} and {2}, each with members of "g"; the HWG view that brings them together is shown to all.
    private func merged(limits: LWGLimits = LWGLimits()) -> (world: HandWorld, old: [View<MemberID>]) {
        var world = HandWorld(members: 3, limits: limits, starts: false)
        let all = world.members
        let left = View(id: ViewID(epoch: 3, coordinator: all[0]), members: [all[0], all[1]])
        let right = View(id: ViewID(epoch: 5, coordinator: all[2]), members: [all[2]])
        world.view = left
        for node in 0...1 {
            world.join(node, "0", ["g"])
            world.show(node, left, previous: nil, together: [all[node]], sides: [])
        }
        world.deliverAll(except: [2])
        world.controls.removeAll()
        world.delivered = [0, 0, 0]
        world.view = right
        world.join(2, "0", ["g"])
        world.show(2, right, previous: nil, together: [all[2]], sides: [])
        world.deliverNext(2)
        for node in 0...2 {
            world.view = node < 2 ? left : right
            world.hold(node)
        }
        world.controls.removeAll()
        world.delivered = [0, 0, 0]
        world.view = View(id: ViewID(epoch: 6, coordinator: all[2]), members: [all[2], all[0], all[1]])
        let sides = [
            SubView(previous: right.id, members: right.members, hasState: true),
            SubView(previous: left.id, members: left.members, hasState: true),
        ]
        for node in 0...2 {
            let old = node < 2 ? left : right
            world.show(node, world.view, previous: old.id, together: old.members, sides: sides)
        }
        return (world, [left, right])
    }

    @Test("A message is withdrawn when its seat is put out in the turn that gives it a label (D1; found by seed 63624)")
    func putOutWhenSettled() {
        var limits = LWGLimits()
        limits.earlyMessages = 1
        var (world, _) = merged(limits: limits)
        let seat = world.seats(0)[0]
        world.layers[0].unnumbered(seat)
        let label = Label(number: 0, count: Carrier.mergedCount, endpoint: 0).raw
        for _ in 0..<2 { world.deliver(0, [1], sender: 0, label: label) }
        world.deliverAll()
        #expect(world.events[0].contains(.indication(seat, .left(.slow))))
        #expect(world.relabels == [Relabel(hwg: world.hwg, view: world.view.id, seat: seat, label: nil)])
    }

    @Test("A crash is one HWG flush and no message: each survivor computes all views alone (F4)")
    func crash() {
        var world = HandWorld(members: 3)
        for node in 0..<3 { world.join(node, "0", (0..<50).map { "g\($0)" }); world.deliverAll() }
        world.join(0, "a", ["g0", "g1"])
        world.leave(1, world.seats(1)[2])
        world.deliverNext(0)
        world.deliverNext(1)
        world.deliverNext(0)
        world.deliverNext(1)
        world.crash(2)
        #expect(world.controls.isEmpty)
        #expect(world.answers[0] == true)
        for (index, seat) in world.seats(0).enumerated() {
            let change = world.views(0, seat).last
            #expect(change?.view.id.era == 8 && change?.view.id.count == 0)
            let group = index < 50 ? index : index - 50
            #expect(
                world.members(0, seat) == (group < 2 ? ["0/0", "1/0", "0/a"] : group == 2 ? ["0/0"] : ["0/0", "1/0"]))
        }
        #expect(world.events[1].contains(.indication(world.seats(1)[2], .left(.requested))))
        let unchanged = world.views(0, world.seats(0)[0]).last
        #expect(unchanged?.transitional.map(\.name.description) == ["0", "0"])
    }

    @Test("An HWG view that changes nobody gives every LWG a view, marked unchanged")
    func unchanged() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.crash(1)
        #expect(world.views(0, world.seats(0)[0]).last?.unchanged == true)
    }

    @Test(
        "Each side's lowest rank sends its table; LWGs are held until both are delivered, then one view with sub-views")
    func twoSides() {
        var (world, _) = merged()
        #expect(world.controls.map(\.sender).sorted() == [0, 2])
        #expect((0..<3).allSatisfy { world.layers[$0].route(world.seats($0)[0]) == .held })
        world.deliverNext(0)
        #expect(world.layers[0].route(world.seats(0)[0]) == .held)
        world.deliverAll()
        for node in 0..<3 {
            let seat = world.seats(node)[0]
            #expect(world.members(node, seat) == ["2/0", "0/0", "1/0"], "sides by lowest rank")
            let change = world.views(node, seat).last
            #expect(change?.subViews.map { $0.members.count } == [1, 2])
            #expect(change?.transitional.count == (node == 2 ? 1 : 2))
            #expect(change?.view.id.era == 6 && change?.view.id.count == UInt32(Limits.viewMembers))
        }
    }

    @Test("A side that lost a member has a view of its own before the merged one, with an ID that is its own (M5, M4)")
    func sideView() {
        var world = HandWorld(members: 3, starts: false)
        let all = world.members
        let left = View(id: ViewID(epoch: 3, coordinator: all[0]), members: [all[0], all[1]])
        let right = View(id: ViewID(epoch: 5, coordinator: all[2]), members: [all[2]])
        world.view = left
        for node in 0...1 {
            world.join(node, "0", ["g", "h"])
            world.show(node, left, previous: nil, together: [all[node]], sides: [])
        }
        world.deliverAll(except: [2])
        world.leave(1, world.seats(1)[1])
        world.deliverAll(except: [2])
        world.hold(0)
        world.view = right
        world.join(2, "0", ["g"])
        world.show(2, right, previous: nil, together: [all[2]], sides: [])
        world.controls = world.controls.filter { $0.sender == 2 }
        world.delivered = [0, 0, 0]
        world.deliverNext(2)
        world.hold(2)
        world.controls.removeAll()
        world.delivered = [0, 0, 0]
        let before = world.views(0, world.seats(0)[0]).count
        let untouched = world.views(0, world.seats(0)[1]).count
        world.view = View(id: ViewID(epoch: 6, coordinator: all[2]), members: [all[2], all[0]])
        let sides = [
            SubView(previous: right.id, members: [all[2]], hasState: true),
            SubView(previous: left.id, members: [all[0]], hasState: true),
        ]
        world.show(2, world.view, previous: right.id, together: [all[2]], sides: sides)
        world.show(0, world.view, previous: left.id, together: [all[0]], sides: sides)
        let seat = world.seats(0)[0]
        #expect(world.members(0, seat) == ["0/0"])
        #expect(world.views(0, seat).count == before + 1)
        #expect(world.views(0, world.seats(0)[1]).count == untouched, "\"h\" had lost its member before")
        #expect(world.views(0, seat).last?.primary == false)
        #expect(world.layers[0].route(seat) == .held)
        let side = world.layers[0].view(of: seat)?.id
        world.deliverAll(except: [1])
        #expect(world.members(0, seat) == ["2/0", "0/0"])
        let merged = world.views(0, seat).last
        #expect(merged?.previous == side && merged?.subViews.map(\.previous).contains(side) == true)
        #expect(merged.map { change in side.map { $0 < change.view.id } ?? false } == true)
        #expect(world.views(2, world.seats(2)[0]).last?.subViews == merged?.subViews)
    }

    @Test("Who comes from a primary view to an HWG view that is not primary has a view of its own first (M7)")
    func fromPrimaryToOther() {
        for primary in [true, false] {
            var world = HandWorld(members: 2, starts: false)
            let all = world.members
            let alone = View(id: ViewID(epoch: 3, coordinator: all[0]), members: [all[0]])
            world.view = alone
            world.join(0, "0", ["g"])
            world.show(0, alone, previous: nil, together: [all[0]], sides: [])
            world.deliverNext(0)
            world.hold(0)
            let seat = world.seats(0)[0]
            let before = world.views(0, seat).count
            world.view = View(id: ViewID(epoch: 4, coordinator: all[0]), members: all)
            let other = ViewID(epoch: 2, coordinator: all[1])
            world.show(
                0, world.view, previous: alone.id, together: [all[0]],
                sides: [
                    SubView(previous: alone.id, members: [all[0]], hasState: true),
                    SubView(previous: other, members: [all[1]], hasState: true),
                ], primary: primary)
            #expect(world.views(0, seat).count == before + (primary ? 0 : 1))
            #expect(world.views(0, seat).last?.primary == primary)
            #expect(world.members(0, seat) == ["0/0"])
        }
    }

    @Test("A table for another HWG view is void, and one that speaks for nodes of another side is refused: no ghosts")
    func ghosts() {
        var (world, _) = merged()
        let void = ControlMessage.table(TablePart(isLast: true, covers: [0], entries: []))
        world.deliver(
            0, void.encoded(for: ViewID(epoch: 5, coordinator: world.members[2])), sender: 2, label: 0, isControl: true)
        #expect(world.layers[0].counters.void == 1)
        let foreign = ControlMessage.table(TablePart(isLast: true, covers: [0, 1], entries: []))
        world.deliver(0, foreign.encoded(for: world.view.id), sender: 1, label: 0, isControl: true)
        #expect(world.layers[0].counters.malformed == 1)
        let ghost = SideEntry.Member(
            endpoint: EndpointID(member: world.members[1], name: ShortName("x")!), rank: 2, origin: nil)
        let entry = SideEntry(id: LWGID(name: "g"), name: "g", origins: [], members: [ghost])
        let lying = ControlMessage.table(TablePart(isLast: true, covers: [0], entries: [entry]))
        world.deliver(0, lying.encoded(for: world.view.id), sender: 2, label: 0, isControl: true)
        #expect(world.layers[0].counters.malformed == 2)
        world.deliverAll()
        #expect(world.members(0, world.seats(0)[0]) == ["2/0", "0/0", "1/0"])
    }

    @Test("If a view change comes before the tables, the sides whose tables were delivered count as one")
    func collapsed() {
        var (world, _) = merged()
        let all = world.members
        // Only the table of side {2} is delivered; then node 1 goes.
        let table = world.controls.first { $0.sender == 2 }!
        for node in [0, 2] { world.deliver(node, table.bytes, sender: 2, label: 0, isControl: true) }
        for node in [0, 2] { world.hold(node) }
        #expect(world.answers[0] == true && world.answers[2] == true)
        let old = world.view
        world.view = View(id: ViewID(epoch: 7, coordinator: all[2]), members: [all[2], all[0]])
        world.controls.removeAll()
        world.delivered = [0, 0, 0]
        let side = SubView(previous: old.id, members: world.view.members, hasState: true)
        for node in [0, 2] {
            world.show(node, world.view, previous: old.id, together: world.view.members, sides: [side])
        }
        #expect(world.controls.map(\.sender).sorted() == [0, 2], "two sides inside one sub-view")
        world.deliverAll(except: [1])
        #expect(world.members(0, world.seats(0)[0]) == ["2/0", "0/0"])
        #expect(world.members(2, world.seats(2)[0]) == ["2/0", "0/0"])
        let seat = world.seats(0)[0]
        #expect(world.views(0, seat).map(\.view.members.count).suffix(3) == [2, 1, 2], "node 1 is lost first")
        #expect(world.views(0, seat).last?.previous == world.views(0, seat).dropLast().last?.view.id)
    }

    @Test(
        "A joiner without state sends no table and gets the other side's; with a record in flight it says that it has state"
    )
    func joiner() {
        var world = HandWorld(members: 2, starts: false)
        let all = world.members
        let first = View(id: ViewID(epoch: 3, coordinator: all[0]), members: [all[0]])
        world.view = first
        world.join(0, "0", ["g"])
        world.show(0, first, previous: nil, together: [all[0]], sides: [])
        world.deliverNext(0)
        world.hold(0)
        world.join(1, "0", ["g"])
        let second = View(id: ViewID(epoch: 1, coordinator: all[1]), members: [all[1]])
        world.view = second
        world.show(1, second, previous: nil, together: [all[1]], sides: [])
        world.hold(1)
        #expect(world.answers[0] == true)
        #expect(world.answers[1] == true, "its join may be delivered in the cut")

        // Its record had no number before the HoldOK: void, although the HWG delivers it in the next view.
        let void = world.controls[1]
        world.controls.removeAll()
        world.delivered = [0, 0]
        world.view = View(id: ViewID(epoch: 4, coordinator: all[0]), members: all)
        let sides = [
            SubView(previous: first.id, members: [all[0]], hasState: true),
            SubView(previous: second.id, members: [all[1]], hasState: false),
        ]
        world.show(0, world.view, previous: first.id, together: [all[0]], sides: sides)
        world.show(1, world.view, previous: second.id, together: [all[1]], sides: sides)
        #expect(world.controls.map(\.sender) == [0])
        world.deliverAll()
        for node in 0...1 { world.deliver(node, void.bytes, sender: 1, label: 0, isControl: true) }
        #expect(world.layers.map(\.counters.void) == [1, 1])
        #expect(world.members(1, world.seats(1)[0]) == ["0/0", "1/0"], "the record was sent again")
    }

    @Test("In the unsequenced rest of an HWG view records count and nothing is installed (M4)")
    func rest() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g"])
        world.deliverNext(0, isRest: true)
        world.deliverNext(1, isRest: true)
        #expect(world.views(0, world.seats(0)[0]).isEmpty)
        world.crash(1)
        #expect(world.views(0, world.seats(0)[0]).map(\.view.id.era) == [8])
    }
}
