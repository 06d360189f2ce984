/// What one turn of the loop delivered over many groups, borrowed by a handler (`LoopBatch`) or kept by an inbox
/// (`InboxBatch`): for code that serves both.
public protocol DeliveredBatch: ~Copyable {
    /// Runs of messages over any groups, with views and the rest in their place.
    var steps: [BatchStep] { get }
    /// Messages in all steps.
    var count: Int { get }
    /// The entry that a range of a `messages` step names.
    borrowing func entry(at index: Int) -> BatchEntry
    /// Reads one entry's bytes in place; the pointer is valid within `body`.
    borrowing func withBytes<T, E: Error>(
        of entry: BatchEntry, _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T
    /// Reads all messages in place, in order, skipping the other steps: the fastest way through.
    borrowing func forEachMessage<E: Error>(
        _ body: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E)
    /// The group of an entry of this batch.
    borrowing func group(of entry: BatchEntry) -> Group
    /// The sender of the entry at `index`, by the view that its seat is in at that place.
    borrowing func sender(ofEntryAt index: Int) -> EndpointID
}

extension DeliveredBatch where Self: ~Copyable {
    /// Goes through all steps in order: `message` for each message, its bytes in place, and `event` for the rest.
    @inlinable
    public borrowing func walk<E: Error>(
        message: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void,
        event: (Group, GroupEvent) throws(E) -> Void
    ) throws(E) {
        for step in steps {
            switch step {
            case .messages(let range):
                for index in range {
                    let entry = entry(at: index)
                    try withBytes(of: entry) { (bytes) throws(E) in try message(entry, bytes) }
                }
            case .event(let group, let what): try event(group, what)
            }
        }
    }
}

extension InboxBatch: DeliveredBatch {}
extension LoopBatch: DeliveredBatch {}
