import GroupModel
import GroupWire

/// Reliable multicast, total order, stability, flow control and point-to-point messages of one heavyweight view at one
/// member (design.md, section 5, "Reliable multicast" and "Total order").
///
/// The flow of a message: `multicast` packs it into the open packet of my stream; `turnEnded`, or a full packet, seals
/// it; then it is delivered to me like anybody's and leaves to each member. At a view change: `holdAnswered`, `freeze`,
/// `fill`, `deliverThrough`; after that the value only answers requests for packets, until its owner drops it.
public struct ViewStreams: Sendable {
    /// Each phase only leads to later ones.
    enum Phase: Int, Sendable, Comparable {
        /// Sends and delivers.
        case running
        /// HoldOK was given: sends nothing new of the layer above (F1), still receives and orders.
        case held
        /// The received vector was told: takes only what a cut names, and delivers nothing.
        case frozen
        /// The view's last messages are delivered.
        case ended
        static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    public let token: ViewToken
    let group: HWGID
    let view: View<MemberID>
    let me: Rank
    let header: FrameHeader
    let parameters: MulticastParameters
    /// Control messages wait for all that are not suspected, instead of a majority: any one of them may go on alone.
    let waitsForAll: Bool

    var phase = Phase.running
    /// The number that the next message of mine gets. Never restarted within an incarnation.
    public internal(set) var nextNumber: UInt64
    var builder: PacketBuilder
    var window: SendWindow
    var queue = SendQueue()
    /// Packets that are sealed and have not left: collected, so that a member's packets leave in one run.
    var outbox: [Packet] = []
    var outboxBytes = 0
    /// A multicast was refused as `full`, and `writable` has not been said since.
    var owesWritable = false

    var streams: [ReceiveStream]
    var matrix: AcknowledgementMatrix
    var schedule: AcknowledgeSchedule
    var probe = StabilityProbe()
    var flushes = FlushWaits()
    /// The earliest request for missing packets that may be due.
    var repairDeadline: Instant = .distantFuture
    var order: TotalOrder
    var pendingOrders: PendingOrders
    var directs: DirectChannels
    var suspected: [Bool]
    /// Control messages delivered: a prefix of one order at all members.
    public internal(set) var controlsDelivered: UInt64 = 0
    /// As many as the others were told of in a hurry.
    var controlsTold: UInt64 = 0
    /// What the view's survivors agreed to deliver, and whom to ask for it, once `fill` was called.
    var cut: [UInt64]?
    var holders: [Rank?] = []
    /// In a frozen view, per rank the packets that may be taken: what was received at that moment, and what cuts named.
    var allowed: [UInt64] = []
    public internal(set) var counters = MulticastCounters()

    /// `nextNumber` is the first message number to use; `me` must be in the view.
    public init(
        group: HWGID, view: View<MemberID>, me: MemberID, cluster: UInt32, parameters: MulticastParameters,
        nextNumber: UInt64, waitsForAll: Bool = false, now: Instant
    ) {
        guard let rank = view.rank(of: me) else { preconditionFailure("M1: a member is in its own view") }
        precondition(view.members.count <= Limits.viewMembers, "a view has at most \(Limits.viewMembers) members")
        let parameters = parameters.bounded
        let members = view.members.count
        self.group = group
        self.view = view
        self.me = rank
        self.parameters = parameters
        self.waitsForAll = waitsForAll && !Mutant.majorityOfKept.isOn
        self.nextNumber = nextNumber
        token = ViewToken(group: group, view: view.id)
        header = FrameHeader(kind: .data, cluster: cluster, sender: me)
        builder = PacketBuilder(header: header, origin: rank, token: token, capacity: parameters.packetBytes)
        window = SendWindow(parameters: parameters)
        streams = Array(repeating: ReceiveStream(capacity: parameters.ringPackets), count: members)
        matrix = AcknowledgementMatrix(members: members)
        schedule = AcknowledgeSchedule(members: members)
        order = TotalOrder(members: members)
        pendingOrders = PendingOrders(members: members)
        directs = DirectChannels(members: members)
        suspected = Array(repeating: false, count: members)
    }

    var members: Int { view.members.count }

    /// Per rank the contiguous count received; at my own rank the highest packet sent.
    ///
    /// A packet that came early and lies beyond what a cut names does not count, even when the gap before it is filled.
    public var received: [UInt64] {
        let counts = streams.map(\.contiguous)
        return allowed.isEmpty ? counts : zip(counts, allowed).map(min)
    }

    /// Per rank the packets that every member of the view is known to have.
    public var stable: [UInt64] { matrix.stable }

    /// Per rank the highest packet any part of which was delivered, or, of the sequencer, was used to order others'.
    public var hasDelivered: [UInt64] {
        var result = streams.map(\.hasDelivered)
        result[0] = max(result[0], order.usedThrough)
        return result
    }

    /// Something waits for `turnEnded`.
    @inline(__always)
    public var needsTurnEnd: Bool {
        builder.isOpen || !outbox.isEmpty || phase <= .held && !pendingOrders.isEmpty && window.hasReserve
    }

    /// When `deadlineReached` is due; `Instant.zero` when a turn's end is owed, nil when nothing is pending.
    @inline(__always)
    public var nextDeadline: Instant? {
        if needsTurnEnd, phase < .ended { return .zero }
        let earliest = min(min(schedule.deadline, probe.deadline), min(repairDeadline, directs.deadline))
        return earliest == .distantFuture ? nil : earliest
    }

    /// The timers that are due, then everything that a turn's end does.
    public mutating func deadlineReached(at now: Instant, into output: inout HWGOutput) {
        turnEnded(at: now, into: &output)
    }

    func frame(_ kind: FrameKind) -> FrameHeader {
        FrameHeader(kind: kind, cluster: header.cluster, sender: header.sender)
    }

    /// The rank of a datagram's sender; usually the one that the frame names.
    @inline(__always)
    func rank(of sender: MemberID, hint: Rank) -> Rank? {
        if hint < view.members.count, view.members[hint] == sender { return hint }
        return view.rank(of: sender)
    }
}
