import GroupModel

/// The coordinator's side of a flush: collecting changes, rounds, take-over.
extension HWG {
    /// Looks at what has changed and does what is this member's to do: the coordinator schedules a round, the others
    /// report to it.
    mutating func evaluate(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard departure == nil, !isGivingUp else { return }
        if let dependence, wantsToLeave, dependence.control == nil { return depart(with: nil, into: &output) }
        if wantsToLeave, view.members.count == 1 || lacksMajority { return depart(with: nil, into: &output) }
        guard needsChange else { return }
        if isHeldBack { return retrySooner(at: now) }
        guard isCoordinator else {
            if resendAt == nil, reportIsDue { report(into: &output); scheduleResend(at: now) }
            leadIfLeft(at: now)
            return
        }
        guard round == nil, following == nil else { return }
        proposeAt = min(proposeAt ?? .distantFuture, now + parameters.gather)
    }

    /// ▸ Whose proposer has failed holds, and follows nobody; who coordinates its view may never have heard of the proposal.
    private mutating func leadIfLeft(at now: Instant) {
        guard isHeldInView, dependence == nil, following == nil, round == nil,
            acceptance.map({ $0.ballot != nil }) ?? true
        else { return }
        proposeAt = min(proposeAt ?? .distantFuture, now + parameters.patience * Int64(1 + trustedBefore))
    }

    /// Of those in the view that are not suspected, how many come before me.
    var trustedBefore: Int { zip(view.members, suspects).filter { !$0.1 }.firstIndex { $0.0 == me } ?? 0 }

    var needsChange: Bool {
        suspects.contains(true) || leaving.contains(true) || !merge.sides.isEmpty || isHeldInView || mayBePrimary
            || seeksGroup
    }

    /// A flush has begun, which ends in a view. In the mode `primary` a view that is not primary is held for as long as it lasts.
    private var isHeldInView: Bool { hold != .none && (!isPrimaryMode || isPrimary) }

    /// Who is to lead may not know yet that this view is decided: who decided it is gone.
    private var lacksCoordinator: Bool { view.rank(of: coordinator).map { !heard[$0] } ?? false }

    private var reportIsDue: Bool {
        if dependence != nil { return wantsToLeave || isHeldInView && following == nil || lacksCoordinator }
        return suspects.contains(true) || wantsToLeave || seeksGroup
    }

    mutating func report(into output: inout HWGOutput) {
        guard !isCoordinator, reportIsDue else { return }
        let frame = MembershipFrame.Report(
            view: view.id, suspects: dependence == nil ? zip(view.members, suspects).filter(\.1).map(\.0) : [],
            isLeaving: wantsToLeave, asksForView: dependence != nil ? isHeldInView : seeksGroup)
        send(.report(frame), to: coordinator, into: &output)
    }

    /// Marks without consequences; the caller evaluates. `seenAt`: when this node itself saw that it does not answer.
    @discardableResult
    mutating func markSuspect(_ member: MemberID, seenAt: Instant? = nil) -> Bool {
        guard let rank = view.rank(of: member), member != me, !suspects[rank] else { return false }
        suspects[rank] = true
        tenure.seen[rank] = seenAt
        streams.suspect(rank)
        followedFailed(member)
        return true
    }

    /// A member of this view, or of a side that is to merge, is taken to have failed. `isSeen`: by this node's own detector.
    public mutating func memberSuspected(
        _ member: MemberID, isSeen: Bool = false, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard departure == nil else { return }
        if dependence != nil { return dependentSuspected(member, at: now, peers: peers, into: &output) }
        if let acceptance, acceptance.isFilling, !streams.hasReachedCut, let rank = view.rank(of: member),
            acceptance.holders.contains(UInt16(rank)), !suspects[rank]
        {
            output.notes.append(.donorFailed(member))
        }
        markSuspect(member, seenAt: isSeen ? now : nil)
        followedFailed(member)
        merge.memberFailed(member)
        if round != nil, view.rank(of: member) == nil { unable.insert(member) }
        if acceptance != nil { advanceAcceptance(at: now, peers: peers, into: &output) }
        if let outcome = round?.memberFailed(member) {
            handle(outcome, at: now, peers: peers, into: &output)
        }
        evaluate(at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    // MARK: Rounds

    mutating func startRound(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard departure == nil, needsChange, !isGivingUp, !hasLostRecord else { return }
        guard following == nil, mayLead(at: now, peers: peers), needsChange else { return }
        takeBackSuspicions(at: now, peers: peers)
        let participants = zip(view.members, suspects).filter { !$0.1 }.map(\.0)
        var staying = participants.filter { !leaving[view.rank(of: $0) ?? 0] }
        // A view needs a member: if all leave, this one is the last.
        if staying.isEmpty { staying = [me] }
        let mine = Side(
            previous: view, wasPrimary: isPrimary, continuing: staying,
            leaving: participants.filter { !staying.contains($0) })
        let promised = [acceptor.promised, chain?.record.acceptor.promised].compactMap { $0?.attempt }.max() ?? 0
        let attempt = max(lastAttempt, promised) + 1
        guard attempt <= Ballot.maximumAttempt else { return }
        if attempt > lastAttempt + 1, let previous = acceptor.promised?.proposer, previous != me {
            output.notes.append(.tookOver(from: previous))
        }
        lastAttempt = attempt
        let round = FlushRound(
            ballot: Ballot(attempt: attempt, proposer: me), sides: [mine] + merge.sides, last: chain?.record.last,
            control: dependence?.control)
        self.round = round
        roundDeadline = now + timeout(of: round, peers: peers)
        sendPropose(round, to: round.participants, peers: peers, into: &output)
        scheduleResend(at: now)
    }

    /// ▸ Twice as long as any of those asked gives its applications, if that is more: otherwise a node whose time-out is shorter
    /// leaves out, for one application that is late, a whole node where that is allowed.
    private func timeout(of round: FlushRound, peers: PeerTable) -> Interval {
        guard !Mutant.ownFlushTimeout.isOn else { return parameters.flushTimeout }
        return round.participants.reduce(parameters.flushTimeout) { max($0, peers.holdDeadline(of: $1) * 2) }
    }

    /// Attempts per view that follow each other at once.
    static let hastyAttempts: UInt32 = 4

    mutating func endRound() {
        round = nil
        roundDeadline = nil
    }

    mutating func restartRound(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        if restartsTooOften() { return holdBack(dataLost: false, at: now, peers: peers, into: &output) }
        endRound()
        output.notes.append(.restarted(attempt: lastAttempt + 1))
        guard lastAttempt >= Self.hastyAttempts else { return startRound(at: now, peers: peers, into: &output) }
        // Whoever keeps failing gives the others time, and lets packets come that tell why.
        proposeAt = min(proposeAt ?? .distantFuture, now + parameters.resendInterval)
    }

    mutating func sendPropose(
        _ round: FlushRound, to members: [MemberID], peers: PeerTable, into output: inout HWGOutput
    ) {
        let cards = cards(of: round.participants, peers: peers)
        let frame = MembershipFrame.Propose(
            ballot: round.ballot, sides: round.sides, cards: cards, last: round.last, authority: round.control?.id)
        send(.propose(frame), to: members, into: &output)
    }

    mutating func sendCut(
        _ proposal: Proposal, _ round: FlushRound, to members: [MemberID], into output: inout HWGOutput
    ) {
        chain?.isUntouched = false
        let holders = proposal.sides.map { side in round.holders(of: side).map { UInt16($0 ?? 0xFFFF) } }
        let frame = MembershipFrame.Cut(
            ballot: round.ballot, proposal: proposal, holders: holders, authority: round.control?.id)
        send(.cut(frame), to: members, into: &output)
    }

    func cards(of members: [MemberID], peers: PeerTable) -> [NodeCard] { members.compactMap { peers.card(of: $0) } }

    mutating func handle(
        _ outcome: FlushRound.Outcome, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        switch outcome {
        case .waiting:
            break
        case .collected:
            guard var round else { return }
            // Earlier lives are forgotten in time: whoever is not known cannot accept what names it.
            let gone = round.named.filter { !peers.isReachable($0) }
            let failed = suspected.union(peers.suspected).union(gone)
            let proposal: Proposal
            if let last = round.last {
                switch round.choose(
                    after: last, control: chain?.control, epochFloor: highestEpoch, suspected: failed)
                {
                case .proposal(let chosen): proposal = chosen
                case .noMajority: return holdBack(dataLost: false, at: now, peers: peers, into: &output)
                case .dataLost: return holdBack(dataLost: true, at: now, peers: peers, into: &output)
                }
            } else if round.control != nil {
                proposal = round.chooseAmongKept(epochFloor: highestEpoch)
            } else {
                proposal = round.choose(rule: parameters.rule, epochFloor: highestEpoch, suspected: failed)
            }
            highestEpoch = max(highestEpoch, proposal.view.id.epoch)
            if round.isAdopted {
                output.notes.append(
                    .adopted(
                        proposal.view.id, acceptedBy: round.accepted(proposal), of: proposal.view.members.count))
            }
            self.round = round
            sendCut(proposal, round, to: round.voters(on: proposal), into: &output)
            resendCount = 0
            scheduleResend(at: now)
        case .decided(let proposal):
            guard let round else { return }
            endRound()
            let frame = MembershipFrame.install(
                .init(proposal: proposal, cards: cards(of: proposal.audience, peers: peers)))
            let voters = round.control == nil ? round.voters(on: proposal) : proposal.audience
            send(frame, to: voters, into: &output)
            if !voters.contains(me) { loopback.append(frame) }
            // It was another side's, adopted from one of its members: mine is still held, and begins anew.
            if proposal.side(of: view.id) == nil {
                chain?.isHeldBack = false
                evaluate(at: now, peers: peers, into: &output)
            }
        case .restart:
            restartRound(at: now, peers: peers, into: &output)
        }
    }

    // MARK: Patience

    /// When the proposer that I follow has been silent too long; later for higher ranks, so that one takes over.
    ///
    /// ▸ Twice as long after each take-over of mine since the members changed. Ten repetitions may be less than a way to a third member and back,
    /// or than a write to a disk; two members that take over from each other would do so for ever.
    var watchdogAt: Instant? {
        guard let following else { return nil }
        let patience = parameters.patience * (1 << min(takeOvers, Self.takeOverDoublings))
        let longest = max(parameters.flushTimeout, parameters.patience, Self.longestPatience)
        return following.lastSign + min(patience, longest) * Int64(1 + trustedBefore)
    }

    /// Ten times the longest `resendInterval` that may be configured. My own, and my `flushTimeout`, may be shorter than the time
    /// from one sign of somebody else's to the next, which is four of its `resendInterval`s.
    private static let longestPatience = Interval.seconds(10)

    /// From the shortest patience that may be configured, 50 ms, to beyond the longest time-out of a flush.
    private static var takeOverDoublings: Int64 { 13 }

    mutating func followedTooLong(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        following = nil
        takeOvers += 1
        if isPrimaryMode, acceptance?.ballot != nil { acceptance = nil }
        guard hold != .none else { return }
        startRound(at: now, peers: peers, into: &output)
    }

    /// Members that are heard but do not answer are taken to have failed; sides that do not, are merged another time.
    mutating func roundTooLong(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard let round else { roundDeadline = nil; return }
        if dependence != nil { return roundOfKeptTooLong(round, at: now, peers: peers, into: &output) }
        for member in round.unanswered where member != me {
            if view.rank(of: member) == nil { unable.insert(member) }
            markSuspect(member, seenAt: now)
            merge.memberFailed(member)
        }
        restartRound(at: now, peers: peers, into: &output)
    }
}
