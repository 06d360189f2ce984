import EventLoop
import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Lines that strangers can bring about", .serialized, .timeLimit(.minutes(5)))
struct ComplaintTests {
    @Test("a few lines come at once, then one in a while, which says how many were left out")
    func budget() {
        var budget = LineBudget()
        let start: Int64 = 1_000_000_000_000
        #expect((0..<LineBudget.burst).allSatisfy { _ in budget.take(at: start) == 0 })
        for _ in 0..<5 { #expect(budget.take(at: start) == nil) }
        #expect(budget.take(at: start + LineBudget.interval - 1) == nil)
        #expect(budget.take(at: start + LineBudget.interval) == 6)
        #expect(budget.take(at: start + LineBudget.interval) == nil)
        // After a long silence no more than at the start.
        let later = start + 1_000 * LineBudget.interval
        #expect((0..<LineBudget.burst).compactMap { _ in budget.take(at: later) }.count == LineBudget.burst)
        #expect(budget.take(at: later) == nil)
    }

    @Test("hellos with ever new names do not fill the log")
    func everNewNames() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub")
        for number in 0..<Liveness.complaintsKept + 50 {
            let card = NodeCard(
                name: "n\(number)", member: MemberID(node: NodeID(name: "n\(number)"), incarnation: 1),
                address: NodeAddress(SocketAddress.loopback(.ipv4, port: 7)))
            let hello = LivenessFrame.Hello(
                cluster: "another", introduction: .init(card: card, life: UInt64(number)), known: [])
            let connection = try StreamConnection.connect(world.loop, to: hub.address)
            connection.send(LivenessFrame.hello(hello).encoded())
            world.until { hub.liveness.refusals["cluster"] == UInt64(number + 1) }
        }
        // A few more than at once if the machine is slow; far from one for each.
        #expect((LineBudget.burst...2 * LineBudget.burst).contains(hub.lines.count))
    }
}
