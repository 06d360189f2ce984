import GroupModel
import GroupWire
import HWGProtocol
import LWGProtocol

/// One node's whole protocol core as one value: events in, effects out, no I/O, no clock.
///
/// Its owner calls `handle` and the two data-path methods with the time, empties `Effects` after each turn, sends
/// `turnEnded` before it sleeps, and sleeps at most until `nextDeadline`.
public struct NodeCore: Sendable {
    public internal(set) var configuration: CoreConfiguration
    let me: MemberID
    let cluster: UInt32

    var peers: PeerTable
    var lwg: LWGLayer
    /// One slot per heavyweight group; a slot is not used again while packets of its group may be about.
    /// Not optional: a read through an optional element copies the whole value, streams and all, per datagram.
    var slots: [HWG] = []
    var isLive: [Bool] = []
    /// By the light-weight layer's number of a group, the slot that carries it.
    var slotOfCarrier: [Int] = []
    var slotOfGroup: [HWGID: Int] = [:]
    /// Heavyweight groups whose data are put back to the network, and the same by slot.
    var refused: Set<HWGID> = []
    var refusesData: [Bool] = []
    var slotOfToken: [UInt64: Int] = [:] { didSet { lastStream = nil } }
    var tokens: [SlotTokens] = []
    /// Slots whose turn is not ended.
    var touched: [Int] = []
    /// Those whose turn is being ended.
    var ending: [Int] = []
    var isTouched: [Bool] = []
    var deadlines = DeadlineQueue()
    var announceAt: Instant?
    /// Mode `primary`: when the node joins the control group, whatever its applications do.
    var attendAt: Instant?
    /// What stable storage had, or the control group that is gone.
    var record: PrimaryRecord?
    let isPrimaryMode: Bool
    /// The same mode: what the node is in the control group, as its other groups were told, and by slot where it is in those.
    var control = ControlStanding()
    var isAttached: [Bool] = []
    var isSeeking: [Bool] = []
    /// The mapping may have changed: a group may be joined on another heavyweight group than before.
    var isRemapped = false
    /// What heartbeats say of it.
    var mappingDigest: UInt32
    /// The longest `holdDeadline` of Holds that were raised before a shorter one was set, and until when any of them lasts.
    var formerHoldDeadline = (deadline: Interval.zero, until: Instant.zero)
    var isStopping = false
    var hasStopped = false

    /// The highest epoch and message number of groups that are gone: neither ever restarts within an incarnation.
    var pastEpoch: UInt64 = 0
    var pastNumber: UInt64 = 1

    var tracer: Tracer?
    let isTraced: Bool
    let carriesAtOnce: Bool
    /// `statistics` has the layers' counters too.
    public internal(set) var counters = Counters()

    /// The slot whose output, deliveries of datagrams, waits in `hwgOutput` for more of them; -1 for none. Everything
    /// else carries it up first.
    var waitingSlot = -1
    /// Messages that go up together at most, so that they are still in the caches when they are read.
    static let togetherLimit = 1_024
    /// The sender and view of the last datagram of a stream, and what they were found to be.
    var lastStream: (token: UInt64, slot: Int)?

    // Reused from turn to turn.
    var hwgOutput = HWGOutput()
    var lwgOutput = LWGOutput()

    struct SlotTokens: Hashable, Sendable {
        var current: UInt64
        var retired: UInt64?
    }

    /// What this node has counted since its start, over all its groups.
    public struct Counters: Hashable, Sendable {
        public var datagrams: UInt64 = 0
        /// Datagrams that were not taken, by reason.
        public var rejected: [FrameHeader.Rejection: UInt64] = [:]
        public var otherCluster: UInt64 = 0
        public var malformed: UInt64 = 0
        /// Data frames that were put back to the network because somebody here does not take them.
        public var refusedData: UInt64 = 0
        /// Frames of views that this node is not in, or not any more.
        public var strayed: UInt64 = 0
        /// Heavyweight views installed after a flush.
        public var heavyweightFlushes: UInt64 = 0
        public var suspicions: UInt64 = 0
        /// Mode `primary`: primary views that were held because a majority was missing, and that were given up; writes of
        /// the record.
        public var heldForMajority: UInt64 = 0
        public var gaveUp: UInt64 = 0
        public var recordWrites: UInt64 = 0
        /// Announcements of nodes with other initial nodes or the other mode.
        public var otherInitial: UInt64 = 0
        /// Nodes now reachable whose mapping differs from this one's.
        public var otherMapping = 0
        /// Mode `primary`: a majority is missing now.
        public var lacksMajority = false
        /// Heavyweight groups that this node is in now.
        public var heavyweightGroups: UInt64 = 0
        /// Light-weight groups that this node has a seat in, and all that ride on its heavyweight groups.
        public var lightweightGroups = 0
        public var carriedGroups = 0
        public var lightweight = LWGLayer.Counters()
        public var multicast = MulticastCounters()
    }

    /// A snapshot; it walks over the heavyweight groups.
    public var statistics: Counters {
        var result = counters
        result.lightweight = lwg.counters
        for slot in slots.indices where isLive[slot] {
            result.multicast = result.multicast + slots[slot].counters
            result.heavyweightGroups += 1
        }
        result.lacksMajority = lacksMajority
        result.otherMapping = peers.mappedOtherwise
        result.lightweightGroups = lwg.seatedGroups
        result.carriedGroups = lwg.carriedGroups
        return result
    }

    /// Whether the node is in a view of some heavyweight group.
    public var isInView: Bool { slots.indices.contains(where: isInView) }

    private func isInView(_ slot: Int) -> Bool {
        isLive[slot] && slots[slot].isShown && slots[slot].departure == nil && !slots[slot].lacksMajority
    }

    /// Mode `primary`: the control group is held, or not in a primary view yet, because a majority is missing.
    public var lacksMajority: Bool {
        slots.indices.contains { isLive[$0] && slots[$0].record != nil && slots[$0].lacksMajority }
    }

    /// Mode `primary`: what the node's record says now.
    public var currentRecord: PrimaryRecord? { slots.lazy.compactMap(\.record).first ?? record }

    public init(configuration: CoreConfiguration, at now: Instant) {
        self.configuration = configuration
        me = configuration.card.member
        cluster = FrameHeader.cluster(named: configuration.cluster)
        peers = PeerTable(
            card: configuration.card, heartbeatInterval: configuration.heartbeatInterval,
            failureTimeout: configuration.failureTimeout,
            now: now)
        var limits = configuration.limits
        limits.holdDeadline = configuration.holdDeadline
        if configuration.record != nil { limits.heavyweightGroups = Places.limit }
        mappingDigest = configuration.mapping.digest
        lwg = LWGLayer(
            me: me,
            mapping: configuration.mapping,
            reportsHolds: configuration.traces, limits: limits)
        record = configuration.record
        isPrimaryMode = record != nil
        if isPrimaryMode { attendAt = now }
        isTraced = configuration.traces
        carriesAtOnce = configuration.carriesAtOnce
        tracer = isTraced ? Tracer(me: me) : nil
    }

    /// When `deadlineReached` is due; nil when nothing is pending.
    public var nextDeadline: Instant? {
        mutating get {
            var next = Instant.earlier(deadlines.next, peers.nextDeadline)
            next = Instant.earlier(next, announceAt)
            next = Instant.earlier(next, attendAt)
            return Instant.earlier(next, lwg.nextDeadline)
        }
    }

    /// `turnEnded` has nothing to do: no group was touched, and nothing waits to be carried up. Mutating, so that it is read in
    /// place.
    public var isAtRest: Bool { mutating get { touched.isEmpty && waitingSlot < 0 } }

    // MARK: Events

    public mutating func handle(_ event: NodeEvent, at now: Instant, into effects: inout Effects) {
        carry(at: now, into: &effects)
        switch event {
        case .deadlineReached: deadlineReached(at: now, into: &effects)
        case .turnEnded: turnEnded(at: now, into: &effects)
        case .peerConnected(let card): peerConnected(card, at: now, into: &effects)
        case .peerDisconnected(let member):
            apply(peers.disconnected(member), at: now, into: &effects)
        case .recordPersisted(let sequence): recordPersisted(sequence, at: now, into: &effects)
        case .join(let endpoint, let groups):
            if isRemapped { numberAlike(at: now, into: &effects) }
            lwg.join(endpoint: endpoint, groups: groups, into: &lwgOutput)
        case .leave(let seats):
            lwg.leave(seats: seats, into: &lwgOutput)
        case .evict(let seats, let reason):
            lwg.evict(seats: seats, reason: reason, into: &lwgOutput)
        case .refuseData(let groups):
            refused = Set(groups)
            for slot in slots.indices { refusesData[slot] = refused.contains(slots[slot].id) }
        case .holdOK(let seat, let view):
            lwg.holdOK(seat, view, into: &lwgOutput)
        case .flush(let seat, let token):
            lwg.flush(seat, token: token, into: &lwgOutput)
        case .direct(let seat, let to, let bytes):
            _ = send(seat, to: to, bytes: bytes, at: now, into: &effects)
        case .explicitHolds(let endpoint, let on):
            lwg.explicitHolds(endpoint: endpoint, on)
        case .configurationChanged(let fresh):
            retune(by: fresh, at: now)
        case .stop:
            stop(at: now, into: &effects)
        }
        settle(at: now, into: &effects)
    }

    private mutating func stop(at now: Instant, into effects: inout Effects) {
        guard !isStopping else { return }
        isStopping = true
        attendAt = nil
        lwg.leaveAll(into: &lwgOutput)
        settle(at: now, into: &effects)
        finishStop(at: now, into: &effects)
    }

    mutating func finishStop(at now: Instant, into effects: inout Effects) {
        guard isStopping, !hasStopped, !isLive.contains(true) else { return }
        hasStopped = true
        tracer?.append(.stop, at: now, into: &effects)
        effects.stopped = true
    }
}
