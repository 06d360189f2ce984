import GroupModel
import Testing

@testable import LWGProtocol

@Suite("Bounds of tables and control messages")
struct BoundTests {
    private let view: View<MemberID> = {
        let members = (0..<2).map { MemberID(node: NodeID(name: "n\($0)"), incarnation: 1) }
        return View(id: ViewID(epoch: 9, coordinator: members[0]), members: members)
    }()

    private func decode(_ message: ControlMessage) -> ControlMessage.Decoded {
        message.encoded(for: view.id).withUnsafeBytes { ControlMessage.decode($0, in: view) }
    }

    private func entry(_ name: String, _ endpoints: some Sequence<String>) -> SideEntry {
        let members = endpoints.map {
            SideEntry.Member(
                endpoint: EndpointID(member: view.members[0], name: ShortName($0)!), rank: 0, origin: nil)
        }
        return SideEntry(id: LWGID(raw: 0), name: name, origins: [], members: members)
    }

    @Test("A part of a table names no more endpoints than its indices number: the next part has the rest")
    func endpointNames() {
        var entries = (0..<257).map { group in
            entry("g\(group)", (0..<255).lazy.map { "e\(group * 255 + $0)" })
        }
        entries.append(entry("full", ["e0", "last"]))
        #expect(Carrier.parts(of: entries, covering: [0], limit: 4 << 20).count == 1, "65,536 names")
        entries.append(entry("over", ["e1", "another"]))
        entries.append(entry("after", ["e2"]))
        let parts = Carrier.parts(of: entries, covering: [0], limit: 4 << 20)
        #expect(parts.map(\.entries.count) == [258, 2] && parts.map(\.isLast) == [false, true])
        for part in parts {
            if case .message(.table(part)) = decode(.table(part)) {} else { Issue.record("\(part.entries.count)") }
        }
    }

    @Test("A table that lists more endpoints of a node than labels number, or one twice, is malformed")
    func seats() {
        let table = { (entry: SideEntry) -> ControlMessage in
            .table(TablePart(isLast: true, covers: [0], entries: [entry]))
        }
        if case .message = decode(table(entry("g", (0..<255).map { "e\($0)" }))) {} else { Issue.record("255") }
        if case .malformed = decode(table(entry("g", (0..<256).map { "e\($0)" }))) {} else { Issue.record("256") }
        if case .malformed = decode(table(entry("g", ["a", "b", "a"]))) {} else { Issue.record("twice") }
        // The same name twice in the list of names.
        var bytes = table(entry("g", ["a", "b"])).encoded(for: view.id)
        let pair = { (name: String) in Array(name.utf8) }
        let place = bytes.firstIndex(of: pair("b")[0])
        if let place { bytes[place] = pair("a")[0] }
        let decoded = bytes.withUnsafeBytes { ControlMessage.decode($0, in: view) }
        if case .malformed = decoded, place != nil {} else { Issue.record("two names") }
    }

    @Test("A slot takes no more endpoints of a node than labels number, whatever it is given")
    func places() {
        var demultiplexer = Demultiplexer()
        demultiplexer.reset(width: 2)
        demultiplexer.extend(to: 1)
        for _ in 0..<2 {
            demultiplexer.set(0, .one, seat: 0, count: 1, ranks: [1] + [UInt16](repeating: 0, count: 70_000))
            #expect(demultiplexer.rank(demultiplexer.slots[0], sender: 0, endpoint: 255) == 256)
            #expect(demultiplexer.rank(demultiplexer.slots[0], sender: 1, endpoint: 0) == 0)
            #expect(demultiplexer.rank(demultiplexer.slots[0], sender: 1, endpoint: 1) == Demultiplexer.nobody)
        }
    }

    @Test("FlushOKs of more LWGs than one message holds go in several, one after the other")
    func flushOKRuns() {
        var limits = LWGLimits()
        limits.recordBytes = 2 * ControlMessage.Run.bytes
        var world = HandWorld(members: 2, limits: limits)
        world.join(0, "0", (0..<9).map { "g\($0)" })
        world.deliverAll()
        let sent = world.controls.count
        let joins = ControlMessage.record(
            (0..<5).map { .join(endpoint: ShortName("0")!, name: "g\($0 * 2)") })
        for node in 0...1 {
            world.deliver(node, joins.encoded(for: world.view.id), sender: 1, label: 0, isControl: true)
        }
        world.deliverAll()
        let runs = world.controls[sent...].map { control -> Int in
            let decoded = control.bytes.withUnsafeBytes { ControlMessage.decode($0, in: world.view) }
            if case .message(.flushOK(let runs)) = decoded { return runs.count }
            return 0
        }
        #expect(runs == [2, 2, 1])
        for (index, seat) in world.seats(0).enumerated() {
            #expect(world.members(0, seat) == (index % 2 == 0 ? ["0/0", "1/0"] : ["0/0"]))
        }
    }

    /// Node 0 with seats in `left`, node 1 with seats in `right`, each alone; then the HWG view of both is shown.
    private func sides(_ left: [String], _ right: [String], limits: LWGLimits, ended: [String] = []) -> HandWorld {
        var world = HandWorld(
            members: 2, limits: limits, hash: { LWGID(raw: UInt64($0.utf8.first ?? 0)) }, starts: false)
        let all = world.members
        let alone = all.enumerated().map { rank, member in
            View(id: ViewID(epoch: UInt64(rank) + 2, coordinator: member), members: [member])
        }
        for node in 0...1 {
            world.view = alone[node]
            world.controls = []
            world.delivered = [0, 0]
            world.join(node, "0", node == 0 ? left : right)
            world.show(node, alone[node], previous: nil, together: [all[node]], sides: [])
            world.deliverAll(except: [1 - node])
            for (seat, name) in zip(world.seats(node), node == 0 ? left : right) where ended.contains(name) {
                world.leave(node, seat)
            }
            world.deliverAll(except: [1 - node])
            world.hold(node)
        }
        world.controls = []
        world.delivered = [0, 0]
        world.view = View(id: ViewID(epoch: 9, coordinator: all[0]), members: all)
        let sides = alone.map { SubView(previous: $0.id, members: $0.members, hasState: true) }
        for node in 0...1 {
            world.show(node, world.view, previous: alone[node].id, together: [all[node]], sides: sides)
        }
        return world
    }

    @Test("Of more LWGs than there are numbers a merge ends the last by id, at all members, and says why")
    func mergedNumbers() {
        var limits = LWGLimits()
        limits.groupsPerHWG = 3
        var world = sides(["a", "d"], ["b", "c"], limits: limits)
        world.deliverAll()
        #expect(world.layers.map(\.carriedGroups) == [3, 3])
        let seats = (0...1).map { world.seats($0) }
        #expect(world.events[0].contains(.indication(seats[0][1], .left(.limitReached(.groups)))))
        #expect(world.members(0, seats[0][0]) == ["0/0"])
        #expect(world.members(1, seats[1][1]) == ["1/0"])
        world.join(1, "0", ["e"])
        world.deliverAll()
        #expect(world.events[1].last == .indication(world.seats(1)[2], .left(.limitReached(.groups))))
    }

    @Test("A side tells nothing of LWGs that have ended")
    func ended() {
        var world = sides(["a", "b", "c"], ["d"], limits: LWGLimits(), ended: ["a", "c"])
        let told = world.controls.compactMap { control -> [String]? in
            let decoded = control.bytes.withUnsafeBytes { ControlMessage.decode($0, in: world.view) }
            if case .message(.table(let part)) = decoded { return part.entries.map(\.name) }
            return nil
        }
        #expect(told == [["b"], ["d"]])
        world.deliverAll()
        #expect(world.layers.map(\.carriedGroups) == [2, 2])
    }
}
