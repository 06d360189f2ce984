import Synchronization

/// A group's events, bounded in messages and bytes (`queueMessages`, `queueBytes`). One consumer.
///
/// A consumer that does not keep up stops the node from taking data, and so the senders: see `GroupNode`.
public struct GroupEvents: AsyncSequence, Sendable {
    public typealias Element = GroupEvent
    public typealias Failure = Never
    let queue: EventQueue

    public struct AsyncIterator: AsyncIteratorProtocol {
        let queue: EventQueue
        // What was taken from the queue at once, so that one lock serves a whole turn's events.
        private var taken: ArraySlice<GroupEvent> = []

        init(queue: EventQueue) { self.queue = queue }

        /// Nil after `left`, and when the task is cancelled.
        public mutating func next() async -> GroupEvent? {
            if let event = taken.popFirst() { return event }
            taken = await queue.takeAll()
            return taken.popFirst()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: queue) }
}

/// The queue behind one group's events.
final class EventQueue: Sendable {
    private struct State: ~Copyable {
        var events: [GroupEvent] = []
        var load = QueueLoad()
        var waiting = WaitList()
        var isFinished = false
    }
    private let state = Mutex(State())
    private let bounds: QueueBounds
    private let relieved: @Sendable () -> Void

    init(bounds: QueueBounds, relieved: @escaping @Sendable () -> Void) {
        self.bounds = bounds
        self.relieved = relieved
    }

    /// A queue that has ended: of seats whose events go elsewhere.
    static func ended() -> EventQueue {
        let queue = EventQueue(bounds: QueueBounds(messages: 0, bytes: 0), relieved: {})
        queue.finish()
        return queue
    }

    /// Everything queued, at least one event; empty when the queue has ended or the task is cancelled.
    func takeAll() async -> ArraySlice<GroupEvent> {
        while true {
            let (events, isRelieved, isFinished) = state.withLock { state in
                var events: [GroupEvent] = []
                swap(&events, &state.events)
                let isRelieved = state.load.remove(
                    messages: state.load.messages, bytes: state.load.bytes, within: bounds)
                return (events, isRelieved, state.isFinished)
            }
            if isRelieved { relieved() }
            if !events.isEmpty { return events[...] }
            if isFinished || Task.isCancelled { return [] }
            await sleep()
        }
    }

    private func sleep() async {
        let id = state.withLock { $0.waiting.newID() }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isThere = state.withLock { state in
                    if !state.events.isEmpty || state.isFinished || Task.isCancelled { return true }
                    state.waiting.add(id, continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.remove(id) }?.resume()
        }
    }

    var queued: QueueLoad { state.withLock { $0.load } }

    /// True when the queue is over its bounds now.
    func push(_ events: [GroupEvent], messages: Int, bytes: Int) -> Bool {
        let (isOver, sleepers) = state.withLock { state -> (Bool, [UnsafeContinuation<Void, Never>]) in
            if state.isFinished { return (false, []) }
            state.events.append(contentsOf: events)
            state.load.add(messages: messages, bytes: bytes, within: bounds)
            return (state.load.isOver, state.waiting.takeAll())
        }
        for sleeper in sleepers { sleeper.resume() }
        return isOver
    }

    func finish() {
        let sleepers = state.withLock { state in
            state.isFinished = true
            return state.waiting.takeAll()
        }
        for sleeper in sleepers { sleeper.resume() }
    }
}
