import GroupModel

/// Components without a majority in the mode `primary`: they stay in their primary view with Hold raised, and try again.
extension HWG {
    /// Attempts of a held component are at most so far apart.
    static let longestRetry = Interval.seconds(5)

    /// My attempt ends without a view.
    ///
    /// ▸ Where the votes of nodes would do, but too few members of the primary view are left in it, these leave it, too: those
    /// that started again, or gave up their places, never come back into it.
    mutating func holdBack(
        dataLost: Bool, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard let round, let chain else { return }
        endRound()
        let question = MembershipFrame.Question(ballot: round.ballot, view: view.id)
        let frame = MembershipFrame.refuse(.init(question: question, view: view.id, reason: .noMajority))
        send(frame, to: round.participants.filter { $0 != me }, into: &output)
        merge.dropSides()
        let last = chain.record.last
        let voters = Set(round.participants.map(\.node))
        let present = voters.union(chain.strays.filter { peers.isReachable($0) }.map(\.node))
        if isPrimary, dataLost || present != voters && last.isMajority(present) {
            return giveUp(at: now, peers: peers, into: &output)
        }
        standBack(at: now, into: &output)
    }

    /// Attempts in a row, without a pause in which others may ask to merge.
    private static let restartLimit = 8

    mutating func restartsTooOften() -> Bool {
        guard let restarts = chain?.restarts else { return false }
        chain?.restarts = restarts + 1
        return restarts >= Self.restartLimit
    }

    /// Until the next attempt. Who does not lead waits far longer for it than the others try again.
    private mutating func standBack(at now: Instant, into output: inout HWGOutput) {
        following = nil
        pendingAnswer = nil
        if acceptance?.ballot != nil { acceptance = nil }
        if wantsToLeave { return depart(with: nil, into: &output) }
        if isPrimary, !isHeldBack { output.notes.append(.noMajority(view.id)) }
        let delay = min(max(parameters.resendInterval, (chain?.retryDelay ?? .zero) * 2), Self.longestRetry)
        chain?.isHeldBack = true
        chain?.mayTakeBack = true
        unable = []
        chain?.restarts = 0
        chain?.retryDelay = delay
        proposeAt = isCoordinator ? now + delay : attemptOfOthersEnds(at: now)
    }

    /// Until when who does not lead leaves the next attempt to the others.
    private func attemptOfOthersEnds(at now: Instant) -> Instant {
        now + Self.longestRetry * Int64(1 + trustedBefore)
    }

    /// Who has become the coordinator need not wait for one that is gone. Who followed has no attempt of its own to come.
    mutating func retrySooner(at now: Instant) {
        guard round == nil, following == nil, let chain else { return }
        if isCoordinator {
            proposeAt = min(proposeAt ?? .distantFuture, now + chain.retryDelay)
        } else if proposeAt == nil {
            proposeAt = attemptOfOthersEnds(at: now)
        }
    }

    /// ▸ With the proposer that I follow its attempt has failed: the next one may ask me again. Two members that each followed
    /// somebody whom they suspected meanwhile refused every later attempt, and made none.
    mutating func followedFailed(_ member: MemberID) {
        guard following?.proposer == member else { return }
        following = nil
        chain?.mayTakeBack = true
    }

    /// The proposer that I follow found no majority.
    mutating func noMajorityArrived(
        from member: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard chain != nil, following?.proposer == member else { return }
        if isPrimary { return standBack(at: now, into: &output) }
        following = nil
        pendingAnswer = nil
        if acceptance?.ballot != nil { acceptance = nil }
        // A round of my own that ended when I followed had sides, which ask anew; with them I would ask nobody.
        merge.dropSides()
        evaluate(at: now, peers: peers, into: &output)
    }

    /// ▸ Between the attempts of a held component suspicion is revocable, or members that suspected each other would never meet
    /// in a round again, and nobody could exclude anybody.
    ///
    /// Once per attempt, when somebody can be heard again, and not of those that are known to be in another view.
    mutating func takeBackSuspicions(at now: Instant, peers: PeerTable) {
        guard let chain, chain.isHeldBack, chain.mayTakeBack, !Mutant.lastingSuspicion.isOn else { return }
        for rank in suspects.indices
        where suspects[rank] && !chain.gone.contains(rank) && peers.isMutual(view.members[rank], at: now) {
            suspects[rank] = false
            streams.trust(rank)
            self.chain?.mayTakeBack = false
        }
    }

    /// The member is in another view, and never comes back into this one.
    mutating func wentAway(_ member: MemberID) {
        guard chain != nil, let rank = view.rank(of: member), member != me else { return }
        chain?.gone.insert(rank)
    }

    /// A peer that was suspected is heard again: a held component need not wait for its next attempt.
    public mutating func memberHeard(
        _ member: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        if dependence != nil { return keptHeard(member, at: now, peers: peers, into: &output) }
        guard isHeldBack, isPrimary, departure == nil, view.members.contains(member) else { return }
        chain?.retryDelay = .zero
        let first = zip(view.members, suspects).first { $0.0 == me || !$0.1 || peers.isReachable($0.0) }?.0
        if first == me { proposeAt = min(proposeAt ?? .distantFuture, now + parameters.resendInterval) }
    }

    // MARK: Giving up one's place

    /// The chain goes on without me, or cannot go on with what I have: the layer above gets a view of this member alone, not
    /// primary and held, and I come back by a merge. My record keeps its vote.
    mutating func giveUp(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard isPrimary || dependence != nil, isPrimaryMode, !isGivingUp, departure == nil else { return }
        if isPrimary { output.notes.append(.gaveUp(view.id)) }
        endRound()
        isGivingUp = true
        following = nil
        pendingAnswer = nil
        acceptance = nil
        proposeAt = nil
        raiseHold(at: now, peers: peers, into: &output)
        installAlone(at: now, peers: peers, into: &output)
    }

    /// When the Hold is answered: what I sent until then is delivered here (D6).
    mutating func installAlone(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard isGivingUp, case .answered(let hasState) = hold else { return }
        installAlone(hasState: hasState, under: nil, at: now, peers: peers, into: &output)
    }

    /// A view of this member alone: primary when it has an authority.
    mutating func installAlone(
        hasState: Bool, under authority: ViewID?, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        let side = Side(previous: view, wasPrimary: isPrimary, continuing: [me], leaving: [])
        let alone = Proposal(
            view: View(id: ViewID(epoch: highestEpoch + 1, coordinator: me), members: [me]),
            sides: [
                .init(side: side, cut: streams.received, controls: streams.controlsDelivered, hasState: hasState)
            ], isPrimary: authority != nil, isEligible: true, authority: authority)
        highestEpoch += 1
        install(alone, cards: [], at: now, peers: peers, into: &output)
    }
}
