import GroupModel
import Testing

@testable import HWGProtocol

@Suite struct QuarrelTests {
    private let member = MemberID(node: NodeID(name: "a"), incarnation: 1)
    private let other = MemberID(node: NodeID(name: "b"), incarnation: 1)
    private let span = Interval.seconds(4)

    private func at(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

    @Test func `who is reported soon after it came in rests twice as long each time, and eight seconds at most`() {
        var quarrels = Quarrels()
        var now = at(0)
        for rest: Int64 in [1, 2, 4, 8, 8, 8] {
            quarrels.cameIn([member], at: now)
            quarrels.reported(member, within: span, at: now + .seconds(1))
            now = now + .seconds(1)
            #expect(quarrels.rest([other, member], at: now + .milliseconds(rest * 1_000 - 1)))
            #expect(!quarrels.rest([member], at: now + .seconds(rest)))
            #expect(!quarrels.rest([other], at: now))
            now = now + .seconds(rest)
        }
    }

    @Test func `who stayed for long does not rest, and neither does a stranger`() {
        var quarrels = Quarrels()
        quarrels.reported(member, within: span, at: at(0))
        #expect(!quarrels.rest([member], at: at(0)))
        quarrels.cameIn([member], at: at(0))
        quarrels.reported(member, within: span, at: at(1))
        quarrels.cameIn([member], at: at(2))
        quarrels.reported(member, within: span, at: at(60))
        #expect(!quarrels.rest([member], at: at(60)))
        // And begins with the shortest rest again.
        quarrels.cameIn([member], at: at(60))
        quarrels.reported(member, within: span, at: at(61))
        #expect(!quarrels.rest([member], at: at(62)))
    }

    @Test func `as many are remembered as a view has members`() {
        var quarrels = Quarrels()
        for number in 0..<UInt32(4 * Limits.viewMembers) {
            let newcomer = MemberID(node: NodeID(name: "n"), incarnation: number + 1)
            quarrels.cameIn([newcomer], at: at(0))
            quarrels.reported(newcomer, within: span, at: at(1))
        }
        let oldest = MemberID(node: NodeID(name: "n"), incarnation: 1)
        let last = MemberID(node: NodeID(name: "n"), incarnation: UInt32(4 * Limits.viewMembers))
        #expect(!quarrels.rest([oldest], at: at(1)) && quarrels.rest([last], at: at(1)))
    }
}
