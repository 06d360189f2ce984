import GroupModel

/// What one turn delivered to a handler on the loop: borrowed, valid during the call.
///
/// The handler runs between reading the network and sleeping. It must not block; `Group.tryMulticast` from within
/// reaches the protocol core at once.
public struct LoopBatch: ~Copyable {
    @usableFromInline let turn: TurnBatch
    init(_ turn: TurnBatch) { self.turn = turn }

    public var steps: [BatchStep] { turn.steps }
    /// Messages in all steps.
    public var count: Int { turn.slices.count }

    public borrowing func entry(at index: Int) -> BatchEntry { BatchEntry(slice: turn.slices[index]) }

    /// Reads one entry's bytes in place; the pointer is valid within `body`.
    @inlinable
    public borrowing func withBytes<T, E: Error>(
        of entry: BatchEntry, _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T { try body(entry.slice.bytes) }

    /// Reads all messages in place, in order, skipping the other steps: the fastest way through.
    @inlinable
    public borrowing func forEachMessage<E: Error>(
        _ body: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) { try turn.forEachMessage(body) }

    public borrowing func group(of entry: BatchEntry) -> Group { turn.group(of: entry) }

    /// The sender of the entry at `index`, by the view that its seat is in at that place.
    public borrowing func sender(ofEntryAt index: Int) -> EndpointID { turn.sender(ofEntryAt: index) }
}

/// Runs on the node's loop once per turn that delivered something to its groups.
public typealias BatchHandler = @Sendable (borrowing LoopBatch) -> Void
