import CLibevent
import CNet
import Glibc
import Synchronization

/// One thread that waits for sockets, timers and signals, and runs what other threads hand to it: libevent's base with
/// a Swift face. It is a serial executor, so that actors can live on it.
///
/// A turn is: callbacks of what is ready, then the work that was handed over, then `turnEnded`. Sockets, timers and
/// signals of a loop are made and used on its thread only, or before it starts.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }
    private struct Inbound {
        var work: [Work] = []
        var isSignalled = false
        var hasEnded = false
    }

    let base: OpaquePointer
    private var wakeUp: UnsafeMutablePointer<event>?
    private let inbound = Mutex(Inbound())
    private let thread = Atomic<UInt>(0)
    private let isStopping = Atomic<Bool>(false)
    private var local: [Work] = []
    private var spare: [Work] = []

    /// Called on the loop's thread at the end of each turn, before the loop sleeps. Set before `run`.
    public var turnEnded: (() -> Void)?

    private static let threadsEnabled: Bool = evthread_use_pthreads() == 0

    public init() throws(SystemError) {
        guard Self.threadsEnabled, let configuration = event_config_new() else {
            throw SystemError("event_config_new", code: ENOMEM)
        }
        defer { event_config_free(configuration) }
        // Without this libevent reads the coarse clock (4 ms) and rounds time-outs up to milliseconds.
        event_config_set_flag(configuration, Int32(EVENT_BASE_FLAG_PRECISE_TIMER.rawValue))
        guard let base = event_base_new_with_config(configuration) else {
            throw SystemError("event_base_new", code: errno)
        }
        self.base = base
        // Added and persistent, so that a base with nothing else sleeps instead of returning at once.
        wakeUp = event_new(base, -1, Int16(EV_PERSIST), { _, _, _ in }, nil)
        guard let wakeUp, event_add(wakeUp, nil) == 0 else {
            event_base_free(base)
            throw SystemError("event_add", code: errno)
        }
    }

    deinit {
        if let wakeUp { event_free(wakeUp) }
        event_base_free(base)
    }

    // MARK: Running

    /// Runs on the calling thread until `stop`.
    public func run() {
        adoptThread()
        while !isStopping.load(ordering: .acquiring) { turn() }
        // What was handed over before the end still runs; from then on `execute` refuses.
        var isEmpty = false
        while !isEmpty {
            drain()
            isEmpty = inbound.withLock { state in
                let done = state.work.isEmpty && local.isEmpty
                if done { state.hasEnded = true }
                return done
            }
        }
        thread.store(0, ordering: .releasing)
    }

    func adoptThread() { thread.store(UInt(cnet_thread()), ordering: .releasing) }

    /// Sleeps until something is ready, unless work waits already, and does what there is.
    func turn() {
        event_base_loop(base, local.isEmpty ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK)
        drain()
        turnEnded?()
    }

    /// Runs on a thread of its own, named in debuggers by at most 15 bytes of `name`.
    public func start(name: String) -> LoopThread {
        LoopThread.spawn(LoopThread.Body { self.run() }, name: name)
    }

    /// The same without anyone to join it: `ended` runs on the thread after the last turn.
    public func start(name: String, ended: @escaping @Sendable () -> Void) {
        let body = LoopThread.Body {
            self.run()
            ended()
        }
        LoopThread.spawn(body, name: name).detach()
    }

    /// Ends `run` after the present turn. From any thread.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
    }

    /// Whether the caller is on the loop's thread. Never inlined: the thread's mark must be read anew on both sides of
    /// a suspension point.
    @inline(never)
    public var isOnLoop: Bool { thread.load(ordering: .acquiring) == UInt(cnet_thread()) }

    // MARK: Work from other threads

    /// Runs `body` on the loop, in this turn or the next. False when the loop has ended.
    @discardableResult
    public func execute(_ body: @escaping @Sendable () -> Void) -> Bool { hand(.call(body)) }

    /// Makes a sleeping loop take a turn. From any thread.
    public func wake() {
        if let wakeUp { event_active(wakeUp, Int32(EV_READ), 0) }
    }

    private func hand(_ work: Work) -> Bool {
        if isOnLoop {
            local.append(work)
            return true
        }
        let outcome = inbound.withLock { state -> (taken: Bool, wake: Bool) in
            if state.hasEnded { return (false, false) }
            state.work.append(work)
            let first = !state.isSignalled
            state.isSignalled = true
            return (true, first)
        }
        if outcome.wake { wake() }
        return outcome.taken
    }

    private func drain() {
        inbound.withLock { state in
            state.isSignalled = false
            swap(&state.work, &spare)
        }
        if !local.isEmpty {
            spare.append(contentsOf: local)
            local.removeAll(keepingCapacity: true)
        }
        for work in spare {
            switch work {
            case .call(let body): body()
            case .job(let job):
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
        spare.removeAll(keepingCapacity: true)
    }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // A job of a task cannot be refused. After the loop's end nothing else is on it, so that jobs run one at a time
        // under this lock keep its promise.
        if !hand(.job(job)) { runAfterEnd(job) }
    }

    private let afterEnd = Mutex<(queue: [UnownedJob], running: Bool)>(([], false))

    private func runAfterEnd(_ job: UnownedJob) {
        let first = afterEnd.withLock { state -> Bool in
            state.queue.append(job)
            defer { state.running = true }
            return !state.running
        }
        guard first else { return }
        let late = LoopThread.Body { [self] in
            adoptThread()
            while let next = afterEnd.withLock({ state -> UnownedJob? in
                if state.queue.isEmpty {
                    state.running = false
                    thread.store(0, ordering: .releasing)
                    return nil
                }
                return state.queue.removeFirst()
            }) {
                next.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
        LoopThread.spawn(late).detach()
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    public func checkIsolated() { precondition(isOnLoop, "this must run on the loop's thread") }
    public func isIsolatingCurrentContext() -> Bool? { isOnLoop }
}
