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
    func resolve(_ result: Result<Value, GroupError>) {
        let continuation = state.withLock { state -> UnsafeContinuation<Result<Value, GroupError>, Never>? in
            switch state {
            case .open:
                state = .resolved(result)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .resolved, .taken:
                return nil
            }
        }
        continuation?.resume(returning: result)
    }

    /// Once. A cancelled task gets `cancelled`; the request goes on.
    func value() async throws(GroupError) -> Value {
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
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
        } onCancel: {
            resolve(.failure(.cancelled))
        }
        return try result.get()
    }
}

/// Answers by number, for messages whose number is not known when they are taken.
final class Tickets: Sendable {
    private let state = Mutex<(next: UInt64, open: [UInt64: Answer<UInt64>])>((0, [:]))

    func issue(_ answer: Answer<UInt64>) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.open[state.next] = answer
            return state.next
        }
    }

    func withdraw(_ ticket: UInt64) { _ = state.withLock { $0.open.removeValue(forKey: ticket) } }

    /// Nothing more will be answered.
    func failAll(_ failure: GroupError) {
        let open = state.withLock { state in
            defer { state.open = [:] }
            return state.open.values
        }
        for answer in open { answer.resolve(.failure(failure)) }
    }

    /// Ticket 0 is nobody's.
    func resolve(_ ticket: UInt64, _ result: Result<UInt64, GroupError>) {
        guard ticket != 0 else { return }
        state.withLock { $0.open.removeValue(forKey: ticket) }?.resolve(result)
    }
}
