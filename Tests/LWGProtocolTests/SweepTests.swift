import GroupModel
import Testing

@testable import LWGProtocol

@Suite("Numbers of LWGs that have ended")
struct SweepTests {
    private func world(_ groups: [String]) -> HandWorld {
        var limits = LWGLimits()
        limits.endedGroups = 2
        var world = HandWorld(members: 2, limits: limits)
        world.join(0, "0", groups)
        world.deliverAll()
        return world
    }

    private func number(_ world: HandWorld, _ seat: SeatHandle) -> Int? {
        guard case .send(_, _, let label) = world.layers[0].route(seat) else { return nil }
        return Label(raw: label).number
    }

    private func isSweep(_ control: HandWorld.Control) -> Bool { control.bytes[0] == 4 }

    @Test("Names that come and go for ever need no more numbers, within one HWG view, than there are at a time")
    func manyNames() {
        var world = world([])
        var most = 0
        for round in 0..<100 {
            world.join(0, "0", ["a\(round)", "b\(round)"])
            world.deliverAll()
            for seat in world.seats(0).suffix(2) {
                most = max(most, number(world, seat) ?? .max)
                world.leave(0, seat)
            }
            world.deliverAll()
        }
        #expect(most < 8)
        #expect(world.layers[0].counters.numbersFreed == world.layers[1].counters.numbersFreed)
        #expect(world.layers[0].counters.numbersFreed > 180)
        #expect(world.layers.map(\.counters.malformed) == [0, 0])
    }

    @Test("A number is free when all have answered, rank 0 too; who was joined again meanwhile keeps its own")
    func answers() {
        var world = world(["a", "b", "c"])
        for seat in world.seats(0) { world.leave(0, seat) }
        world.deliverAll(except: [1])
        #expect(world.controls.count(where: isSweep) == 2, "asked, and answered by who asked")
        #expect(world.layers[0].counters.numbersFreed == 0, "the other has not said that nothing of them is under way")
        world.join(0, "0", ["b"])
        world.deliverAll()
        #expect(world.controls.count(where: isSweep) == 3)
        #expect(world.layers.map(\.counters.numbersFreed) == [2, 2])
        let b = world.seats(0)[3]
        #expect(number(world, b) == 1)
        #expect(world.layers[0].view(of: b)?.id.count == 3)
        world.join(0, "0", ["x", "a"])
        world.deliverAll()
        let fresh = Array(world.seats(0)[4...])
        #expect(Set(fresh.map { number(world, $0) }) == [0, 2])
        #expect(
            fresh.allSatisfy { (world.layers[0].view(of: $0)?.id.count ?? 0) > 2 },
            "\"a\" had a view of count 1 in this era, and IDs grow wherever it is numbered (M2)")
        world.join(1, "0", ["a", "x"])
        world.deliverAll()
        world.send(0, fresh[1], "to a", to: [1])
        #expect(world.payloads[1].map(\.seat) == [world.seats(1)[0]])
    }

    @Test("A point-to-point message of the LWG that had the number before is late, not its successor's")
    func lateDirect() {
        var world = world(["a", "b", "c"])
        let target = EndpointID(member: world.members[0], name: ShortName("0")!)
        var late = HWGIndications()
        for seat in world.seats(0) {
            var out = LWGOutput()
            world.layers[0].direct(seat, to: target, bytes: [1], into: &out)
            guard case .direct(_, _, let bytes)? = out.requests.first else { Issue.record("no request"); return }
            late.events.append(.direct(from: world.members[0], number: 1, bytes: bytes))
            world.leave(0, seat)
        }
        world.deliverAll()
        world.handle(0, late)
        #expect(world.layers[0].counters.lateDirects == 3)
        world.join(0, "0", ["x", "y", "z"])
        world.deliverAll()
        #expect(Set(world.seats(0)[3...].map { number(world, $0) }) == [0, 1, 2])
        world.handle(0, late)
        #expect(world.layers[0].counters.lateDirects == 6)
    }

    @Test("An HWG view ends a sweep; its late messages are void, and what had no number before has one now")
    func heavyView() {
        var world = world(["a", "b", "c", "d", "e"])
        for seat in world.seats(0).dropLast() { world.leave(0, seat) }
        world.deliverAll(except: [1])
        let late = world.controls.last { isSweep($0) }
        world.crash(1)
        guard let late else { Issue.record("no sweep"); return }
        world.deliver(0, late.bytes, sender: 0, label: 0, isControl: true)
        #expect(world.layers[0].counters.void == 1 && world.layers[0].counters.numbersFreed == 0)
        #expect(number(world, world.seats(0)[4]) == 0)
        #expect(world.members(0, world.seats(0)[4]) == ["0/0"])
    }

    @Test("A sweep that rank 0 has not asked for, or an answer that comes twice, is nonsense")
    func nonsense() {
        var world = world(["a", "b", "c"])
        let sweep = ControlMessage.sweep.encoded(for: world.view.id)
        world.deliver(0, sweep, sender: 1, label: 0, isControl: true)
        #expect(world.layers[0].counters.malformed == 1)
        for seat in world.seats(0) { world.leave(0, seat) }
        world.deliverAll(except: [1])
        for _ in 0..<2 { world.deliver(0, sweep, sender: 0, label: 0, isControl: true) }
        #expect(world.layers[0].counters.malformed == 3)
    }
}
