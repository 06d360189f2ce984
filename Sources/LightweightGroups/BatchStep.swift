import GroupModel

/// One message in a batch: plain data, no reference. Its bytes are read through the batch, which keeps them alive;
/// hence an entry may cross threads although it holds a pointer.
public struct BatchEntry: @unchecked Sendable {
    @usableFromInline let slice: LWGSlice
    @inlinable init(slice: LWGSlice) { self.slice = slice }

    /// The seat's number on this node, dense and stable while the seat lives: an index for one's own tables.
    @inlinable public var seat: Int { Int(slice.seat.index) }
    @inlinable public var count: Int { Int(slice.length) }
    /// The sender's count of messages.
    @inlinable public var number: UInt64 { slice.number }
    /// The sender's rank in the view that the seat is in at this place of the batch.
    @inlinable public var senderRank: Rank { Int(slice.sender) }
    @inlinable public var order: Order { slice.order }
    @inlinable public var isTransitional: Bool { slice.isTransitional }
}

extension GroupEvent {
    /// Bytes that it keeps from being freed, about: a queue is bounded in them.
    var heldBytes: Int {
        switch self {
        case .view(let view): Self.viewBytes + view.members.count * MemoryLayout<EndpointID>.stride
        case .message(let message): MemoryLayout<GroupEvent>.stride + message.count
        case .hold, .writable, .mapped, .left: MemoryLayout<GroupEvent>.stride
        }
    }

    /// A view without its members: a step, the record of the seat, and the arrays' headers.
    private static let viewBytes = 256

    /// A point-to-point message counts as the others do.
    var isMessage: Bool { if case .message = self { true } else { false } }
}

/// A batch is a list of steps, in order: runs of messages over any groups, with views and the rest in their place.
public enum BatchStep: Sendable {
    /// The entries at these indices.
    case messages(Range<Int>)
    /// Never `.message`, but for point-to-point messages.
    case event(Group, GroupEvent)
}
