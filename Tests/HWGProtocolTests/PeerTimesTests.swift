import GroupModel
import Testing

@testable import HWGProtocol

@Suite("New times for a node at work")
struct PeerTimesTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private let peer = MemberID(node: NodeID(name: "b"), incarnation: 1)

    private func card(_ name: String, _ member: MemberID) -> NodeCard {
        NodeCard(name: name, member: member, address: NodeAddress(high: 0, low: 1, port: 1))
    }

    private func table() -> PeerTable {
        var table = PeerTable(
            card: card("a", MemberID(node: NodeID(name: "a"), incarnation: 1)), heartbeatInterval: .seconds(10),
            failureTimeout: .seconds(100), now: start)
        _ = table.connected(card("b", peer), at: start)
        _ = table.deadlineReached(at: start) { _, _ in }
        return table
    }

    @Test func `a shorter interval brings the next heartbeat forward, a longer one does not put it off`() {
        var table = table()
        #expect(table.nextDeadline == start + .seconds(10))
        table.retime(heartbeatInterval: .seconds(2), failureTimeout: .seconds(100))
        #expect(table.nextDeadline == start + .seconds(2))
        table.retime(heartbeatInterval: .seconds(60), failureTimeout: .seconds(600))
        #expect(table.nextDeadline == start + .seconds(2))
        _ = table.deadlineReached(at: start + .seconds(2)) { _, _ in }
        #expect(table.nextDeadline == start + .seconds(62))
    }

    @Test func `silence is judged by the new time-out, also silence that began before it`() {
        var table = table()
        table.retime(heartbeatInterval: .seconds(1), failureTimeout: .seconds(3))
        var suspected: [Int64] = []
        for second in Int64(1)...6 {
            for change in table.deadlineReached(at: start + .seconds(second), heartbeat: { _, _ in })
            where change.suspicion == .silence { suspected.append(second) }
        }
        #expect(suspected == [4])
    }

    @Test func `a longer time-out bears what the old one would not have`() {
        var table = table()
        table.retime(heartbeatInterval: .seconds(10), failureTimeout: .seconds(1_000))
        var changes: [PeerTable.Change] = []
        for step in Int64(1)...50 {
            changes += table.deadlineReached(at: start + .seconds(10 * step), heartbeat: { _, _ in })
        }
        #expect(changes.isEmpty)
    }
}
