import GroupModel
import GroupWire

/// Installing a decided view, and seeing to it that everybody else does.
extension HWG {
    mutating func installArrived(
        _ frame: MembershipFrame.Install, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        let proposal = frame.proposal
        guard let index = proposal.sides.firstIndex(where: { $0.side.previous.id == view.id }) else {
            // Who voted with its record alone, or comes from elsewhere.
            if let decided = DecidedView(proposal) { learned(decided, at: now, peers: peers, into: &output) }
            if proposal.view.id == view.id {
                if member != me { send(.installed(view: view.id), to: member, into: &output) }
            } else if let round, member != me, round.isOvertaken(by: proposal, at: member) {
                memberSuspected(member, at: now, peers: peers, into: &output)
            } else if proposal.view.members.contains(me) {
                // They wait for me in a view that I cannot enter any more, or not yet.
                correct(member, about: proposal.view.id, at: now, into: &output)
            }
            return
        }
        let side = proposal.sides[index].side
        guard side.previous.members == view.members else { return }
        highestEpoch = max(highestEpoch, proposal.view.id.epoch)
        output.learned += frame.cards
        guard proposal.view.members.contains(me) else {
            if wantsToLeave, side.leaving.contains(me) {
                if let decided = DecidedView(proposal), chain?.record.learned(decided) == true {
                    persist(into: &output)
                }
                // What came before it left is still the leaver's, if it is here.
                let sideCut = proposal.sides[index]
                let cut = sideCut.cut
                if case .answered = hold, isWithin(sideCut), zip(streams.received, cut).allSatisfy({ $0 >= $1 }) {
                    streams.deliverThrough(
                        cut: cut, controls: sideCut.controls, at: now, into: &output)
                }
                depart(with: frame, into: &output)
                // ▸ Also where it follows somebody, and had nothing to repeat until now: otherwise it would never end.
                return scheduleResend(at: now)
            }
            if dependence != nil { return giveUp(at: now, peers: peers, into: &output) }
            // Told before: everybody in it is a suspect already.
            guard proposal.view.members.contains(where: { view.rank(of: $0).map { !suspects[$0] } ?? false }) else {
                return
            }
            return excluded(by: proposal, at: now, peers: peers, into: &output)
        }
        // A decision is final whatever the ballot.
        guard acceptance?.proposal != proposal || acceptance?.ballot != nil else { return }
        let isSame = acceptance?.proposal == proposal
        let holders = isSame ? acceptance?.holders : nil
        acceptance = Acceptance(
            proposal: proposal, ballot: nil, holders: holders ?? proposal.sides[index].cut.map { _ in 0xFFFF },
            since: now,
            isFilling: isSame && (acceptance?.isFilling ?? false), cards: frame.cards)
        if let round, round.ballot.proposer == me { endRound() }
        raiseHold(at: now, peers: peers, into: &output)
        advanceAcceptance(at: now, peers: peers, into: &output)
    }

    /// Delivers up to the cut, then the view, then resumes (D3, D4, D5).
    mutating func install(
        _ proposal: Proposal, cards: [NodeCard], at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard let sideCut = proposal.side(of: view.id) else { return }
        streams.deliverThrough(
            cut: sideCut.cut, controls: sideCut.controls, at: now, into: &output)
        let change = change(to: proposal, from: sideCut.side)
        let givesUp = isGivingUp
        // Giving up a view that is not primary is nobody's business.
        let isTold = !isPrimaryMode || proposal.isPrimary || givesUp && isPrimary
        if !givesUp, dependence == nil {
            output.excluded += exclusions(by: proposal, from: sideCut.side, at: now)
        }
        let flushed = streams.takeEndedFlushes()
        var carried = streams.takeCarriedOver()
        let nextNumber = Mutant.restartedNumbers.isOn ? 1 : streams.nextNumber
        pastCounters = counters
        retired = streams
        tenure = tenure(in: proposal.view, at: now)

        view = proposal.view
        isPrimary = proposal.isPrimary
        hasBeenPrimary = hasBeenPrimary || proposal.isPrimary
        // That I gave up my place binds nobody else.
        decision = givesUp ? nil : MembershipFrame.Install(proposal: proposal, cards: cards)
        suspects = view.members.map {
            $0 != me && dependence == nil && (peers.isSuspected($0) || isForgotten($0, cards, peers))
        }
        leaving = view.members.map { $0 == me && wantsToLeave }
        heard = view.members.map { $0 == me }
        unable = []
        if isTold { hold = .none }
        acceptor = Acceptor()
        // The same members again: somebody took the view back from a leader of a merge, and would as soon the next time.
        if view.members != sideCut.side.previous.members || Mutant.impatientAgain.isOn { takeOvers = 0 }
        acceptance = nil
        pendingAnswer = nil
        following = nil
        // Ballots about the successor of one decided view are never reused.
        if !isPrimaryMode || isPrimary { lastAttempt = 0 }
        proposeAt = nil
        resendAt = nil
        resendCount = 0
        showAt = nil
        endRound()
        merge.viewInstalled()
        quarrels.cameIn(view.members.filter { !sideCut.side.previous.members.contains($0) }, at: now)
        flushes += 1
        if isTold { isShown = true }

        streams = ViewStreams(
            group: id, view: view, me: me, cluster: cluster, parameters: parameters.multicast, nextNumber: nextNumber,
            waitsForAll: dependence != nil, now: now)
        for rank in suspects.indices where suspects[rank] { streams.suspect(rank) }
        output.notes.append(.installed(view.id, members: view.members.count, primary: isPrimary))
        if isTold { output.indications.events.append(.view(change)) }
        for token in flushed { output.indications.events.append(.flushed(token: token)) }
        primaryModeInstalled(proposal, change.view, isTold: isTold, at: now, into: &output)
        if parked.isEmpty { parked = carried.takeData() }
        streams.resume(carried, at: now, into: &output)

        send(.installed(view: view.id), to: view.members.filter { $0 != me }, into: &output)
        scheduleResend(at: now)
        let waiting = early
        early = []
        corrected.removeAll()
        for packet in waiting {
            earlyFrameArrived(packet, at: now, into: &output)
        }
        leaveIfOutrun(at: now, peers: peers, into: &output)
        evaluate(at: now, peers: peers, into: &output)
    }

    private mutating func earlyFrameArrived(_ packet: Packet, at now: Instant, into output: inout HWGOutput) {
        guard let header = try? FrameHeader.read(packet.contents),
            ViewToken(of: packet.contents) == streams.token
        else { return }
        _ = streams.frameArrived(header.kind, packet.contents, from: header.sender, at: now, into: &output)
    }

    mutating func installedArrived(_ viewID: ViewID, from member: MemberID) {
        guard viewID == view.id, let rank = view.rank(of: member) else { return }
        heard[rank] = true
    }

    /// Out of the group. The decision stays for a while, for those who have not installed it yet.
    mutating func depart(with install: MembershipFrame.Install?, into output: inout HWGOutput) {
        departure = Departure(install: install, unheard: install?.proposal.view.members.filter { $0 != me } ?? [])
        endRound()
        acceptance = nil
        following = nil
        proposeAt = nil
        showAt = nil
        merge = Merge()
        if isShown { output.indications.events.append(.left(.requested)) }
        output.notes.append(.left)
    }

    // MARK: Repeating

    mutating func scheduleResend(at now: Instant) {
        let due = now + parameters.resendInterval
        if resendAt.map({ due < $0 }) ?? true { resendAt = due }
    }

    /// One timer for everything that waits for an answer; it stops by itself when nothing does.
    mutating func resend(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        resendAt = nil
        resendCount += 1
        var isNeeded = false
        if departure != nil {
            guard let install = departure?.install, departure?.isFinished == false else { return }
            send(.install(install), to: departure?.unheard ?? [], into: &output)
            departure?.tries += 1
            resendAt = now + parameters.resendInterval
            return
        }
        if let round {
            isNeeded = true
            // Every fourth time to all, as a sign of life to those who follow.
            let members = resendCount % 4 == 0 ? everybody(in: round) : round.unanswered
            switch round.phase {
            case .collecting: sendPropose(round, to: members, peers: peers, into: &output)
            case .agreeing(let proposal, _): sendCut(proposal, round, to: members, into: &output)
            }
        }
        if let decision, isCoordinator || resendCount <= 2 {
            let unheard = view.members.indices.filter { !heard[$0] && !suspects[$0] }.map { view.members[$0] }
            if !unheard.isEmpty {
                isNeeded = true
                send(.install(decision), to: unheard, into: &output)
            }
        }
        if !isCoordinator, needsChange, !isHeldBack {
            isNeeded = true
            report(into: &output)
        }
        if merge.asked != nil {
            isNeeded = true
            askAgain(at: now, peers: peers, into: &output)
        }
        if isNeeded { scheduleResend(at: now) }
    }

    private func everybody(in round: FlushRound) -> [MemberID] {
        switch round.phase {
        case .collecting: round.participants
        case .agreeing(let proposal, _): proposal.audience
        }
    }
}
