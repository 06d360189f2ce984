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
    /// Bytes in use. Written only by whoever fills the packet, before it is shared.
    public var count: Int

    public init(capacity: Int) {
        bytes = .allocate(byteCount: max(capacity, 8), alignment: 16)
        self.capacity = capacity
        count = 0
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

    deinit { bytes.deallocate() }

    public var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }
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
        slices.removeAll(keepingCapacity: true)
        packets.removeAll(keepingCapacity: true)
    }
    /// Keeps `packet` alive for the batch. Appending the same packet twice in a row counts once.
    public mutating func keep(_ packet: Packet) {
        if let last = packets.last, last === packet { return }
        packets.append(packet)
    }
}
