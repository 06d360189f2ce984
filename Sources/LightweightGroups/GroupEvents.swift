/// A group's events, bounded in messages and bytes (`queueMessages`, `queueBytes`). One consumer.
///
/// A consumer that does not keep up stops the node from taking data, and so the senders: see `GroupNode`.
public struct GroupEvents: AsyncSequence, Sendable {
    public typealias Element = GroupEvent
    public typealias Failure = Never
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// Nil after `left`, and when the task is cancelled.
        public mutating func next() async -> GroupEvent? { fatalError() }
        public mutating func next(isolation actor: isolated (any Actor)?) async -> GroupEvent? { fatalError() }
    }
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
