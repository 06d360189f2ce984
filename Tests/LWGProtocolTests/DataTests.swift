import GroupModel
import Testing

@testable import LWGProtocol

@Suite("Demultiplexing")
struct DataTests {
    @Test("A message goes to every seat of its LWG here, and elsewhere counts as interference")
    func seats() {
        var world = HandWorld(members: 3)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.join(1, "a", ["g"])
        world.join(1, "b", ["g"])
        world.deliverAll()
        world.send(0, world.seats(0)[0], "hello", to: [0, 1, 2])
        #expect(world.payloads[0].map(\.text) == ["hello"])
        #expect(world.payloads[1].map(\.seat) == world.seats(1))
        #expect(world.payloads[2].isEmpty && world.layers[2].counters.interference == 1)
        world.send(1, world.seats(1)[1], "from b", to: [0])
        #expect(world.payloads[0].last?.text == "from b")
    }

    @Test("Early data wait for their view; a node keeps data from the moment it sends its join")
    func early() {
        var world = HandWorld(members: 3)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.join(1, "0", ["g"])
        world.deliverNext(0)
        world.deliverNext(0)  // node 0's own flushOK: it is in the new view, node 1 has not even seen its join
        world.send(0, world.seats(0)[0], "early", to: [1])
        #expect(world.layers[1].counters.early == 1 && world.payloads[1].isEmpty)
        world.deliverAll()
        #expect(world.payloads[1].map(\.text) == ["early"])
        #expect(world.members(1, world.seats(1)[0]) == ["0/0", "1/0"])
    }

    @Test("Data two views ahead wait where two joins were queued behind one open flush (seeds 56 and 348)")
    func twoAhead() {
        var world = HandWorld(members: 4)
        world.join(0, "0", ["g"])
        world.deliverAll()
        for node in 1...3 { world.join(node, "0", ["g"]) }
        for _ in 0..<3 { for node in 0..<3 { world.deliverNext(node) } }
        for _ in 0..<3 { world.deliverNext(3) }  // node 3 knows the joins, not the flushOKs
        world.deliverAll(except: [3])
        #expect(world.layers[2].view(of: world.seats(2)[0])?.id.count == 3)
        world.send(2, world.seats(2)[0], "two ahead", to: [3])
        world.deliverAll()
        #expect(world.payloads[3].map(\.text) == ["two ahead"])
        #expect(world.layers[3].counters.stale == 0)
    }

    @Test("Stale data are counted as a bug and delivered to nobody")
    func stale() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g"])
        world.deliverAll()
        guard case .send(_, _, let old) = world.layers[0].route(world.seats(0)[0]) else { return }
        world.join(1, "0", ["g"])
        world.deliverAll()
        world.deliver(1, [1], sender: 0, label: old)
        #expect(world.layers[1].counters.stale == 1 && world.payloads[1].isEmpty)
    }

    @Test("Who cannot keep early data loses its seat, not a message (D4)")
    func overflow() {
        var limits = LWGLimits()
        limits.earlyMessages = 1
        var world = HandWorld(members: 2, limits: limits)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.join(1, "0", ["g"])
        world.deliverNext(0)
        world.deliverNext(0)
        for text in ["a", "b"] { world.send(0, world.seats(0)[0], text, to: [1]) }
        let seat = world.seats(1)[0]
        #expect(world.events[1].last == .indication(seat, .left(.slow)))
        world.deliverAll()
        #expect(world.payloads[1].isEmpty && world.views(1, seat).isEmpty)
        #expect(world.members(0, world.seats(0)[0]) == ["0/0"])
    }

    @Test("Who cannot keep an early point-to-point message loses its seat, not a message between two others")
    func directOverflow() {
        var limits = LWGLimits()
        limits.earlyMessages = 1
        var world = HandWorld(members: 2, limits: limits)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.join(1, "0", ["g"])
        world.deliverNext(0)
        world.deliverNext(0)
        let target = EndpointID(member: world.members[1], name: ShortName("0")!)
        var indications = HWGIndications()
        for number in 1...3 {
            var out = LWGOutput()
            world.layers[0].direct(world.seats(0)[0], to: target, bytes: [UInt8(number)], into: &out)
            guard case .direct(_, _, let bytes)? = out.requests.first else { Issue.record("no request"); return }
            indications.events.append(.direct(from: world.members[0], number: UInt64(number), bytes: bytes))
        }
        var behind = world
        world.handle(1, indications)
        #expect(world.events[1].last == .indication(world.seats(1)[0], .left(.slow)))
        #expect(world.layers[1].counters.early == 1 && world.layers[1].counters.overflows == 1)
        world.deliverAll()
        #expect(world.members(0, world.seats(0)[0]) == ["0/0"])
        #expect(!world.events[1].contains { if case .indication(_, .direct) = $0 { true } else { false } })

        // The record that creates the LWG has not come.
        behind.layers[1] = HandWorld(members: 2, limits: limits).layers[1]
        behind.join(1, "0", ["g"])
        behind.delivered[1] = 0
        behind.handle(1, indications)
        let seat = behind.seats(1)[0]
        #expect(behind.layers[1].counters.overflows == 0)
        behind.deliverNext(1)
        #expect(behind.events[1].last == .indication(seat, .left(.slow)))
    }

    @Test("Numbers are sorted by LWG id at each HWG view, and not used again within one")
    func numbers() {
        var world = HandWorld(members: 2, hash: { LWGID(raw: 1_000 - UInt64($0.utf8.count)) })
        world.join(0, "0", ["a", "bb"])
        world.deliverAll()
        let number = { (world: HandWorld, seat: SeatHandle) -> Int? in
            guard case .send(_, _, let label) = world.layers[0].route(seat) else { return nil }
            return Label(raw: label).number
        }
        let seats = world.seats(0)
        #expect(seats.map { number(world, $0) } == [0, 1])
        world.leave(0, seats[0])
        world.deliverAll()
        world.join(0, "0", ["ccc", "a"])
        world.deliverAll()
        #expect(
            world.seats(0)[2...].map { number(world, $0) } == [2, 0], "an LWG keeps its number while the view lasts")
        #expect(world.layers[0].view(of: world.seats(0)[3])?.id.count == 3)
        world.crash(1)
        #expect([seats[1], world.seats(0)[2], world.seats(0)[3]].map { number(world, $0) } == [1, 0, 2])
        #expect(world.layers[0].view(of: seats[1])?.id == ViewID(era: 8, count: 0, coordinator: world.members[0]))
    }

    @Test("Point-to-point goes to one endpoint, in its view only")
    func direct() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g"])
        world.deliverAll()
        world.join(1, "a", ["g"])
        world.join(1, "b", ["g"])
        world.deliverAll()
        var out = LWGOutput()
        let target = EndpointID(member: world.members[1], name: ShortName("b")!)
        let outcome = world.layers[0].direct(world.seats(0)[0], to: target, bytes: [9], into: &out)
        #expect(outcome == .accepted(number: nil))
        guard case .direct(_, let to, let bytes) = out.requests[0] else { Issue.record("no request"); return }
        #expect(to == world.members[1])
        var indications = HWGIndications()
        indications.events.append(.direct(from: world.members[0], number: 3, bytes: bytes))
        world.handle(1, indications)
        let from = EndpointID(member: world.members[0], name: ShortName("0")!)
        #expect(world.events[1].last == .indication(world.seats(1)[1], .direct(from: from, number: 3, bytes: [9])))
        world.join(0, "late", ["g"])
        world.deliverAll()
        world.handle(1, indications)
        #expect(world.layers[1].counters.lateDirects == 1)
        let stranger = EndpointID(member: target.member, name: ShortName("x")!)
        let refused = world.layers[0].direct(world.seats(0)[0], to: stranger, bytes: [], into: &out)
        #expect(refused == .notMember)
    }

    @Test("In the rest, what a sender says after its flushOK is of a later view, even if four later (D3)")
    func fourViewsAhead() {
        var world = HandWorld(members: 2)
        world.join(0, "0", ["g"])
        world.join(1, "0", ["g"])
        world.deliverAll()
        let seat = world.seats(1)[0]
        guard let count = world.layers[1].view(of: seat)?.id.count,
            case .send(_, _, let label) = world.layers[0].route(world.seats(0)[0])
        else { Issue.record("no view"); return }
        world.deliver(1, Array("now".utf8), sender: 0, label: label)
        let flushOK = ControlMessage.flushOK([.init(first: Label(raw: label).number, length: 1, count: count)])
        world.deliver(1, flushOK.encoded(for: world.view.id), sender: 0, label: 0, isControl: true, isRest: true)
        world.deliver(1, Array("four views later".utf8), sender: 0, label: label, isRest: true)
        #expect(world.payloads[1].map(\.text) == ["now"])
        #expect(world.layers[1].counters.earlyVoid == 1)
    }
}
