import GroupModel
import Synchronization

/// One bounded sequence of batches over many groups, with views in their place: for thousands of groups, or millions
/// of messages a second. One consumer, one node.
///
/// A consumer that does not keep up stops the node from taking data, and so the senders: see `GroupNode`.
public final class Inbox: Sendable {
    private struct State: ~Copyable {
        var batches = Fifo<InboxBatch>(keepsMemory: true)
        var load = QueueLoad()
        var waiting = WaitList()
        var bounds: QueueBounds
        var isFinished = false
        var owner: ObjectIdentifier?
        var relieved: (@Sendable () -> Void)?
    }
    private let state: Mutex<State>
    private let messages: Int?
    private let bytes: Int?

    /// - Parameters:
    ///   - messages: bound on queued messages; nil takes the node's `queueMessages`.
    ///   - bytes: bound on queued bytes, those of views too (256 each, and 32 for each member); nil takes the node's `queueBytes`.
    public init(messages: Int? = nil, bytes: Int? = nil) {
        self.messages = messages
        self.bytes = bytes
        state = Mutex(State(bounds: QueueBounds(messages: .max, bytes: .max)))
    }

    /// The next batch: what one turn of the node's loop delivered. Suspends while there is none; nil when the node
    /// has stopped and everything was read, and when the task is cancelled.
    public func nextBatch() async -> InboxBatch? {
        while true {
            switch take() {
            case .batch(let batch): return batch
            case .finished: return nil
            case .empty: await sleep()
            }
            if Task.isCancelled { return nil }
        }
    }

    private enum Taken {
        case batch(InboxBatch)
        case empty
        case finished
    }

    private func take() -> Taken {
        let (taken, relieved) = state.withLock { state -> (Taken, (@Sendable () -> Void)?) in
            guard let batch = state.batches.popFirst() else {
                return (state.isFinished ? .finished : .empty, nil)
            }
            let isRelieved = state.load.remove(
                messages: batch.load.messages, bytes: batch.load.bytes, within: state.bounds)
            return (.batch(batch), isRelieved ? state.relieved : nil)
        }
        relieved?()
        return taken
    }

    private func sleep() async {
        let id = state.withLock { $0.waiting.newID() }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isThere = state.withLock { state in
                    if !state.batches.isEmpty || state.isFinished || Task.isCancelled { return true }
                    state.waiting.add(id, continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.remove(id) }?.resume()
        }
    }

    /// Places for batches, those of batches that were read too.
    var length: Int { state.withLock { $0.batches.length } }

    // MARK: The node's side

    /// Makes the inbox a node's, again and again; false when it is another's.
    func claim(for owner: ObjectIdentifier, bounds: QueueBounds) -> Bool {
        state.withLock { state in
            guard state.owner == nil || state.owner == owner else { return false }
            state.owner = owner
            state.bounds = QueueBounds(messages: messages ?? bounds.messages, bytes: bytes ?? bounds.bytes)
            return true
        }
    }

    /// Who is told when the queue, having been over its bounds, has room again.
    func relieve(_ relieved: @escaping @Sendable () -> Void) { state.withLock { $0.relieved = relieved } }

    /// True when the queue is over its bounds now.
    func push(_ turn: TurnBatch) -> Bool {
        let batch = InboxBatch(turn)
        let (isOver, sleepers) = state.withLock { state in
            state.batches.append(batch)
            state.load.add(messages: batch.load.messages, bytes: batch.load.bytes, within: state.bounds)
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

extension Inbox: AsyncSequence {
    public typealias Element = InboxBatch
    public typealias Failure = Never
    public struct AsyncIterator: AsyncIteratorProtocol {
        let inbox: Inbox
        public mutating func next() async -> InboxBatch? { await inbox.nextBatch() }
    }
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inbox: self) }
}

/// What one turn of the loop delivered to an inbox. It keeps its packets alive; entries are plain data.
public struct InboxBatch: Sendable {
    @usableFromInline let turn: TurnBatch
    let load: (messages: Int, bytes: Int)
    init(_ turn: TurnBatch) {
        self.turn = turn
        load = turn.load
    }

    public var steps: [BatchStep] { turn.steps }
    /// Messages in all steps.
    public var count: Int { turn.slices.count }
    public func entry(at index: Int) -> BatchEntry { BatchEntry(slice: turn.slices[index]) }

    /// Reads one entry's bytes in place; the pointer is valid within `body`.
    @inlinable
    public func withBytes<T, E: Error>(
        of entry: BatchEntry, _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T {
        defer { withExtendedLifetime(turn) {} }
        return try body(entry.slice.bytes)
    }

    /// Reads all messages in place, in order, skipping the other steps: the fastest way through.
    @inlinable
    public func forEachMessage<E: Error>(
        _ body: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        defer { withExtendedLifetime(turn) {} }
        try turn.forEachMessage(body)
    }

    /// The group of an entry of this batch.
    public func group(of entry: BatchEntry) -> Group { turn.group(of: entry) }

    /// The sender of the entry at `index`, by the view that its seat is in at that place.
    public func sender(ofEntryAt index: Int) -> EndpointID { turn.sender(ofEntryAt: index) }
}
