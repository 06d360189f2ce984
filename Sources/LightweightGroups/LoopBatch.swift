import GroupModel

/// What one turn delivered to a handler on the loop: borrowed, valid during the call.
///
/// The handler runs between reading the network and sleeping. It must not block; `Group.tryMulticast` from within
/// reaches the protocol core at once.
public struct LoopBatch: ~Copyable {
    public var steps: [BatchStep] { fatalError() }
    /// Messages in all steps.
    public var count: Int { fatalError() }

    public borrowing func entry(at index: Int) -> BatchEntry { fatalError() }

    /// Reads one entry's bytes in place; the pointer is valid within `body`.
    public borrowing func withBytes<T, E: Error>(
        of entry: BatchEntry, _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T { fatalError() }

    /// Reads all messages in place, in order, skipping the other steps: the fastest way through.
    public borrowing func forEachMessage<E: Error>(
        _ body: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) { fatalError() }

    public borrowing func group(of entry: BatchEntry) -> Group { fatalError() }

    /// The sender of the entry at `index`, by the view that its seat is in at that place.
    public borrowing func sender(ofEntryAt index: Int) -> EndpointID { fatalError() }
}

/// Runs on the node's loop once per turn that delivered something to its groups.
public typealias BatchHandler = @Sendable (borrowing LoopBatch) -> Void
