/// One endpoint's membership in one light-weight group, as a dense number of this node: an array index, never on the wire.
///
/// A handle is not used again before its `left` has been read.
public struct SeatHandle: Hashable, Comparable, Sendable {
    public let index: UInt32
    public init(index: UInt32) { self.index = index }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.index < rhs.index }
}

/// One message delivered to one seat, pointing into a packet that the batch keeps alive. Plain data.
public struct LWGSlice: @unchecked Sendable {
    public var start: UnsafeRawPointer
    public var length: UInt32
    public var seat: SeatHandle
    /// The sender's count of messages; with the sender it names the message for ever (`m` in traces).
    public var number: UInt64
    /// The sender's rank in the light-weight view that this seat is in at this place of the event sequence.
    public var sender: UInt16
    public var order: Order
    public var isTransitional: Bool

    public init(
        start: UnsafeRawPointer, length: UInt32, seat: SeatHandle, number: UInt64, sender: UInt16, order: Order,
        isTransitional: Bool
    ) {
        self.start = start
        self.length = length
        self.seat = seat
        self.number = number
        self.sender = sender
        self.order = order
        self.isTransitional = isTransitional
    }

    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: Int(length)) }
}

/// What the light-weight layer tells the seats of one node, in order.
public enum LWGEvent: Hashable, Sendable {
    /// A join was accepted: `seat` is the handle for everything that follows. Its first view comes later.
    case seated(SeatHandle, endpoint: ShortName, group: String)
    case indication(SeatHandle, Indication<EndpointID>)
    /// The next `count` slices, over any seats.
    case messages(count: Int)
    /// The light-weight views that follow, until the next such event, are carried by this heavyweight view.
    case carrier(HWGID, ViewID)
    /// The seat's HoldOK was given, by the application or for it. Only where holds are reported (traces).
    case holdAnswered(SeatHandle, ViewID)
    /// After a multicast was refused as `full` on this heavyweight group: there is room again.
    case writable(HWGID)
    /// Where a group is mapped: at its first view here and whenever that changes.
    case mapped(SeatHandle, HWGID, version: UInt64)
    /// A request could not be done; nothing changed.
    case refused(endpoint: ShortName, group: String, LWGRefusal)
}

public enum LWGRefusal: Hashable, Sendable {
    case alreadyJoined
    case notAMember
    /// Another group's name has the same 64-bit hash.
    case nameCollision(with: String)
    /// Empty, over 255 bytes.
    case badName
    case tooManyGroups
    case tooManySeats
    case orderNotSupported
    case messageTooLarge
}

/// Indications of one turn from the light-weight layer to all seats of the node, and the messages they count.
public struct LWGIndications: Sendable {
    public var events: [LWGEvent] = []
    public var slices: [LWGSlice] = []
    public var packets: [Packet] = []
    public init() {}
    public var isEmpty: Bool { events.isEmpty }
    public mutating func removeAll() {
        if !events.isEmpty { events.removeAll(keepingCapacity: true) }
        if !slices.isEmpty { slices.removeAll(keepingCapacity: true) }
        if !packets.isEmpty { packets.removeAll(keepingCapacity: true) }
    }
    public mutating func append(_ other: LWGIndications) {
        events.append(contentsOf: other.events)
        slices.append(contentsOf: other.slices)
        packets.append(contentsOf: other.packets)
    }
    public mutating func delivered(count: Int) {
        guard count > 0 else { return }
        if case .messages(let before) = events.last {
            events[events.count - 1] = .messages(count: before + count)
        } else {
            events.append(.messages(count: count))
        }
    }
}
