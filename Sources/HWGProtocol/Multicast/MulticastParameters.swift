import GroupModel

/// What the multicast machines of one view are told.
///
/// Members may differ, except that nobody's window and reserve together may be larger than another's ring: a member
/// keeps that many packets of each stream for those that miss them.
public struct MulticastParameters: Sendable, Hashable {
    /// One datagram, header included. Seven of the default are the largest send that the kernel segments.
    public var packetBytes = Limits.packetBytes
    /// Packets of mine that some unsuspected member has not acknowledged, or I have not delivered to myself.
    public var windowPackets = 64
    /// The same in bytes: about what two receivers' buffers of the usual size hold.
    public var windowBytes = 512 * 1024
    /// Packets beyond the window for control messages and order records, so that a full window of data can block
    /// neither a flush nor the total order.
    public var controlReservePackets = 64
    /// How long a gap may be a reordering before it is taken for a loss.
    public var reorderDelay: Interval = .microseconds(500)
    /// When an unanswered request for packets is repeated; doubled each time, at most 32-fold.
    public var nackInterval: Interval = .milliseconds(5)
    /// Packets one request asks for: about what a receiver's buffer of the usual size (212,992 bytes) holds, so that
    /// the repair of an overrun does not overrun it again.
    public var nackPackets = 16
    /// Packets of one sender after which it is told at once; at most a quarter of the window.
    public var acknowledgeEvery = 16
    /// After which all members are told of what came.
    public var acknowledgeDelay: Interval = .milliseconds(5)
    /// How long a sender waits for acknowledgements before it announces its highest number again (a lost tail leaves
    /// no gap). A quarter of it when the window is full. Doubled each time, at most 32-fold.
    public var tailRepairInterval: Interval = .milliseconds(12)
    /// Packets of one point-to-point channel that are not acknowledged.
    public var directWindowPackets = 32
    /// Bytes that wait for a point-to-point channel before it refuses; one message is always taken.
    public var directQueueBytes = 256 * 1024

    public init() {}

    /// Sealed packets leave when this much is collected: just below the largest segmented send.
    static let emitBytes = 56 * 1024
    /// The largest factor of a repeated repair's interval.
    static let backOffDoublings = 5

    /// With every value in the range that the machines can work with.
    var bounded: Self {
        var copy = self
        copy.packetBytes = min(max(packetBytes, 256), Limits.datagramBytes) & ~3
        copy.windowPackets = min(max(windowPackets, 1), Limits.windowPackets)
        copy.windowBytes = max(windowBytes, copy.packetBytes)
        copy.controlReservePackets = min(max(controlReservePackets, 1), Limits.windowPackets)
        copy.nackPackets = min(max(nackPackets, 1), NegativeAcknowledgeFrame.rangeLimit)
        // A window that is full before its receivers acknowledge would wait for their delay.
        let quarter = min(copy.windowPackets, copy.windowBytes / copy.packetBytes) / 4
        copy.acknowledgeEvery = max(min(acknowledgeEvery, quarter), 1)
        copy.directWindowPackets = min(max(directWindowPackets, 1), 1024)
        copy.nackInterval = max(nackInterval, .microseconds(1))
        copy.tailRepairInterval = max(tailRepairInterval, .microseconds(4))
        return copy
    }

    /// Packets of one stream that a member keeps: the window and the reserve, as a power of two.
    var ringPackets: Int {
        var size = 2
        while size < windowPackets + controlReservePackets { size *= 2 }
        return size
    }
}

/// What the multicast machines of one view counted, for metrics.
public struct MulticastCounters: Sendable, Hashable {
    public var packetsSent: UInt64 = 0
    public var packetsReceived: UInt64 = 0
    public var retransmitted: UInt64 = 0
    public var negativeAcknowledgesSent: UInt64 = 0
    public var negativeAcknowledgesReceived: UInt64 = 0
    public var acknowledgesSent: UInt64 = 0
    public var acknowledgesReceived: UInt64 = 0
    public var probesSent: UInt64 = 0
    /// Packets that were here already.
    public var duplicates: UInt64 = 0
    /// Packets beyond what the stream's ring holds, or of a view that is frozen and outside its cut.
    public var outOfWindow: UInt64 = 0
    /// Requests for packets that are no longer, or were never, here.
    public var notHeld: UInt64 = 0
    /// Frames with nonsense in them.
    public var malformed: UInt64 = 0
    /// Messages whose fragments did not fit together: a faulty sender.
    public var brokenMessages: UInt64 = 0
    public var directsSent: UInt64 = 0
    public var directsRepeated: UInt64 = 0
    public init() {}

    public static func + (lhs: Self, rhs: Self) -> Self {
        var sum = lhs
        sum.packetsSent &+= rhs.packetsSent
        sum.packetsReceived &+= rhs.packetsReceived
        sum.retransmitted &+= rhs.retransmitted
        sum.negativeAcknowledgesSent &+= rhs.negativeAcknowledgesSent
        sum.negativeAcknowledgesReceived &+= rhs.negativeAcknowledgesReceived
        sum.acknowledgesSent &+= rhs.acknowledgesSent
        sum.acknowledgesReceived &+= rhs.acknowledgesReceived
        sum.probesSent &+= rhs.probesSent
        sum.duplicates &+= rhs.duplicates
        sum.outOfWindow &+= rhs.outOfWindow
        sum.notHeld &+= rhs.notHeld
        sum.malformed &+= rhs.malformed
        sum.brokenMessages &+= rhs.brokenMessages
        sum.directsSent &+= rhs.directsSent
        sum.directsRepeated &+= rhs.directsRepeated
        return sum
    }
}
