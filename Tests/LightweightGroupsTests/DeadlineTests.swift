import EventLoop
import GroupModel
import Synchronization
import Testing

@testable import GroupCore
@testable import LightweightGroups

@Suite("The loop's next turn", .timeLimit(.minutes(2)))
struct DeadlineTests {
    @Test("comes again when the timer fired before the deadline")
    func early() throws {
        let loop = try EventLoop()
        let timer = try DeadlineTimer(loop)
        let (now, due) = (Instant(nanoseconds: 999_999), Instant(nanoseconds: 1_000_000))
        var turns = 0
        var wasRescued = false
        let rescue = try LoopTimer(loop) {
            wasRescued = true
            loop.stop()
        }
        rescue.schedule(after: 30_000_000_000)
        loop.turnEnded = {
            turns += 1
            // The clock stands a nanosecond before the deadline at the end of every turn.
            if turns < 4 { timer.follow(due, at: now) } else { loop.stop() }
        }
        loop.wake()
        loop.run()
        #expect(turns == 4 && !wasRescued)
    }

    @Test("is not slept to while the core has groups whose turn is not ended")
    func unfinishedCore() async throws {
        try await withNodes(1) { nodes in
            let node = nodes[0]
            let answer = Answer<Bool>()
            let isFirst = Mutex(true)
            let runtime = node.runtime
            _ = try await node.join(["g"]) { _ in
                let isNow = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                guard isNow else { return }
                // As the core leaves it that has used up its rounds.
                runtime.core.pointee.touch(0)
                // In the next turn, before its end.
                node.onLoop { answer.resolve(.success(runtime.core.pointee.isAtRest)) }
            }
            #expect(try await answer.value())
        }
    }
}
