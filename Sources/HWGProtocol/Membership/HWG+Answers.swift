import GroupModel

/// What a coordinator makes of the answers to its frames, and of reports.
extension HWG {
    mutating func flushedArrived(
        _ frame: MembershipFrame.Flushed, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard let round, round.ballot == frame.ballot else {
            if member != me, frame.previous != view.id {
                let question = MembershipFrame.Question(ballot: frame.ballot, view: frame.previous)
                correct(member, about: frame.previous, asking: question, at: now, into: &output)
            }
            return
        }
        if let last = round.last, frame.answer.vote?.last != last, !Mutant.lateVote.isOn {
            // Its vote is about another view's successor.
            if let later = frame.answer.vote?.last, later.id > last.id {
                learned(later, at: now, peers: peers, into: &output)
            }
            return
        }
        let side = round.sides.first { $0.participants.contains(member) }
        guard side?.previous.id == frame.previous else { return }
        let failed = frame.suspects.filter { round.participants.contains($0) && $0 != me }
        if frame.suspects.contains(me) || !failed.isEmpty {
            // Its suspicions become mine, or nobody would ever exclude a member that only some can hear.
            for suspect in failed {
                markSuspect(suspect)
                merge.memberFailed(suspect)
            }
            if !failed.isEmpty { return restartRound(at: now, peers: peers, into: &output) }
        }
        if let outcome = self.round?.flushedArrived(from: member, frame.answer) {
            highestEpoch = max(highestEpoch, frame.answer.highestEpoch)
            handle(outcome, at: now, peers: peers, into: &output)
        }
    }

    mutating func cutReachedArrived(
        _ frame: MembershipFrame.CutReached, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard round?.ballot == frame.ballot, let outcome = round?.cutReachedArrived(from: member, of: frame.view)
        else { return }
        handle(outcome, at: now, peers: peers, into: &output)
    }

    mutating func reportArrived(
        _ frame: MembershipFrame.Report, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard frame.view == view.id, let rank = view.rank(of: member) else {
            return correct(member, about: frame.view, at: now, into: &output)
        }
        if frame.isLeaving { leaving[rank] = true }
        if frame.asksForView {
            if dependence == nil {
                chain?.seekers.insert(rank)
            } else {
                raiseHold(at: now, peers: peers, into: &output)
            }
        }
        // ▸ Of two that suspect each other the first to say so stays: who is to be left out leaves out nobody.
        if !suspects[rank] {
            for suspect in frame.suspects where suspect != me {
                reported(suspect, at: now, peers: peers)
                memberSuspected(suspect, at: now, peers: peers, into: &output)
            }
        }
        evaluate(at: now, peers: peers, into: &output)
    }

    mutating func refuseArrived(
        _ frame: MembershipFrame.Refuse, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard member != me else { return }
        let isMine = frame.view == view.id
        let isAnswer = round?.asks(frame.question) ?? false
        switch frame.reason {
        case .promised(let higher):
            guard isAnswer else { return }
            lastAttempt = max(lastAttempt, higher.attempt)
            output.notes.append(.refused(by: member))
            if let rank = view.rank(of: higher.proposer), rank < myRank, !suspects[rank] {
                // An older member is at it: follow, and take over when it gives no sign.
                endRound()
                following = Following(proposer: higher.proposer, lastSign: now)
            } else if let rank = view.rank(of: member), !suspects[rank] {
                restartRound(at: now, peers: peers, into: &output)
            } else if dependence != nil {
                restartRound(at: now, peers: peers, into: &output)
            } else if chain != nil, round?.participants.contains(member) == false {
                // It has accepted something else and was not asked: it has to take part, so others may ask me to merge.
                holdBack(dataLost: false, at: now, peers: peers, into: &output)
            } else if chain != nil, merge.sides.contains(where: { $0.participants.contains(higher.proposer) }) {
                // Its side's own attempts came to nothing, and it has asked me since: a higher ballot is answered. (In the
                // mode `all` such an attempt ends in a view, which forgets it.)
                restartRound(at: now, peers: peers, into: &output)
            } else {
                // A member of another side follows somebody else: go on without its side. What is proposed again wants its vote
                // still: two proposers could end each other's attempts for ever, each with a proposal that one of its voters
                // has left for the other's.
                if lastAttempt > Self.hastyAttempts, round?.participants.contains(member) == false {
                    unable.insert(member)
                }
                merge.memberFailed(member)
                restartRound(at: now, peers: peers, into: &output)
            }
        case .behind(let current):
            guard let decision else { return }
            if decision.proposal.side(of: current) != nil {
                send(.install(decision), to: member, into: &output)
            } else if isMine || Mutant.anyRefusal.isOn, dependence == nil, view.members.contains(member) {
                // It went on from a predecessor by another way, and cannot enter my view any more.
                wentAway(member)
                memberSuspected(member, at: now, peers: peers, into: &output)
            }
        case .outrun(let last):
            guard chain != nil else { return }
            let asked = round?.ballot
            learned(last, at: now, peers: peers, into: &output)
            if isAnswer, round != nil, round?.ballot == asked { restartRound(at: now, peers: peers, into: &output) }
        case .authority(let control):
            if isAnswer { refusedUnder(control, at: now) }
        case .noMajority:
            noMajorityArrived(from: member, at: now, peers: peers, into: &output)
        case .suspected, .notMember, .cannotReachCut:
            // Who suspects me in my view, or is not in it, stays so: an answer to an earlier attempt will do. ▸ The next cut is another.
            guard isAnswer || isMine && frame.reason != .cannotReachCut else { return }
            output.notes.append(.refused(by: member))
            if frame.reason == .notMember { wentAway(member) }
            if dependence != nil {
                return cannotTakePart(frame, member, at: now, peers: peers, into: &output)
            }
            memberSuspected(member, at: now, peers: peers, into: &output)
        }
    }
}
