import GroupModel
import GroupWire

/// One heavyweight group at one node: a virtually synchronous group with its own views, streams and flush.
///
/// It composes the machines of membership (`FlushRound`, `Acceptor`, `Merge`) with the streams of the current view
/// (`ViewStreams`). A member starts alone in a view of its own; joining others is a merge (design.md, section 5).
///
/// Invariants: `hold` is `.none` exactly while the streams of the view take messages; `round` exists only at a proposer;
/// everything about the next view (`acceptor`, `acceptance`, `following`, `round`) is reset when a view is installed.
public struct HWG: Sendable {
    public let id: HWGID
    public let me: MemberID
    let cluster: UInt32
    private(set) var parameters: HWGParameters

    // The current view.
    public internal(set) var view: View<MemberID>
    public internal(set) var isPrimary: Bool
    /// The layer above has been told of a view.
    public internal(set) var isShown = false
    var hasBeenPrimary: Bool
    var streams: ViewStreams
    /// Per rank: suspected in this view, for good; who is excluded by mistake comes back by a merge.
    var suspects: [Bool]
    var tenure: Tenure
    var leaving: [Bool]
    /// Members of other sides that cannot take part in what follows this view: they refused, or failed in a round.
    var unable: Set<MemberID> = []
    /// Per rank: seen to be in this view.
    var heard: [Bool]
    /// What installed this view; null for a view in which this member started.
    var decision: MembershipFrame.Install?
    /// The streams of the previous view, for members that are still filling their cut.
    var retired: ViewStreams?

    // The way to the next view.
    enum Hold: Hashable, Sendable {
        /// Messages flow.
        case none
        /// The layer above was asked to stop. Ends in `answered`.
        case raised
        /// It promised; the streams are frozen. Ends with the next view.
        case answered(hasState: Bool)
    }
    var hold = Hold.none
    var acceptor = Acceptor()
    var acceptance: Acceptance? { didSet { isAccepting = acceptance != nil } }
    /// A propose that waits for HoldOK.
    var pendingAnswer: Ballot?
    /// The proposer whose ballot has my promise, and when it last gave a sign.
    var following: Following?
    /// How often I gave up following a proposer that was heard and gave no sign, since a view with other members was installed.
    var takeOvers: Int64 = 0
    var round: FlushRound?
    var roundDeadline: Instant?
    var lastAttempt: UInt32 = 0

    var merge = Merge()
    var quarrels = Quarrels()
    /// Of the control group in the mode `primary`.
    var chain: Chain?
    /// Of another group in that mode.
    var dependence: Dependence?
    // Of either.
    /// This member leaves its view as soon as its Hold is answered.
    var isGivingUp = false
    /// The proposal that I was first asked to accept, in this view, and when: its cut is waited for once.
    var filling: Filling?
    /// The view that the layer above knows, when that is not the current one.
    var shown: View<MemberID>?

    /// The highest epoch seen in any group of the node: a new view's epoch is larger.
    public internal(set) var highestEpoch: UInt64
    public internal(set) var wantsToLeave = false
    /// The member is out; what remains is to let the others know.
    public internal(set) var departure: Departure? { didSet { hasDeparted = departure != nil } }
    // What the data path asks: comparing the optionals themselves with nil copies their arrays.
    public private(set) var hasDeparted = false
    public private(set) var isAccepting = false

    var proposeAt: Instant?
    /// Of another group in the mode `primary`: when it is to be born, if nobody has taken me in.
    var wantsAt: Instant?
    var resendAt: Instant?
    var resendCount = 0
    var showAt: Instant?

    /// Frames to myself, handled before an entry point returns.
    var loopback: [MembershipFrame] = []
    /// When a member that talks of the previous view was last told of the decision.
    var corrected: [MemberID: Instant] = [:]
    /// Data that came before the view it belongs to: at most what one sender may send at once.
    var early: [Packet] = []
    static let earlyLimit = 64

    /// Data that got no packet number in the last view, and waits for the label that it has in this one.
    var parked = CarriedOver()
    /// A multicast was refused because of it.
    var owesWritable = false

    /// What the streams of past views counted.
    var pastCounters = MulticastCounters()

    /// Flushes that ended in a view of several members or excluded somebody.
    public internal(set) var flushes: UInt64 = 0

    struct Following: Hashable, Sendable {
        var proposer: MemberID
        var lastSign: Instant
    }

    struct Filling: Hashable, Sendable {
        let view: ViewID
        let since: Instant
    }

    /// A proposal that I am getting ready to accept, or to install when it is decided.
    struct Acceptance: Hashable, Sendable {
        let proposal: Proposal
        /// Nil when the proposal is decided already.
        let ballot: Ballot?
        let holders: [UInt16]
        let since: Instant
        var isFilling = false
        var cards: [NodeCard] = []
    }

    /// The way out of a member that left: the decision is repeated a few times to those not heard in the new view.
    public struct Departure: Hashable, Sendable {
        let install: MembershipFrame.Install?
        var unheard: [MemberID]
        var tries = 0
        public var isFinished: Bool { unheard.isEmpty || tries >= 5 }
    }

    /// Starts alone, in a view of its own.
    /// - Parameters:
    ///   - epochFloor: the highest epoch this node has seen in any group.
    ///   - nextNumber: this node's next message number; numbers never restart within an incarnation.
    ///   - isFresh: whether this node may count towards a group's first primary view.
    ///   - record: of the control group in the mode `primary`, what the node's stable storage has.
    ///   - dependence: of another group in that mode.
    public init(
        id: HWGID, me: MemberID, cluster: UInt32, parameters: HWGParameters, epochFloor: UInt64, nextNumber: UInt64,
        isFresh: Bool, record: PrimaryRecord? = nil, dependence: Dependence? = nil, at now: Instant,
        into output: inout HWGOutput
    ) {
        let epochFloor = max(epochFloor, record?.highestEpoch ?? 0)
        self.id = id
        self.me = me
        self.cluster = cluster
        self.parameters = parameters
        highestEpoch = epochFloor + 1
        view = View(id: ViewID(epoch: epochFloor + 1, coordinator: me), members: [me])
        let alone = Side(previous: view, wasPrimary: false, continuing: [me], leaving: [])
        isPrimary =
            record == nil && dependence == nil
            && parameters.rule.isPrimary(members: [me], sides: [alone], fresh: isFresh ? [me] : [])
        chain = record.map { Chain(record: $0) }
        self.dependence = dependence
        hasBeenPrimary = isPrimary || !isFresh
        streams = ViewStreams(
            group: id, view: view, me: me, cluster: cluster, parameters: parameters.multicast, nextNumber: nextNumber,
            waitsForAll: dependence != nil, now: now)
        suspects = [false]
        tenure = Tenure(of: 1, since: now)
        leaving = [false]
        heard = [true]
        if chain != nil {
            // The view in which it is alone is not shown; it may be enough to make a primary one.
            proposeAt = now + max(parameters.joinGather, parameters.gather)
        } else if dependence != nil {
            lookForView(at: now)
        } else if parameters.joinGather > .zero {
            showAt = now + parameters.joinGather
        } else {
            show(into: &output)
        }
    }

    /// New times for what follows; deadlines that are set already stay. The rest of the parameters never changes.
    public mutating func retime(by fresh: HWGParameters) {
        parameters.gather = fresh.gather
        parameters.mergeGather = fresh.mergeGather
        parameters.resendInterval = fresh.resendInterval
        parameters.flushTimeout = fresh.flushTimeout
    }

    // MARK: Questions

    public var token: ViewToken { streams.token }
    public var retiredToken: ViewToken? { retired?.token }
    public var nextNumber: UInt64 { streams.nextNumber }
    /// Of all views.
    public var counters: MulticastCounters { pastCounters + streams.counters }
    public var isHeld: Bool { hold != .none }
    var myRank: Rank { view.members.firstIndex(of: me) ?? 0 }
    /// The lowest unsuspected rank.
    public var coordinator: MemberID { zip(view.members, suspects).first { !$0.1 }?.0 ?? me }
    var isCoordinator: Bool { coordinator == me }
    var suspected: Set<MemberID> { unable.union(zip(view.members, suspects).filter(\.1).map(\.0)) }
    /// Nothing is under way that a merge would have to wait for.
    var isIdle: Bool {
        guard round == nil, following == nil, departure == nil, !isGivingUp else { return false }
        // Held for want of a majority, which a merge may bring.
        if lacksMajority { return acceptance.map { $0.ballot != nil } ?? true }
        return hold == .none && acceptance == nil
    }

    /// Mutating, so that it is read in place: elsewhere the caller copies the whole value first.
    public var nextDeadline: Instant? {
        mutating get {
            var deadline = hasDeparted ? nil : streams.nextDeadline
            deadline = Instant.earlier(deadline, proposeAt)
            deadline = Instant.earlier(deadline, resendAt)
            deadline = Instant.earlier(deadline, roundDeadline)
            deadline = Instant.earlier(deadline, showAt)
            deadline = Instant.earlier(deadline, wantsAt)
            if following != nil { deadline = Instant.earlier(deadline, watchdogAt) }
            return isAccepting ? Instant.earlier(deadline, fillDeadline) : deadline
        }
    }

    // MARK: The data path

    /// Whether data of this view may be put back to the network: not during a flush, which waits for what its cut names.
    public func mayWait(_ token: ViewToken) -> Bool { hold == .none && token == streams.token }

    /// Frames of a view, found by their token. Returns false when malformed. `memory` keeps the datagram's bytes
    /// valid when it is kept; nil: they are borrowed. While `isAccepting`, `acceptanceFilled` must follow.
    public mutating func streamFrameArrived(
        _ kind: FrameKind, _ datagram: UnsafeRawBufferPointer, memory: AnyObject?, token: ViewToken,
        from member: MemberID, at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        if token == streams.token {
            guard !hasDeparted else { return true }
            return streams.frameArrived(kind, datagram, memory: memory, from: member, at: now, into: &output)
        }
        return retiredFrameArrived(kind, datagram, token: token, from: member, at: now, into: &output)
    }

    /// A frame of the view's streams came while a proposal is being accepted.
    public mutating func acceptanceFilled(
        _ token: ViewToken, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard isAccepting, !hasDeparted, token == streams.token else { return }
        advanceAcceptance(at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    public mutating func turnEnded(at now: Instant, into output: inout HWGOutput) {
        guard !hasDeparted else { return }
        streams.turnEnded(at: now, into: &output)
    }

    // MARK: Time

    public mutating func deadlineReached(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        if !hasDeparted {
            streams.deadlineReached(at: now, into: &output)
            if let showAt, showAt <= now { show(into: &output) }
            if isAccepting { advanceAcceptance(at: now, peers: peers, into: &output) }
            if let wantsAt, wantsAt <= now { lookedInVain(at: now, peers: peers, into: &output) }
            if following != nil, let watchdogAt, watchdogAt <= now {
                followedTooLong(at: now, peers: peers, into: &output)
            }
            if isAccepting, let fillDeadline, fillDeadline <= now {
                giveUpFilling(at: now, peers: peers, into: &output)
            }
            if let roundDeadline, roundDeadline <= now { roundTooLong(at: now, peers: peers, into: &output) }
            if let proposeAt, proposeAt <= now {
                self.proposeAt = nil
                startRound(at: now, peers: peers, into: &output)
            }
        }
        if let resendAt, resendAt <= now { resend(at: now, peers: peers, into: &output) }
        drain(at: now, peers: peers, into: &output)
    }

    /// Shows the view in which this member is alone: nobody was found.
    mutating func show(into output: inout HWGOutput) {
        showAt = nil
        // A flush has begun: its end shows the view that it leads to.
        guard !isShown, hold == .none else { return }
        isShown = true
        output.notes.append(.installed(view.id, members: view.members.count, primary: isPrimary))
        output.indications.events.append(
            .view(
                ViewChange(
                    view: view, previous: nil, joined: view.members, left: [], transitional: [me],
                    subViews: [SubView(previous: view.id, members: view.members, hasState: false)], primary: isPrimary))
        )
    }
}
