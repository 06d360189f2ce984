import GroupModel
import Testing

@testable import LWGProtocol

@Suite("How long a Hold is waited for")
struct HoldDeadlinesTests {
    @Test("A loop whose turns take half of the deadline each gives a silent seat no more than twice its time")
    func slowLoop() {
        var holds = HoldDeadlines(limit: .milliseconds(50))
        let start = Instant(nanoseconds: 5_000_000_000)
        holds.looked(at: start)
        holds.raised(0)
        var expired: Int?
        for turn in 1...16 where expired == nil {
            holds.looked(at: start + .milliseconds(Int64(turn) * 25))
            if holds.popExpired() != nil { expired = turn }
        }
        #expect(expired == 8, "a quarter counts of each turn")
    }

    @Test("Holds in the list end in any order, and the oldest one's time is over first")
    func list() {
        var holds = HoldDeadlines(limit: .milliseconds(800))
        holds.looked(at: Instant(nanoseconds: 5_000_000_000))
        #expect(holds.nextLook == nil)
        for seat in [7, 2, 4] {
            holds.raised(seat)
            holds.looked(at: Instant(nanoseconds: 5_000_000_000) + .milliseconds(seat == 7 ? 100 : 150))
        }
        #expect(holds.nextLook == Instant(nanoseconds: 5_250_000_000), "an eighth after the last look")
        holds.ended(2)
        holds.ended(2)
        for time in 2...8 { holds.looked(at: Instant(nanoseconds: 5_000_000_000) + .milliseconds(Int64(time) * 100)) }
        let first = (holds.popExpired(), holds.popExpired())
        #expect(first.0 == 7 && first.1 == nil)
        #expect(holds.nextLook == Instant(nanoseconds: 5_900_000_000))
        holds.ended(4)
        #expect(holds.nextLook == nil && holds.popExpired() == nil)
    }
}
