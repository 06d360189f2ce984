import GroupModel

/// A light-weight group's view as one seat is told of it: one indication per group and view.
public struct GroupView: Hashable, Sendable {
    /// View, joined, left, transitional set, previous view, sub-views after a merge, and whether it is primary.
    public let change: ViewChange<EndpointID>
    /// The heavyweight group and view that carry it.
    public let hwg: HWGID
    public let hwgView: ViewID

    public var id: ViewID { change.view.id }
    /// Ranked, oldest first.
    public var members: [EndpointID] { change.view.members }
    public var joined: [EndpointID] { change.joined }
    public var left: [EndpointID] { change.left }
    public var previous: ViewID? { change.previous }
    public var transitional: [EndpointID] { change.transitional }
    public var isPrimary: Bool { change.primary }
    public var isUnchanged: Bool { change.unchanged }

    public init(change: ViewChange<EndpointID>, hwg: HWGID, hwgView: ViewID) {
        self.change = change
        self.hwg = hwg
        self.hwgView = hwgView
    }
}

/// A message delivered to one seat. It owns its bytes: several messages of one turn share one buffer.
public struct GroupMessage: Sendable {
    public let sender: EndpointID
    /// The sender's count of messages in this group's node life; `sender#number` names the message for ever.
    public let number: UInt64
    public let order: Order
    /// A safe message delivered at its view's end, to the transitional set (S1).
    public let isTransitional: Bool
    /// Sent with `send(to:)`, to this seat alone.
    public let isDirect: Bool
    private let packet: Packet
    private let offset: Int
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
    /// Stop sending in this view, then answer `holdOK` with its ID. Only where Holds are explicit.
    case hold(ViewID)
    /// After `wouldBlock`: try again.
    case writable
    /// Where the group is mapped: before its first view here, and whenever that changes.
    case mapped(HWGID, version: UInt64)
    /// The seat is gone; the sequence ends.
    case left(LeftReason)
}
