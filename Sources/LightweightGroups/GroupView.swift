import GroupModel

/// A light-weight group's view as one seat is told of it: one indication per group and view.
public struct GroupView: Hashable, Sendable {
    /// View, joined, left, transitional set, previous view, sub-views after a merge, and whether it is primary.
    public let change: ViewChange<EndpointID>
    /// The heavyweight group and view that carry it.
    public let hwg: HWGID
    /// The members' nodes are all in it (L1).
    public let hwgView: ViewID

    /// The same at all members, and larger than that of the view before.
    public var id: ViewID { change.view.id }
    /// Ranked, oldest first.
    public var members: [EndpointID] { change.view.members }
    /// Members that were not in this seat's view before; all of them in its first view.
    public var joined: [EndpointID] { change.joined }
    /// Members of the view before that are not in this one, or came another way.
    public var left: [EndpointID] { change.left }
    /// This seat's view before; nil in its first.
    public var previous: ViewID? { change.previous }
    /// The members that come together with this seat from its view before, and delivered the same there (D4).
    public var transitional: [EndpointID] { change.transitional }
    /// Whether it is the one primary view: of a partition's sides at most one has it (M7).
    public var isPrimary: Bool { change.primary }
    /// The members are those of the view before: a flush held the group, and nobody came or went.
    public var isUnchanged: Bool { change.unchanged }

    /// For tests of what consumes views.
    public init(change: ViewChange<EndpointID>, hwg: HWGID, hwgView: ViewID) {
        self.change = change
        self.hwg = hwg
        self.hwgView = hwgView
    }
}

/// A message delivered to one seat. It owns its bytes: several messages of one turn share one buffer.
public struct GroupMessage: Sendable {
    /// A member of the view that the message is delivered in.
    public let sender: EndpointID
    /// The sender's count of messages in this group's node life; `sender#number` names the message for ever.
    public let number: UInt64
    /// As its sender chose it; `fifo` for point-to-point messages.
    public let order: Order
    /// A safe message delivered at its view's end, to the transitional set (S1).
    public let isTransitional: Bool
    /// Sent with `send(to:)`, to this seat alone.
    public let isDirect: Bool
    private let packet: Packet
    private let offset: Int
    /// Bytes.
    public let count: Int

    init(
        sender: EndpointID, number: UInt64, order: Order, isTransitional: Bool, isDirect: Bool, packet: Packet,
        offset: Int, count: Int
    ) {
        self.sender = sender
        self.number = number
        self.order = order
        self.isTransitional = isTransitional
        self.isDirect = isDirect
        self.packet = packet
        self.offset = offset
        self.count = count
    }

    /// A copy of the bytes.
    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// Reads the bytes in place; the pointer is valid within `body`.
    public func withUnsafeBytes<T, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T {
        try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(packet.bytes) + offset, count: count))
    }
}

/// What a seat is told, in order. The first event is always the view.
public enum GroupEvent: Sendable {
    /// A new view; all messages of the previous one precede it.
    case view(GroupView)
    case message(GroupMessage)
    /// The view is about to change: send what must go in it, then answer `holdOK` with its ID before `holdDeadline` is over.
    /// Only where Holds are explicit.
    case hold(ViewID)
    /// After `wouldBlock`: try again.
    case writable
    /// Where the group is mapped: before its first view here, and whenever that changes.
    case mapped(HWGID, version: UInt64)
    /// The seat is gone, and why; the sequence ends.
    case left(LeftReason)
}
