import GroupModel

/// The participant's side of a flush: Hold, HoldOK, `flushed`, fill the cut, `cutReached`.
extension HWG {
    // MARK: Hold

    mutating func raiseHold(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard hold == .none else { return }
        hold = .raised
        if isShown {
            output.notes.append(.held(view.id))
            output.indications.events.append(.hold(view.id))
        } else {
            // Nobody above knows of this view, so nobody can send in it or keep state of it.
            answerHold(hasState: false, at: now, peers: peers, into: &output)
        }
    }

    /// ▸ From here on no data of the view is taken but what a cut names, and what has no packet number belongs to the
    /// next view (F1).
    mutating func answerHold(hasState: Bool, at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        hold = .answered(hasState: hasState)
        streams.holdAnswered(at: now, into: &output)
        _ = streams.freeze()
        if let ballot = pendingAnswer {
            pendingAnswer = nil
            sendFlushed(ballot, into: &output)
        }
        if isGivingUp { return installAlone(at: now, peers: peers, into: &output) }
        if acceptance != nil { advanceAcceptance(at: now, peers: peers, into: &output) }
    }

    private mutating func sendFlushed(_ ballot: Ballot, into output: inout HWGOutput) {
        guard case .answered(let hasState) = hold else { return }
        if ballot.proposer != me { chain?.isUntouched = false }
        var answer = FlushRound.Answer(
            received: streams.received, controls: streams.controlsDelivered,
            accepted: Mutant.forgottenAcceptance.isOn ? nil : acceptor.accepted,
            highestEpoch: highestEpoch, hasState: hasState, isFresh: !hasBeenPrimary)
        if let record = chain?.record {
            let accepted = Mutant.forgottenAcceptance.isOn ? nil : record.acceptor.accepted
            answer.vote = FlushRound.Vote(last: record.last, accepted: accepted)
            if let places = chain?.places { answer.places = places }
        }
        let frame = MembershipFrame.Flushed(
            ballot: ballot, previous: view.id, answer: answer,
            suspects: dependence == nil ? zip(view.members, suspects).filter(\.1).map(\.0) : [])
        sendSynced(.flushed(frame), to: ballot.proposer, into: &output)
    }

    // MARK: propose

    mutating func proposeArrived(
        _ frame: MembershipFrame.Propose, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard frame.ballot.proposer == member, isCurrent(frame.ballot, of: member), !isGivingUp,
            let question = frame.question
        else { return }
        guard agreesOnLast(frame.last, with: member, asking: question, at: now, peers: peers, into: &output),
            trusts(frame.authority, of: member, asking: question, into: &output)
        else { return }
        guard let side = frame.sides.first(where: { $0.previous.id == view.id }) else {
            guard let named = frame.sides.first(where: { $0.participants.contains(me) }) else { return }
            return correct(member, about: named.previous.id, asking: question, at: now, into: &output)
        }
        guard side.previous.members == view.members, side.participants.contains(me) else { return }
        takeBackSuspicions(at: now, peers: peers)
        // What follows a view that is not primary, in which nothing was sent, is the record's matter alone. Ballots about it
        // grow with its last view, which may end and last, while its proposers come from others.
        // In another group than the control group, who comes in has no vote on what it comes into.
        if isPrimaryMode, !isPrimary { acceptor = Acceptor() }
        guard admits(member, asking: question, peers: peers, into: &output) else { return }
        if case .refuse(let promised) = acceptor.proposeArrived(frame.ballot) {
            return send(
                .refuse(.init(question: question, view: view.id, reason: .promised(promised))), to: member,
                into: &output)
        }
        if let promised = promiseInRecord(frame.ballot, into: &output) {
            return send(
                .refuse(.init(question: question, view: view.id, reason: .promised(promised))), to: member,
                into: &output)
        }
        output.learned += frame.cards
        follow(frame.ballot, at: now)
        // ▸ Answering a proposer adopts its suspicions, or ignored proposals deadlock and answered refusals livelock.
        for other in view.members
        where other != me && dependence == nil && !side.participants.contains(other) {
            markSuspect(other)
        }
        raiseHold(at: now, peers: peers, into: &output)
        if case .answered = hold {
            sendFlushed(frame.ballot, into: &output)
        } else if Mutant.skippedHoldOK.isOn {
            answerHold(hasState: true, at: now, peers: peers, into: &output)
            sendFlushed(frame.ballot, into: &output)
        } else {
            pendingAnswer = frame.ballot
        }
    }

    /// A suspect stays one for this flush: it is told so instead of being answered.
    private mutating func admits(
        _ proposer: MemberID, asking question: MembershipFrame.Question, peers: PeerTable, into output: inout HWGOutput
    ) -> Bool {
        guard proposer != me, dependence == nil else { return true }
        let isSuspect = view.rank(of: proposer).map { suspects[$0] } ?? peers.isSuspected(proposer)
        if isSuspect {
            send(.refuse(.init(question: question, view: view.id, reason: .suspected)), to: proposer, into: &output)
        }
        return !isSuspect
    }

    /// ▸ What I sent to myself in a round that has ended since: to follow it would end the one that came after.
    private func isCurrent(_ ballot: Ballot, of proposer: MemberID) -> Bool {
        proposer != me || round?.ballot == ballot
    }

    private mutating func follow(_ ballot: Ballot, at now: Instant) {
        if let round, round.ballot != ballot { endRound() }
        if ballot.proposer == me {
            following = nil
        } else {
            following = Following(proposer: ballot.proposer, lastSign: now)
            proposeAt = nil
        }
    }

    // MARK: cut

    mutating func cutArrived(
        _ frame: MembershipFrame.Cut, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard frame.ballot.proposer == member, isCurrent(frame.ballot, of: member), !isGivingUp else { return }
        if chain != nil, let after = frame.proposal.after {
            guard agreesOnLast(after, with: member, asking: frame.question, at: now, peers: peers, into: &output),
                departure == nil
            else { return }
            if !canEnter(frame.proposal) {
                guard admits(member, asking: frame.question, peers: peers, into: &output) else { return }
                return voteArrived(frame, from: member, at: now, into: &output)
            }
        }
        guard trusts(frame.authority, of: member, asking: frame.question, into: &output) else { return }
        guard let index = frame.proposal.sides.firstIndex(where: { $0.side.previous.id == view.id }) else {
            guard let named = frame.proposal.sides.first(where: { $0.side.participants.contains(me) }) else { return }
            return correct(member, about: named.side.previous.id, asking: frame.question, at: now, into: &output)
        }
        let sideCut = frame.proposal.sides[index]
        guard sideCut.side.previous.members == view.members, sideCut.side.participants.contains(me) else { return }
        guard admits(member, asking: frame.question, peers: peers, into: &output) else { return }
        if dependence != nil, !isPrimary { acceptor = Acceptor() }
        // `cutReached` is refused below `promised`.
        if case .refuse(let promised) = acceptor.cutArrived(frame.proposal, at: frame.ballot) {
            return send(
                .refuse(.init(question: frame.question, view: view.id, reason: .promised(promised))), to: member,
                into: &output)
        }
        follow(frame.ballot, at: now)
        pendingAnswer = nil
        highestEpoch = max(highestEpoch, frame.proposal.view.id.epoch)
        if acceptance?.ballot != frame.ballot || acceptance?.proposal != frame.proposal {
            guard acceptance.map({ $0.ballot != nil }) ?? true else { return }  // A decision waits only for its cut.
            acceptance = Acceptance(
                proposal: frame.proposal, ballot: frame.ballot, holders: frame.holders[index],
                since: fillBegan(frame.proposal.view.id, at: now))
        } else if acceptor.accepted == Accepted(ballot: frame.ballot, proposal: frame.proposal) {
            return sendSynced(
                .cutReached(.init(ballot: frame.ballot, view: frame.proposal.view.id)), to: member, into: &output)
        }
        raiseHold(at: now, peers: peers, into: &output)
        advanceAcceptance(at: now, peers: peers, into: &output)
    }

    /// Towards `cutReached`, or towards the view when it is decided: hold, fill, then accept or install.
    mutating func advanceAcceptance(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard case .answered = hold, let acceptance, let sideCut = acceptance.proposal.side(of: view.id) else { return }
        if let ballot = acceptance.ballot, acceptor.accepted?.ballot == ballot { return }
        guard isWithin(sideCut) else { return cannotReachCut(acceptance, at: now, peers: peers, into: &output) }
        if !acceptance.isFilling {
            self.acceptance?.isFilling = true
            let holders = acceptance.holders.map { Int($0) < view.members.count ? Rank($0) : nil }
            streams.fill(cut: sideCut.cut, holders: holders, at: now, into: &output)
        }
        guard streams.hasReachedCut || Mutant.unfilledCut.isOn else {
            if isAloneWithCut { cannotReachCut(acceptance, at: now, peers: peers, into: &output) }
            return
        }
        guard let ballot = acceptance.ballot else {
            return install(acceptance.proposal, cards: acceptance.cards, at: now, peers: peers, into: &output)
        }
        guard acceptInRecord(acceptance.proposal, ballot, into: &output) == nil else { return }
        if case .promise = acceptor.accept(acceptance.proposal, at: ballot) {
            // It may be decided without my hearing of it: I do not count towards another first primary view.
            if acceptance.proposal.isPrimary { hasBeenPrimary = true }
            acceptedComingIn(at: now)
            sendSynced(
                .cutReached(.init(ballot: ballot, view: acceptance.proposal.view.id)), to: ballot.proposer,
                into: &output)
        }
    }

    /// Whether I can still enter the view together with those who deliver this cut: I delivered no more, and sent no
    /// more (D4, D6).
    func isWithin(_ sideCut: Proposal.SideCut) -> Bool {
        let cut = sideCut.cut
        if Mutant.cutOfProposer.isOn { return true }
        guard streams.controlsDelivered <= sideCut.controls, cut.count == view.members.count else { return false }
        let delivered = streams.hasDelivered
        return cut.indices.allSatisfy { delivered[$0] <= cut[$0] } && streams.received[myRank] <= cut[myRank]
    }

    /// Nobody is left in my view who could supply what the cut names. (In the mode `primary` suspicions are taken back.)
    private var isAloneWithCut: Bool {
        !isPrimaryMode && !suspects.enumerated().contains { !$1 && $0 != myRank }
    }

    private mutating func cannotReachCut(
        _ acceptance: Acceptance, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        self.acceptance = nil
        if let ballot = acceptance.ballot {
            let question = MembershipFrame.Question(
                ballot: ballot, view: acceptance.proposal.view.id, isCut: true)
            send(
                .refuse(.init(question: question, view: view.id, reason: .cannotReachCut)), to: ballot.proposer,
                into: &output)
        } else {
            excluded(by: acceptance.proposal, at: now, peers: peers, into: &output)
        }
    }

    /// When a decided view is given up because nobody supplies what its cut names.
    var fillDeadline: Instant? {
        guard let acceptance, acceptance.ballot == nil || chain != nil && isPrimary && lacksCut else { return nil }
        return acceptance.since + parameters.flushTimeout
    }

    /// What the proposal that I am to accept names is not here.
    private var lacksCut: Bool { acceptance?.isFilling == true && !streams.hasReachedCut }

    /// Everybody who could supply the cut of a decided view is gone, or does not: it is theirs without me.
    mutating func giveUpFilling(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard let acceptance else { return }
        // A proposal that may be decided waits for me, and its holders are gone: it is decided by the votes of records.
        guard acceptance.ballot == nil else { return giveUp(at: now, peers: peers, into: &output) }
        excluded(by: acceptance.proposal, at: now, peers: peers, into: &output)
    }

    /// The others went on without me: I install a view of those who are left, and come back by a merge.
    mutating func excluded(by proposal: Proposal, at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        output.notes.append(.excluded(by: proposal.view.id))
        if dependence != nil { return giveUp(at: now, peers: peers, into: &output) }
        if chain != nil, let decided = DecidedView(proposal) {
            acceptance = nil
            learned(decided, at: now, peers: peers, into: &output)
            if isPrimary || isGivingUp { return giveUp(at: now, peers: peers, into: &output) }
        }
        following = nil
        pendingAnswer = nil
        acceptance = nil
        for member in proposal.view.members where member != me {
            markSuspect(member)
            // Sides that I was to merge with are in that view: with them, each repeated `install` would end my round again.
            merge.memberFailed(member)
        }
        for side in proposal.sides {
            for member in side.side.leaving where member != me { markSuspect(member) }
        }
        if round != nil { endRound() }
        evaluate(at: now, peers: peers, into: &output)
    }
}
