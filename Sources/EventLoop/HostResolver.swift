import Glibc
import Synchronization

/// Looks host names up on a thread of its own, one after the other, since the system's resolver blocks: for many seconds
/// when nobody answers it. Neither a loop nor a task's thread waits for it.
///
/// The thread lives while there are names, and ends by itself; a process that ends does not wait for it.
public final class HostResolver: Sendable {
    public typealias Answer = Result<[SocketAddress], AddressError>

    /// Names that wait: more than a cluster has nodes.
    public static let limit = 1_024

    private struct State {
        var waiting: [(host: HostPort, found: @Sendable (Answer) -> Void)] = []
        var isWorking = false
        var isClosed = false
    }
    private let state = Mutex(State())
    private let lookUp: @Sendable (HostPort) -> Answer

    /// - Parameter lookUp: what is done for each name; it may block.
    public init(
        lookUp: @escaping @Sendable (HostPort) -> Answer = { host in
            Result { () throws(AddressError) in try host.resolve() }
        }
    ) {
        self.lookUp = lookUp
    }

    /// Returns at once. `found` runs once, unless `close` comes first: on the resolver's thread, or on this one when too many
    /// names wait or the system has no thread.
    public func ask(_ host: HostPort, found: @escaping @Sendable (Answer) -> Void) {
        enum Next { case wait, work, refuse, nothing }
        let next = state.withLock { state -> Next in
            guard !state.isClosed else { return .nothing }
            guard state.waiting.count < Self.limit else { return .refuse }
            state.waiting.append((host, found))
            defer { state.isWorking = true }
            return state.isWorking ? .wait : .work
        }
        switch next {
        case .wait, .nothing: return
        case .refuse: found(.failure(.unresolved(SystemError("resolve \(host.host)", code: EAGAIN))))
        case .work:
            do throws(SystemError) {
                try LoopThread.attempt(LoopThread.Body { self.work() }, name: "resolver").detach()
            } catch {
                refuseAll(error)
            }
        }
    }

    private func refuseAll(_ error: SystemError) {
        let refused = state.withLock { state in
            defer { state.waiting = [] }
            state.isWorking = false
            return state.waiting
        }
        for entry in refused { entry.found(.failure(.unresolved(error))) }
    }

    /// Names that wait are not looked up any more. Does not wait for the one that is.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            state.waiting = []
        }
    }

    private func work() {
        while let next = next() {
            let answer = lookUp(next.host)
            if !state.withLock({ $0.isClosed }) { next.found(answer) }
        }
    }

    private func next() -> (host: HostPort, found: @Sendable (Answer) -> Void)? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.isWorking = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}

extension HostPort {
    /// The same as `resolve`, which blocks no thread of Swift's when the host is a name.
    public func addresses() async throws(AddressError) -> [SocketAddress] {
        if let numeric { return [numeric] }
        let answer = await withCheckedContinuation { continuation in
            HostResolver().ask(self) { continuation.resume(returning: $0) }
        }
        return try answer.get()
    }
}
