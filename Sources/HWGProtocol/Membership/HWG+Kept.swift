import GroupModel

/// Rounds of another group than the control group, in the mode `primary`: they need all of kept.
extension HWG {
    /// A round needs all of kept: while one of them is not heard, the control group is to say whether it is gone.
    mutating func mayLead(at now: Instant, peers: PeerTable) -> Bool {
        guard let dependence else { return true }
        guard isPrimary, let control = dependence.control, let authority = dependence.authority,
            control.id >= authority, !dependence.standing.isHeldBack
        else { return false }
        merge.keep { side in
            side.participants.allSatisfy { peers.isReachable($0) && Self.isIn(control, $0) }
        }
        let isComplete = zip(view.members, suspects).allSatisfy { $0 == me || $1 || peers.isReachable($0) }
        if !isComplete { standAside(at: now) }
        return isComplete
    }

    private mutating func standAside(at now: Instant) {
        guard let delay = dependence?.retryDelay else { return }
        let next = min(max(parameters.resendInterval, delay * 2), Self.longestRetry)
        dependence?.retryDelay = next
        proposeAt = now + next
    }

    /// ▸ Suspicion in this group leaves nobody out: two members that suspect each other would both go on, each alone.
    mutating func dependentSuspected(
        _ member: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        if Mutant.ownSuspicion.isOn { markSuspect(member) }
        merge.memberFailed(member)
        if following?.proposer == member { following = nil }
        if let round, round.unanswered.contains(member) { restartRound(at: now, peers: peers, into: &output) }
        evaluate(at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    /// A peer is heard again.
    mutating func keptHeard(_ member: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard departure == nil, isPrimary, view.members.contains(member), dependence?.retryDelay != .zero else {
            return
        }
        dependence?.retryDelay = .zero
        if isCoordinator, round == nil, needsChange {
            proposeAt = min(proposeAt ?? .distantFuture, now + parameters.resendInterval)
        }
    }

    /// My round waits for somebody that is heard: a joiner is left out, of anybody else the control group decides.
    mutating func roundOfKeptTooLong(
        _ round: FlushRound, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        for member in round.unanswered where member != me { leaveOut(member, into: &output) }
        restartRound(at: now, peers: peers, into: &output)
    }

    /// A member refuses my round for good, or says that it is not in my view: it stays a ghost there until the control group
    /// has seen it go.
    mutating func cannotTakePart(
        _ frame: MembershipFrame.Refuse, _ member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard round?.asks(frame.question) ?? false else {
            if frame.reason == .notMember, frame.view == view.id, let rank = view.rank(of: member), !suspects[rank] {
                output.suspected.append(member)
            }
            return
        }
        leaveOut(member, into: &output)
        restartRound(at: now, peers: peers, into: &output)
    }

    private mutating func leaveOut(_ member: MemberID, into output: inout HWGOutput) {
        merge.memberFailed(member)
        guard let round, case .agreeing = round.phase else {
            if view.rank(of: member) != nil { output.suspected.append(member) }
            return
        }
        output.suspected.append(member)
    }

    /// A member is in a later control view than my round: mine is to come.
    mutating func refusedUnder(_ control: ViewID, at now: Instant) {
        guard let mine = dependence?.control?.id, control > mine else { return }
        endRound()
        standAside(at: now)
    }
}
