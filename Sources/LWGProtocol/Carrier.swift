import GroupModel

/// What all carriers of a node share.
struct Node: Sendable {
    let me: MemberID
    let reportsHolds: Bool
    let hash: @Sendable (String) -> LWGID
    let limits: LWGLimits
    var seats: SeatTable
    var holds: HoldDeadlines
    var counters = LWGLayer.Counters()
}

/// One HWG as the carrier of LWGs, seen from one of its nodes.
///
/// Invariant: nodes that are settled in the same HWG view and have delivered the same control messages have equal tables.
struct Carrier: Sendable {
    enum Phase: Sendable {
        /// Not in the HWG, or no view yet.
        case absent
        /// Tables of several sides are awaited; all LWGs are held.
        case merging(MergeRound)
        case settled
    }

    let id: HWGID
    /// As this node numbers its carriers.
    let index: Int
    var phase = Phase.absent
    var isJoinRequested = false
    var isLeaveRequested = false
    var view: View<MemberID>?
    var isPrimary = false
    var rank: UInt16 = 0
    var table = Table()
    var demultiplexer = Demultiplexer()
    var early = EarlyStore()
    var outbox = Outbox()

    /// Nothing goes down: from the HWG's Hold to the next settled view (F1).
    var isHeld = false
    /// Between the HWG's Hold and its next view.
    var isHeavyHeld = false
    /// The HWG's Hold that is not answered yet.
    var holdView: ViewID?
    /// HoldOK was given: what is sent now belongs to the next HWG view.
    var hasGivenHoldOK = false
    /// Explicit seats whose answer is missing.
    var unanswered = 0
    var seatCount = 0
    var explicitSeats = 0

    /// A control message was delivered in the unsequenced rest of the HWG view: those who did not come along may have seen
    /// another order, so no LWG view is installed before the HWG view (M4).
    var isInRest = false
    /// Whose data of which LWG are of later views, in the rest. Looked up, never iterated.
    var fences: Set<Fence> = []
    /// LWGs whose flushOK waits to be sent.
    var readyFlushOKs: [Int] = []
    var isFlushOKInFlight = false
    /// Parts of my side's table that wait to be sent, in order.
    var tableParts: [TablePart] = []
    var isTableInFlight = false
    var sweep: SweepRound?
    /// This node has asked for a sweep that is not complete.
    var isSweepAsked = false
    /// A sweep of this node waits to be sent.
    var owesSweep = false
    /// Answers that wait for the tables of a merge.
    var returnedFlushes: [UInt64] = []
    /// Requests for `flushed`, oldest first; each belongs to a caller who waits.
    var flushes: [(token: UInt64, seat: SeatHandle, callers: UInt64)] = []
    var flushCount: UInt64 = 0
    /// `.carrier` was emitted for this view in this turn.
    var hasTold = false
    /// What the last seat was told in this turn.
    var told = ToldChange()

    init(id: HWGID, index: Int) {
        self.id = id
        self.index = index
    }

    mutating func handle(_ indications: HWGIndications, _ node: inout Node, into out: inout LWGOutput) {
        hasTold = false
        var at = 0
        let slicesBefore = out.up.slices.count
        for event in indications.events {
            switch event {
            case .view(let change): heavyViewInstalled(change, &node, into: &out)
            case .hold(let view): heavyHoldRaised(view, &node, into: &out)
            case .messages(let count):
                let end = min(at + max(count, 0), indications.batch.slices.count)
                messagesDelivered(indications.batch.slices, from: at, to: end, &node, into: &out)
                at = end
            case .direct(let from, let number, let bytes):
                directArrived(from: from, number: number, bytes: bytes, &node, into: &out)
            case .sent(let label, let number, let order):
                messageSent(Label(raw: label), number: number, order: order, &node, into: &out)
            case .writable: out.up.events.append(.writable(id))
            case .flushed(let token): flushReturned(token, &node, into: &out)
            case .left(let reason): heavyGroupLeft(reason, &node, into: &out)
            }
        }
        if out.up.slices.count > slicesBefore { out.up.packets.append(contentsOf: indications.batch.packets) }
        if hasTold { told = ToldChange() }
        turnEnded(&node, into: &out)
    }

    mutating func messagesDelivered(
        _ slices: [MessageSlice], from start: Int, to end: Int, _ node: inout Node, into out: inout LWGOutput
    ) {
        var at = start
        while at < end {
            if case .settled = phase {
                at = demultiplexer.deliver(
                    slices, from: at, to: end, interference: &node.counters.interference, into: &out.up)
                guard at < end else { return }
            }
            if slices[at].isControl {
                controlDelivered(slices[at], &node, into: &out)
            } else {
                unusualDelivered(slices[at], keptAlive: nil, &node, into: &out)
            }
            at += 1
        }
    }

    /// Sends what has become due, records before the HoldOK that ends their view.
    mutating func turnEnded(_ node: inout Node, into out: inout LWGOutput) {
        sendTables(&node, into: &out)
        sendRecord(&node, into: &out)
        sendFlushOKs(&node, into: &out)
        sendSweep(&node, into: &out)
        answerHeavyHold(&node, into: &out)
    }

    /// L2: leaving the HWG is leaving its LWGs.
    mutating func heavyGroupLeft(_ reason: LeftReason, _ node: inout Node, into out: inout LWGOutput) {
        for seat in node.seats.seats.indices
        where node.seats.seats[seat].carrier == index && node.seats.seats[seat].stage != .gone {
            node.seats.seats[seat].operations = 0
            if isLeaveRequested { node.seats.seats[seat].leaving = .stopped }
            retire(seat, node.seats.seats[seat].leaving ?? reason, &node, into: &out)
        }
        self = Carrier(id: id, index: index)
    }
}
