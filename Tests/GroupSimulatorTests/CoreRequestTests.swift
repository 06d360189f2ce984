import GroupCore
import GroupModel
import Testing

@Suite("Requests that a core cannot do")
struct CoreRequestTests {
    /// A core alone with one seat in a group.
    private func core() throws -> (core: NodeCore, seat: SeatHandle, me: EndpointID) {
        let member = MemberID(node: NodeID(name: "n"), incarnation: 1)
        let card = NodeCard(name: "n", member: member, address: NodeAddress(high: 0, low: 1, port: 1))
        let zero = try #require(ShortName("0"))
        let pool = try #require(ShortName("pool"))
        var core = NodeCore(
            configuration: CoreConfiguration(card: card, cluster: "c", seed: 1, defaultGroup: HWGID(named: pool)),
            at: .zero)
        var effects = Effects()
        core.handle(.join(endpoint: zero, groups: ["g"]), at: .zero, into: &effects)
        core.handle(.turnEnded, at: .zero, into: &effects)
        let seats = effects.lwg.events.compactMap { if case .seated(let seat, _, _) = $0 { seat } else { nil } }
        return (core, try #require(seats.first), EndpointID(member: member, name: zero))
    }

    private func send(_ core: inout NodeCore, _ seat: SeatHandle, _ order: Order, bytes count: Int) -> SendOutcome {
        var effects = Effects()
        return [UInt8](repeating: 1, count: count).withUnsafeBytes {
            core.multicast(seat, order: order, bytes: $0, at: .zero, into: &effects)
        }
    }

    @Test("a message over the limit, or of an order that does not exist, is refused and nothing traps")
    func refused() throws {
        var (core, seat, me) = try core()
        #expect(send(&core, seat, .total, bytes: Limits.messageBytes + 1) == .refused(.messageTooLarge))
        #expect(send(&core, seat, .causal, bytes: 1) == .refused(.orderNotSupported))
        #expect(send(&core, seat, .causal, bytes: 100_000) == .refused(.orderNotSupported))
        var effects = Effects()
        let bytes = [UInt8](repeating: 1, count: Limits.directBytes + 1)
        #expect(core.send(seat, to: me, bytes: bytes, at: .zero, into: &effects) == .refused(.messageTooLarge))
        guard case .accepted = send(&core, seat, .total, bytes: 1) else {
            Issue.record("the core goes on")
            return
        }
    }

    @Test("a handle that nobody has is no member")
    func strangeHandle() throws {
        var (core, _, me) = try core()
        let strange = SeatHandle(index: 77)
        #expect(send(&core, strange, .fifo, bytes: 1) == .notMember)
        var effects = Effects()
        #expect(core.send(strange, to: me, bytes: [1], at: .zero, into: &effects) == .notMember)
        core.handle(.leave(seats: [strange]), at: .zero, into: &effects)
        core.handle(.evict(seats: [strange], .slow), at: .zero, into: &effects)
        core.handle(.holdOK(strange, ViewID(epoch: 1, coordinator: me.member)), at: .zero, into: &effects)
        core.handle(.flush(strange, token: 1), at: .zero, into: &effects)
        #expect(effects.lwg.events.isEmpty)
    }

    @Test("an evicted seat is told at once, once, and is nobody's from then on")
    func evicted() throws {
        var (core, seat, _) = try core()
        var effects = Effects()
        core.handle(.evict(seats: [seat, seat], .slow), at: .zero, into: &effects)
        #expect(effects.lwg.events == [.indication(seat, .left(.slow))])
        core.handle(.turnEnded, at: .zero, into: &effects)
        core.handle(.evict(seats: [seat], .slow), at: .zero, into: &effects)
        #expect(effects.lwg.events == [.indication(seat, .left(.slow))])
        #expect(send(&core, seat, .fifo, bytes: 1) == .notMember)
    }

    @Test("a group that comes back on another heavyweight group has no number twice")
    func numbersAfterAnotherMapping() throws {
        var (core, seat, me) = try core()
        let second = HWGID(named: try #require(ShortName("second")))
        var configuration = core.configuration
        configuration.pins = [(pattern: "h", group: second)]
        var effects = Effects()
        core.handle(.configurationChanged(configuration), at: .zero, into: &effects)
        core.handle(.join(endpoint: me.name, groups: ["h"]), at: .zero, into: &effects)
        core.handle(.turnEnded, at: .zero, into: &effects)
        var last: UInt64 = 0
        for _ in 0..<5 {
            guard case .accepted(let number?) = send(&core, seat, .fifo, bytes: 10) else { throw Refused() }
            last = number
        }
        core.handle(.leave(seats: [seat]), at: .zero, into: &effects)
        core.handle(.turnEnded, at: .zero, into: &effects)
        configuration.pins = [(pattern: "*", group: second)]
        core.handle(.configurationChanged(configuration), at: .zero, into: &effects)
        effects = Effects()
        core.handle(.join(endpoint: me.name, groups: ["g"]), at: .zero, into: &effects)
        core.handle(.turnEnded, at: .zero, into: &effects)
        let seats = effects.lwg.events.compactMap { if case .seated(let seat, _, "g") = $0 { seat } else { nil } }
        guard case .accepted(let number?) = send(&core, try #require(seats.first), .fifo, bytes: 10) else {
            throw Refused()
        }
        #expect(number > last)
    }

    private struct Refused: Error {}
}
