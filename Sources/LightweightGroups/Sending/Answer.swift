import Synchronization

/// What a task waits for and the loop gives once.
final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(UnsafeContinuation<Result<Value, GroupError>, Never>)
        case resolved(Result<Value, GroupError>)
        case taken
    }
    private let state = Mutex(State.open)

    /// The first call counts; later ones, such as a seat that is lost after its flush returned, change nothing.
    func resolve(_ result: Result<Value, GroupError>) { _ = give(result) }

    /// The same, and tells whether this was the first: else nobody has the value.
    func give(_ result: Result<Value, GroupError>) -> Bool {
        let (isFirst, continuation) = state.withLock {
            state -> (Bool, UnsafeContinuation<Result<Value, GroupError>, Never>?) in
            switch state {
            case .open:
                state = .resolved(result)
                return (true, nil)
            case .waiting(let continuation):
                state = .taken
                return (true, continuation)
            case .resolved, .taken:
                return (false, nil)
            }
        }
        continuation?.resume(returning: result)
        return isFirst
    }

    var isResolved: Bool {
        state.withLock { state in
            switch state {
            case .open, .waiting: false
            case .resolved, .taken: true
            }
        }
    }

    /// Once. A cancelled task gets `cancelled`; the request goes on.
    func value() async throws(GroupError) -> Value {
        let given = await withTaskCancellationHandler {
            await result()
        } onCancel: {
            resolve(.failure(.cancelled))
        }
        return try given.get()
    }

    /// The same for what comes in any case, and soon: a cancelled task waits for it, too.
    func result() async -> Result<Value, GroupError> {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<Value, GroupError>, Never>) in
            let ready = state.withLock { state -> Result<Value, GroupError>? in
                if case .resolved(let result) = state {
                    state = .taken
                    return result
                }
                state = .waiting(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}

/// Answers by number, for messages whose number is not known when they are taken.
final class Tickets: Sendable {
    private struct Open {
        let answer: Answer<UInt64>
        let group: Group
    }
    private let state = Mutex<(next: UInt64, open: [UInt64: Open])>((0, [:]))

    func issue(_ answer: Answer<UInt64>, of group: Group) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.open[state.next] = Open(answer: answer, group: group)
            return state.next
        }
    }

    func withdraw(_ ticket: UInt64) { _ = state.withLock { $0.open.removeValue(forKey: ticket) } }

    /// All seats are gone.
    func loseAll() {
        let open = state.withLock { state in
            defer { state.open = [:] }
            return state.open.values
        }
        for one in open { one.answer.resolve(.failure(one.group.notMember)) }
    }

    /// Ticket 0 is nobody's.
    func resolve(_ ticket: UInt64, _ result: Result<UInt64, GroupError>) {
        guard ticket != 0 else { return }
        state.withLock { $0.open.removeValue(forKey: ticket) }?.answer.resolve(result)
    }

    /// The message's seat is gone: the group knows why.
    func lose(_ ticket: UInt64) {
        guard ticket != 0, let lost = state.withLock({ $0.open.removeValue(forKey: ticket) }) else { return }
        lost.answer.resolve(.failure(lost.group.notMember))
    }
}
