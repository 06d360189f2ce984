import GroupModel

/// Another group than the control group, in the mode `primary`: who is in its primary view is gone if and only if the control
/// group says so (Design/0010, "Other HWGs").
///
/// Per rank, `suspects` says here who is not kept. A view that is not primary has one member.
extension HWG {
    public struct Dependence: Sendable {
        /// The hash of the initial nodes, which announcements carry.
        let origin: UInt64
        var standing: ControlStanding
        /// The control view under which my primary view was proposed.
        var authority: ViewID?
        /// The same of the round that I follow.
        var followed: ViewID?
        /// I accepted a view that others may be in with me although I am not yet.
        var mayBeIn = false
        /// The group is to be born if it does not live.
        var isWanted = false
        var patience = Self.shortestPatience
        var retryDelay = Interval.zero

        var control: ControlView? { standing.view }

        /// A few announcements: each attempt costs a flush of the control group.
        static let shortestPatience = Interval.seconds(2)
        static let longestPatience = Interval.seconds(30)

        public init(origin: UInt64, standing: ControlStanding) {
            self.origin = origin
            self.standing = standing
        }
    }

    // MARK: Questions

    var origin: UInt64 { chain?.record.origin ?? dependence?.origin ?? 0 }

    /// In the mode `primary`, of another group than the control group: this node is in a primary view, or may be named in one.
    /// Mutating, so that it is read in place, like the next.
    public var isAttached: Bool {
        mutating get { !isGivingUp && !hasDeparted && (isPrimary || dependence?.mayBeIn == true) }
    }

    /// It looks for a view, and could begin one.
    public var isSeeking: Bool {
        mutating get {
            guard dependence?.isWanted == true, !isPrimary, !isAttached else { return false }
            return !isGivingUp && !hasDeparted && !wantsToLeave && hold != .raised
        }
    }

    /// ▸ A member that came back into the control group does not count: it has given up its place here.
    private func isKept(_ member: MemberID, by control: ControlView, since authority: ViewID) -> Bool {
        // Under an earlier control view than its own this view's members are all there.
        guard control.id >= authority else { return true }
        guard let since = control.since(member) else { return false }
        return since <= authority || Mutant.keptWhoCameBack.isOn
    }

    private mutating func countKept() {
        guard let dependence else { return }
        for rank in suspects.indices {
            var isGone = false
            if rank != myRank, isPrimary, let control = dependence.control, let authority = dependence.authority {
                isGone = !isKept(view.members[rank], by: control, since: authority)
            }
            guard suspects[rank] != isGone else { continue }
            suspects[rank] = isGone
            if isGone { streams.suspect(rank) } else { streams.trust(rank) }
        }
    }

    // MARK: The control group

    /// The node is in another control view, or in none; or the control group began or ended to be held.
    public mutating func controlChanged(
        _ standing: ControlStanding, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard let before = dependence?.standing, departure == nil else { return }
        dependence?.standing = standing
        if standing.view?.id != before.view?.id {
            dependence?.retryDelay = .zero
            if let control = standing.view {
                authorityChanged(control, at: now, peers: peers, into: &output)
            } else if wantsToLeave {
                depart(with: nil, into: &output)
            } else {
                giveUp(at: now, peers: peers, into: &output)
            }
        }
        if standing.isHeldBack, isPrimary, !isGivingUp { raiseHold(at: now, peers: peers, into: &output) }
        evaluate(at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    private mutating func authorityChanged(
        _ control: ControlView, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        if isPrimary, let authority = dependence?.authority, !isKept(me, by: control, since: authority),
            !Mutant.keptWhoCameBack.isOn
        {
            return giveUp(at: now, peers: peers, into: &output)
        }
        // Whoever knows this control view refuses a round under an earlier one.
        if let round, let under = round.control?.id, under < control.id { endRound() }
        if let followed = dependence?.followed, followed < control.id {
            dependence?.followed = nil
            following = nil
            pendingAnswer = nil
            if acceptance?.ballot != nil { acceptance = nil }
        }
        countKept()
        guard !isPrimary, !isGivingUp else { return }
        let mayBegin = isSeeking
        lookForView(at: now)
        let creator = control.creator(of: id)
        if creator == me {
            if mayBegin { begin(under: control, at: now, peers: peers, into: &output) }
            return
        }
        announce(at: now, peers: peers, into: &output)
        if let creator { ask(creator, at: now, peers: peers, into: &output) }
    }

    /// This control view gave me the birth of the group: I am its first member.
    private mutating func begin(
        under control: ControlView, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        raiseHold(at: now, peers: peers, into: &output)
        guard case .answered(let hasState) = hold else { return }
        installAlone(hasState: hasState, under: control.id, at: now, peers: peers, into: &output)
        announce(at: now, peers: peers, into: &output)
    }

    /// Whether a round under this control view may count on me.
    ///
    /// ▸ Who has installed a later control view refuses an earlier one's round: the later one may have excluded its proposer.
    mutating func trusts(
        _ authority: ViewID?, of member: MemberID, asking question: MembershipFrame.Question,
        into output: inout HWGOutput
    ) -> Bool {
        guard let dependence else { return authority == nil }
        guard let authority, let mine = dependence.control?.id ?? (Mutant.outsider.isOn ? authority : nil) else {
            return false
        }
        guard mine <= authority || Mutant.staleAuthority.isOn else {
            send(.refuse(.init(question: question, view: view.id, reason: .authority(mine))), to: member, into: &output)
            return false
        }
        guard isPrimary || mayComeIn else { return false }
        self.dependence?.followed = authority
        return true
    }

    /// ▸ Nobody comes into the group at a node that has told, in a flush of the control group, that it is not in it: on that
    /// rests that the group is not born while it lives.
    var mayComeIn: Bool {
        guard let dependence else { return true }
        return (dependence.control != nil || Mutant.outsider.isOn) && !wantsToLeave
            && (!dependence.standing.isHeld || Mutant.unfrozen.isOn)
    }

    func mayTakeIn(_ side: Side) -> Bool {
        guard let dependence else { return true }
        guard let control = dependence.control, isPrimary, !side.wasPrimary, side.previous.members.count == 1 else {
            return false
        }
        return side.previous.members.allSatisfy { Self.isIn(control, $0) }
    }

    /// ▸ A primary view has only members of its control view.
    static func isIn(_ control: ControlView, _ member: MemberID) -> Bool {
        control.contains(member) || Mutant.outsider.isOn
    }

    /// The joiner accepted: it may be named in a view that others are in.
    mutating func acceptedComingIn(at now: Instant) {
        guard let patience = dependence?.patience, !isPrimary else { return }
        dependence?.mayBeIn = true
        dependence?.isWanted = false
        wantsAt = now + patience
    }

    // MARK: Looking for a view

    mutating func lookForView(at now: Instant) {
        guard let dependence else { return }
        let isLiving = dependence.mayBeIn || dependence.control?.isLiving(id) ?? false
        self.dependence?.isWanted = !isLiving
        wantsAt = isLiving ? now + dependence.patience : nil
    }

    /// The group lived when the control view began, and nobody has taken me in since: perhaps it is gone.
    mutating func lookedInVain(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard let dependence, !isPrimary, !isGivingUp else { wantsAt = nil; return }
        guard dependence.control != nil, merge.asked == nil, following == nil else {
            wantsAt = now + dependence.patience
            return
        }
        wantsAt = nil
        self.dependence?.patience = min(dependence.patience * 2, Dependence.longestPatience)
        // What I accepted came to nothing; in a view of another ID I am not named in it any more.
        if dependence.mayBeIn { giveUp(at: now, peers: peers, into: &output) }
        self.dependence?.isWanted = true
        wantsAt = nil
    }

    mutating func dependenceInstalled(_ proposal: Proposal, at now: Instant) {
        dependence?.authority = proposal.isPrimary ? proposal.authority : nil
        dependence?.followed = nil
        dependence?.mayBeIn = false
        dependence?.retryDelay = .zero
        dependence?.isWanted = false
        wantsAt = nil
        if isPrimary {
            dependence?.patience = Dependence.shortestPatience
        } else if dependence?.control != nil {
            lookForView(at: now)
        } else {
            dependence?.isWanted = true
        }
        countKept()
    }
}
