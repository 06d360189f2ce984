import GroupModel

/// One bounded sequence of batches over many groups, with views in their place: for thousands of groups, or millions
/// of messages a second. One consumer.
///
/// A consumer that does not keep up stops the node from taking data, and so the senders: see `GroupNode`.
public final class Inbox: Sendable {
    /// - Parameters:
    ///   - messages: bound on queued messages; nil takes the node's `queueMessages`.
    ///   - bytes: bound on queued bytes; nil takes the node's `queueBytes`.
    public init(messages: Int? = nil, bytes: Int? = nil) { fatalError() }

    /// The next batch: what one turn of the node's loop delivered. Suspends while there is none; nil when the node
    /// has stopped and everything was read, and when the task is cancelled.
    public func nextBatch() async -> InboxBatch? { fatalError() }
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
    public var steps: [BatchStep] { fatalError() }
    public var entries: [BatchEntry] { fatalError() }
    /// Messages in all steps.
    public var count: Int { fatalError() }

    /// Reads one entry's bytes in place; the pointer is valid within `body`.
    public func withBytes<T, E: Error>(
        of entry: BatchEntry, _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T { fatalError() }

    /// Reads all messages in place, in order, skipping the other steps: the fastest way through.
    public func forEachMessage<E: Error>(
        _ body: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) { fatalError() }

    /// The group of an entry of this batch.
    public func group(of entry: BatchEntry) -> Group { fatalError() }

    /// The sender of the entry at `index`, by the view that its seat is in at that place.
    public func sender(ofEntryAt index: Int) -> EndpointID { fatalError() }
}
