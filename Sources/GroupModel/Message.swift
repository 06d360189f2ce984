/// The order of a message. All orders of one sender in one group keep the order in which it sent (O1).
public enum Order: UInt8, Hashable, Sendable, CaseIterable {
    /// fbcast: each sender's messages in the order sent.
    case fifo = 0
    /// cbcast. Reserved: refused until causal order exists.
    case causal = 1
    /// abcast, "agreed": one order at all members (O3).
    case total = 2
    /// Total, and delivered only when stable, or at the end of its view to the transitional set (S1).
    case safe = 3

    public var isOrdered: Bool { self == .total || self == .safe }
}

/// A datagram's bytes, written once and then shared: by the window that retransmits it, by the deliveries that
/// point into it, and by the sends to each member. Never changed after `seal`.
public final class Packet: @unchecked Sendable {
    public let bytes: UnsafeMutableRawPointer
    public let capacity: Int
    /// Bytes in use. Written only by whoever fills the packet, before it is shared, so that no look at it needs a guard.
    @exclusivity(unchecked)
    public var count: Int
    /// What the bytes are a part of: this packet's own room, or what somebody else keeps.
    private let owner: AnyObject

    /// The bytes stand behind an object's header, whose place does not change. On Linux `UnsafeMutableRawPointer.allocate` asks
    /// for alignment, and takes three times as long for it.
    private final class Room: ManagedBuffer<Void, UInt8> {}

    public init(capacity: Int) {
        let room = Room.create(minimumCapacity: max(capacity, 8)) { _ in }
        bytes = room.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
        self.capacity = capacity
        count = 0
        owner = room
    }

    /// Shares bytes that stay valid and unchanged as long as `owner` lives.
    public init(sharing source: UnsafeRawBufferPointer, of owner: AnyObject) {
        // Never written: who writes a packet has allocated it.
        bytes = UnsafeMutableRawPointer(mutating: source.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!)
        capacity = source.count
        count = source.count
        self.owner = owner
    }

    /// Shares what `owner` keeps valid; copies what is only borrowed.
    public convenience init(_ source: UnsafeRawBufferPointer, keeping owner: AnyObject?) {
        if let owner, source.baseAddress != nil {
            self.init(sharing: source, of: owner)
        } else {
            self.init(copying: source)
        }
    }

    public convenience init(copying source: UnsafeRawBufferPointer) {
        self.init(capacity: source.count)
        if let base = source.baseAddress { bytes.copyMemory(from: base, byteCount: source.count) }
        count = source.count
    }

    public convenience init(_ array: [UInt8]) {
        self.init(capacity: array.count)
        array.withUnsafeBytes { if let base = $0.baseAddress { bytes.copyMemory(from: base, byteCount: $0.count) } }
        count = array.count
    }

    public var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }
}

/// One message of a run that is multicast together: a range of the run's bytes.
public struct OutgoingMessage: Sendable {
    public var offset: Int
    public var count: Int
    public var order: Order
    /// The sender's own mark; 0 when it does not ask for the number.
    public var ticket: UInt64
    public init(offset: Int, count: Int, order: Order, ticket: UInt64) {
        self.offset = offset
        self.count = count
        self.order = order
        self.ticket = ticket
    }
}

/// What became of a run of messages.
public struct RunOutcome: Hashable, Sendable {
    /// The first so many were taken, with consecutive numbers from `first` on.
    public var taken: Int
    public var first: UInt64
    /// What became of the next one, when the run ended there: `accepted` is taken as well, with its own number if it has
    /// one already.
    public var stop: SendOutcome?
    public init(taken: Int = 0, first: UInt64 = 0, stop: SendOutcome?) {
        self.taken = taken
        self.first = first
        self.stop = stop
    }
}

/// One datagram to one node. Runs of equal-sized packets to the same node may leave in one system call.
public struct Transmission: Sendable {
    public let packet: Packet
    public let to: MemberID
    public init(packet: Packet, to: MemberID) {
        self.packet = packet
        self.to = to
    }
}

/// One delivered message of a heavyweight group, pointing into a packet that the batch keeps alive.
///
/// Plain data: appending one neither allocates nor counts references.
public struct MessageSlice: @unchecked Sendable {
    public var start: UnsafeRawPointer
    public var length: UInt32
    /// What the layer above the sender's heavyweight group gave with the message.
    public var label: UInt32
    /// The sender's count of messages, never restarted within an incarnation.
    public var number: UInt64
    /// The sender's rank in the heavyweight view of delivery.
    public var sender: UInt16
    public var order: Order
    /// The message was sent through `control`, by the layer above for itself.
    public var isControl: Bool
    /// A safe message delivered at its view's end, to the transitional set; or a control message delivered there without
    /// an order record, or after an order record was skipped: those who do not come along may have seen another order.
    public var isTransitional: Bool

    public init(
        start: UnsafeRawPointer, length: UInt32, label: UInt32, number: UInt64, sender: UInt16, order: Order,
        isControl: Bool, isTransitional: Bool
    ) {
        self.start = start
        self.length = length
        self.label = label
        self.number = number
        self.sender = sender
        self.order = order
        self.isControl = isControl
        self.isTransitional = isTransitional
    }

    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: Int(length)) }
}

/// Deliveries of one turn: the slices, and the packets that keep them alive.
///
/// Reused from turn to turn. One reference is taken per packet, none per message.
public struct MessageBatch: Sendable {
    public var slices: [MessageSlice] = []
    public var packets: [Packet] = []
    public init() {}
    public mutating func removeAll() {
        if !slices.isEmpty { slices.removeAll(keepingCapacity: true) }
        if !packets.isEmpty { packets.removeAll(keepingCapacity: true) }
    }
    /// Keeps `packet` alive for the batch. Appending the same packet twice in a row counts once.
    public mutating func keep(_ packet: Packet) {
        if let last = packets.last, last === packet { return }
        packets.append(packet)
    }
}
