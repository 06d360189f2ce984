import GroupModel
import Testing

@testable import LWGProtocol

@Suite("Control messages")
struct CodecTests {
    private let view: View<MemberID> = {
        let members = (0..<3).map { MemberID(node: NodeID(name: "n\($0)"), incarnation: 1) }
        return View(id: ViewID(epoch: 9, coordinator: members[0]), members: members)
    }()

    private var samples: [ControlMessage] {
        let a = ShortName("a")!
        let member = SideEntry.Member(endpoint: EndpointID(member: view.members[1], name: a), rank: 1, origin: 0)
        let joiner = SideEntry.Member(
            endpoint: EndpointID(member: view.members[1], name: ShortName("b")!), rank: 1, origin: nil)
        return [
            .record([.join(endpoint: a, name: "g"), .leave(endpoint: ShortName("b")!, LWGID(name: "h"))]),
            .flushOK([.init(first: 0, length: 3, count: 2), .init(first: 7, length: 1, count: 9)]),
            .sweep,
            .table(
                TablePart(
                    isLast: true, covers: [1, 2],
                    entries: [
                        SideEntry(
                            id: LWGID(raw: 0), name: "g", origins: [.init(view: view.id, size: 2, isPrimary: true)],
                            members: [member, joiner])
                    ])),
        ]
    }

    private func decode(_ bytes: [UInt8]) -> ControlMessage.Decoded {
        bytes.withUnsafeBytes { ControlMessage.decode($0, in: view) }
    }

    @Test("What is written is read again, in its HWG view and in no other")
    func roundTrip() {
        for sample in samples {
            guard case .message(sample) = decode(sample.encoded(for: view.id)) else {
                Issue.record("\(sample)"); continue
            }
            let other = ViewID(epoch: 8, coordinator: view.id.coordinator)
            if case .otherView = decode(sample.encoded(for: other)) {} else { Issue.record("\(sample)") }
        }
    }

    @Test("Cut, longer and mutated messages are refused or mean something else, and trap nowhere")
    func nonsense() {
        var generator = SeededGenerator(seed: 1)
        for sample in samples {
            let bytes = sample.encoded(for: view.id)
            for count in 0..<bytes.count {
                if case .malformed = decode(Array(bytes[..<count])) {} else { Issue.record("cut at \(count)") }
            }
            if case .malformed = decode(bytes + [0]) {} else { Issue.record("longer") }
            for _ in 0..<5_000 {
                var mutated = bytes
                for _ in 0...generator.below(3) {
                    mutated[generator.below(mutated.count)] = UInt8(truncatingIfNeeded: generator.next())
                }
                var world = HandWorld(members: 3)
                world.deliver(
                    0, mutated, sender: 1, label: UInt32(truncatingIfNeeded: generator.next()), isControl: true)
                _ = decode(mutated)
            }
        }
    }

    @Test("Runs that overlap or run over are refused before any work is done for them")
    func runs() {
        let overlapping = ControlMessage.flushOK([
            .init(first: 0, length: 9, count: 1), .init(first: 8, length: 9, count: 1),
        ])
        if case .malformed = decode(overlapping.encoded(for: view.id)) {} else { Issue.record("overlap") }
        let huge = ControlMessage.flushOK([.init(first: 0, length: Limits.groupsPerHWG + 1, count: 1)])
        if case .malformed = decode(huge.encoded(for: view.id)) {} else { Issue.record("huge") }
        var world = HandWorld(members: 2)
        let unknown = ControlMessage.flushOK([.init(first: 0, length: 1, count: 1)])
        world.deliver(0, unknown.encoded(for: world.view.id), sender: 1, label: 0, isControl: true)
        #expect(world.layers[0].counters.malformed == 1)
    }

    @Test("A name that is not UTF-8, or empty, is malformed wherever it stands")
    func names() throws {
        let join = ControlMessage.record([.join(endpoint: ShortName("0")!, name: "abc")]).encoded(for: view.id)
        let entry = SideEntry(id: LWGID(name: "abc"), name: "abc", origins: [], members: [])
        let table = ControlMessage.table(TablePart(isLast: true, covers: [0], entries: [entry])).encoded(for: view.id)
        for bytes in [join, table] {
            if case .message = decode(bytes) {} else { Issue.record("sound") }
            let place = try #require(
                bytes.indices.dropLast(2).first { Array(bytes[$0..<($0 + 3)]) == Array("abc".utf8) })
            var invalid = bytes
            invalid[place + 1] = 0xFF
            if case .malformed = decode(invalid) {} else { Issue.record("not UTF-8") }
            var empty = bytes
            empty.removeSubrange(place..<(place + 3))
            empty[place - 1] = 0
            if case .malformed = decode(empty) {} else { Issue.record("empty") }
        }
    }

    @Test("Labels keep their three fields")
    func labels() {
        let label = Label(number: Limits.groupsPerHWG - 1, count: 7, endpoint: 254)
        #expect(label.number == Limits.groupsPerHWG - 1 && label.bits == 3 && label.endpoint == 254)
    }

    @Test(
        "The static policy takes the first pattern that matches",
        arguments: [
            ("game/*", "game/7", true), ("game/*", "games/7", false), ("*", "", true), ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*/x/*", "1/x/2/x/3", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false),
        ])
    func patterns(pattern: String, name: String, matches: Bool) {
        let pinned = HWGID(named: ShortName("pinned")!)
        let mapping = StaticMapping(default: HWGID(named: ShortName("default")!), pins: [(pattern, pinned)])
        #expect((mapping.group(for: name) == pinned) == matches)
    }

    @Test("With one HWG per group, names decide the HWG")
    func perGroup() {
        let mapping = StaticMapping(default: HWGID(named: ShortName("default")!), perGroup: true)
        let expected = HWGID(creator: MemberID(node: NodeID(raw: LWGID(name: "g").raw), incarnation: 0), counter: 0)
        #expect(mapping.group(for: "g") == expected)
    }
}
