import Glibc
import Synchronization
import Testing

@testable import EventLoop

@Suite("The loop")
struct LoopTests {
    @Test("work from many threads runs on the loop, each piece once")
    func workFromManyThreads() async throws {
        let loop = try EventLoop()
        let thread = loop.start(name: "test")
        let count = Counter()
        let elsewhere = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<200 {
                        await withCheckedContinuation { done in
                            loop.execute {
                                count.increment()
                                if !loop.isOnLoop { elsewhere.increment() }
                                done.resume()
                            }
                        }
                    }
                }
            }
        }
        loop.stop()
        thread.join()
        #expect(count.value == 1_600)
        #expect(elsewhere.value == 0)
        #expect(!loop.isOnLoop)
    }

    @Test("work handed over by one thread keeps its order")
    func workKeepsItsOrder() async throws {
        let loop = try EventLoop()
        let seen = Numbers()
        let thread = loop.start(name: "test")
        for number in 0..<1_000 { loop.execute { seen.append(number) } }
        loop.stop()
        thread.join()
        #expect(seen.all == Array(0..<1_000))
    }

    @Test("after its end the loop refuses work")
    func refusesWorkAfterItsEnd() throws {
        let loop = try EventLoop()
        let thread = loop.start(name: "test")
        loop.stop()
        thread.join()
        #expect(!loop.execute {})
    }

    @Test("an actor on the loop runs there, also after each suspension")
    func actorRunsOnTheLoop() async throws {
        let loop = try EventLoop()
        let thread = loop.start(name: "test")
        let actor = LoopActor(loop)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<16 { group.addTask { await actor.countWrongThreads(hops: 50) } }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
        #expect(await actor.hops == 800)
        loop.stop()
        thread.join()
    }

    @Test("a task that prefers the loop runs there, and jobs that come after the loop's end still run")
    func jobsAfterTheEnd() async throws {
        let loop = try EventLoop()
        let thread = loop.start(name: "test")
        let actor = LoopActor(loop)
        #expect(await Task(executorPreference: loop) { loop.isOnLoop }.value)
        loop.stop()
        thread.join()
        #expect(await actor.countWrongThreads(hops: 3) == 0)
    }

    @Test("timers fire in the order of their times, and a later setting replaces an earlier one")
    func timers() throws {
        let driven = try Driven()
        let order = Collected()
        let first = try LoopTimer(driven.loop) { order.datagrams.append([1]) }
        let second = try LoopTimer(driven.loop) { order.datagrams.append([2]) }
        let cancelled = try LoopTimer(driven.loop) { order.datagrams.append([3]) }
        first.schedule(after: 1)
        first.schedule(after: 20_000_000)
        second.schedule(after: 10_000_000)
        cancelled.schedule(after: 5_000_000)
        cancelled.cancel()
        driven.until { order.datagrams.count >= 2 }
        #expect(order.datagrams == [[2], [1]])
    }

    @Test("a timer never fires before its time")
    func timersAreNotEarly() throws {
        let driven = try Driven()
        let fired = Flag()
        let timer = try LoopTimer(driven.loop) { fired.isSet = true }
        for nanoseconds: Int64 in [1, 1_500, 999_999, 3_000_001] {
            fired.isSet = false
            let due = monotonicNanoseconds() + nanoseconds
            timer.schedule(after: nanoseconds)
            driven.until { fired.isSet }
            #expect(monotonicNanoseconds() >= due)
        }
    }

    @Test("a signal runs its closure on the loop")
    func signals() throws {
        let driven = try Driven()
        let arrived = Flag()
        let signal = try LoopSignal(driven.loop, number: SIGUSR2) { arrived.isSet = true }
        kill(getpid(), SIGUSR2)
        driven.until { arrived.isSet }
        withExtendedLifetime(signal) {}
    }

    @Test("the end of a turn is told after the work of the turn")
    func turnEnd() throws {
        let driven = try Driven()
        let steps = Collected()
        let worked = Counter()
        driven.loop.turnEnded = { steps.datagrams.append([UInt8(worked.value)]) }
        driven.loop.execute { worked.increment() }
        driven.until { !steps.datagrams.isEmpty }
        #expect(steps.datagrams.first == [1])
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func increment() { count.wrappingAdd(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}

final class Numbers: Sendable {
    private let numbers = Mutex<[Int]>([])
    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
    var all: [Int] { numbers.withLock { $0 } }
}

actor LoopActor {
    nonisolated let loop: EventLoop
    private(set) var hops = 0
    init(_ loop: EventLoop) { self.loop = loop }
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func countWrongThreads(hops count: Int) async -> Int {
        var wrong = 0
        for _ in 0..<count {
            if !loop.isOnLoop { wrong += 1 }
            await Self.elsewhere()
            if !loop.isOnLoop { wrong += 1 }
            preconditionIsolated()
            hops += 1
        }
        return wrong
    }

    @concurrent private static func elsewhere() async { await Task.yield() }
}
