import GroupModel

/// Finding other views of the group, and asking or being asked to merge (design.md, section 5, "Join is a merge").
extension HWG {
    /// Tells the nodes outside the view that it exists, and who its coordinator is: a newcomer may know any member.
    ///
    /// Suspected ones too. Over a link that works one way only, who is heard no more may hear us: it must learn that it was
    /// left, or it waits in its old view for ever for acknowledgements that do not reach it.
    public mutating func announce(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        let outside = peers.current.filter { !view.members.contains($0) }
        announce(to: outside, peers: peers, into: &output)
    }

    private mutating func announce(to members: [MemberID], peers: PeerTable, into output: inout HWGOutput) {
        guard departure == nil, !wantsToLeave, !members.isEmpty, let card = peers.card(of: coordinator) else { return }
        let frame = MembershipFrame.Announce(
            view: view, isPrimary: isPrimary, coordinator: card, origin: origin)
        send(.announce(frame), to: members, into: &output)
    }

    mutating func announceArrived(
        _ frame: MembershipFrame.Announce, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        guard member != me, frame.view.members.contains(member), frame.view.id != view.id else { return }
        guard frame.origin == origin else {
            return output.notes.append(.otherInitial(member))
        }
        if frame.isPrimary, isPrimary, chain != nil, frame.view.id > view.id, !frame.view.members.contains(me) {
            // One chain: it is a later view than mine, and I am not in it.
            giveUp(at: now, peers: peers, into: &output)
            return
        }
        // Views grow at each member: those that are in a later one without me left mine for good.
        if frame.view.id > view.id, !frame.view.members.contains(me) {
            for other in view.members where frame.view.members.contains(other) {
                wentAway(other)
                memberSuspected(other, at: now, peers: peers, into: &output)
            }
        } else if isBeside(frame.view.id, of: member), !Mutant.ghostAmongUs.isOn {
            wentAway(member)
            memberSuspected(member, at: now, peers: peers, into: &output)
        }
        noteStrays(of: frame, from: member, at: now)
        // Views that are not primary do not merge with each other there.
        if dependence != nil, frame.isPrimary == isPrimary { return }
        guard !view.members.contains(member), !frame.view.members.contains(me) else { return }
        output.learned.append(frame.coordinator)
        if precedes(frame.view.id, frame.isPrimary) {
            if isCoordinator, !wantsToLeave, !quarrels.rest(frame.view.members, at: now) {
                ask(frame.coordinator.member, at: now, peers: peers, into: &output)
            }
        } else if isIdle {
            announce(to: [member], peers: peers, into: &output)
        }
    }

    /// Whether a member of my view went from its view before into that one instead.
    ///
    /// ▸ It is heard, so nobody suspects it, and it never comes: the oldest of a decided view may be one that had gone on alone.
    private func isBeside(_ viewID: ViewID, of member: MemberID) -> Bool {
        guard dependence == nil, view.rank(of: member) != nil, viewID.epoch <= view.id.epoch,
            let sides = decision?.proposal.sides,
            let before = sides.first(where: { $0.side.participants.contains(member) })?.side.previous.id
        else { return false }
        return viewID.epoch > before.epoch
    }

    /// Whether that view stands above mine in (primary, view ID): then I ask and it leads.
    private func precedes(_ viewID: ViewID, _ primary: Bool) -> Bool {
        primary != isPrimary ? primary : viewID > view.id
    }

    mutating func ask(
        _ leader: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        // A side enters a merge only from a view of exactly its own members.
        guard mayComeIn, isIdle, !suspects.contains(true), peers.isMutual(leader, at: now),
            merge.mayAsk(leader, at: now),
            merge.sides.isEmpty
        else { return }
        merge.ask(leader, at: now)
        sendMergeRequest(to: leader, peers: peers, into: &output)
        scheduleResend(at: now)
    }

    private mutating func sendMergeRequest(to leader: MemberID, peers: PeerTable, into output: inout HWGOutput) {
        let staying = view.members.filter { !leaving[view.rank(of: $0) ?? 0] }
        guard !staying.isEmpty else { return }
        let side = Side(
            previous: view, wasPrimary: isPrimary, continuing: staying,
            leaving: view.members.filter { !staying.contains($0) })
        send(.mergeRequest(.init(side: side, cards: cards(of: view.members, peers: peers))), to: leader, into: &output)
    }

    mutating func askAgain(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard let asked = merge.asked else { return }
        if now - asked.since > parameters.askPatience || !isIdle || !isCoordinator {
            output.notes.append(.mergeFailed(with: asked.leader))
            merge.giveUp(at: now)
        } else if asked.retryAt <= now {
            sendMergeRequest(to: asked.leader, peers: peers, into: &output)
        }
    }

    mutating func mergeRequestArrived(
        _ frame: MembershipFrame.MergeRequest, from member: MemberID, at now: Instant, peers: PeerTable,
        into output: inout HWGOutput
    ) {
        let side = frame.side
        guard member != me, side.previous.members.contains(member), !side.previous.members.contains(me) else { return }
        guard isCoordinator else {
            return send(.mergeAnswer(.redirect(coordinator)), to: member, into: &output)
        }
        if let asked = merge.asked {
            if asked.leader != member { send(.mergeAnswer(.redirect(asked.leader)), to: member, into: &output) }
            return
        }
        // A side that has a member of my view, and is later than it, has taken that member away.
        if side.previous.id > view.id {
            for other in view.members where side.previous.members.contains(other) {
                wentAway(other)
                memberSuspected(other, at: now, peers: peers, into: &output)
            }
        }
        let isOverlapping = overlaps(side)
        if side.previous.id > view.id, side.previous.members.contains(where: view.members.contains) {
            strayed(side.participants, at: now)
        }
        let count = view.members.count + merge.sides.reduce(0) { $0 + $1.continuing.count } + side.continuing.count
        guard isIdle, !wantsToLeave, !isOverlapping, mayTakeIn(side), count <= Limits.viewMembers,
            !quarrels.rest(side.continuing, at: now),
            merge.sides.count + 2 <= Limits.mergeSides, !precedes(side.previous.id, side.wasPrimary)
        else { return send(.mergeAnswer(.busy), to: member, into: &output) }
        output.learned += frame.cards
        guard side.participants.allSatisfy({ peers.isReachable($0) }) else {
            return send(.mergeAnswer(.unreachable), to: member, into: &output)
        }
        merge.add(side)
        unable.subtract(side.participants)
        if proposeAt == nil || isHeldBack {
            proposeAt = min(proposeAt ?? .distantFuture, now + parameters.mergeGather)
        }
    }

    /// A member says that it does not hear another one, whom I hear.
    mutating func reported(_ member: MemberID, at now: Instant, peers: PeerTable) {
        guard dependence == nil, let rank = view.rank(of: member), !suspects[rank], !peers.isSuspected(member) else {
            return
        }
        quarrels.reported(member, within: peers.failureTimeout * 4, at: now)
    }

    /// In the mode `primary` votes are of nodes: two lives of one are never in a view together.
    private func overlaps(_ side: Side) -> Bool {
        if side.previous.members.contains(where: view.members.contains) { return true }
        guard isPrimaryMode else { return false }
        let nodes = zip(view.members, suspects).filter { !$0.1 }.map(\.0.node)
        return side.participants.contains { nodes.contains($0.node) }
    }

    /// A member of my view announces another one, which it is in for good.
    private mutating func noteStrays(
        of frame: MembershipFrame.Announce, from member: MemberID, at now: Instant
    ) {
        guard let chain, let rank = view.rank(of: member), !frame.isPrimary, !frame.view.members.contains(me),
            frame.view.id > view.id || chain.gone.contains(rank)
        else { return }
        strayed(frame.view.members, at: now)
    }

    /// Members of my primary view are in a view with others, and cannot come back into mine: whether their votes are missed,
    /// the next attempt shows.
    private mutating func strayed(_ members: [MemberID], at now: Instant) {
        guard isHeldBack, isPrimary else { return }
        for member in members where chain?.strays.contains(member) == false {
            guard let count = chain?.strays.count, count < Limits.viewMembers else { return }
            chain?.strays.append(member)
            proposeAt = min(proposeAt ?? .distantFuture, now + parameters.mergeGather)
        }
    }

    mutating func mergeAnswerArrived(
        _ answer: MembershipFrame.MergeAnswer, from member: MemberID, at now: Instant, peers: PeerTable
    ) {
        guard let asked = merge.asked, asked.leader == member else { return }
        switch answer {
        case .busy:
            // Askers that were refused together come back apart: their identities spread them.
            let spread = Int64(StableHash.mix(me.node.raw) % 20)
            merge.askLater(at: now, jitter: parameters.resendInterval + .milliseconds(spread))
        case .redirect(let leader):
            merge.giveUp(at: now)
            if leader != me, !view.members.contains(leader), peers.isMutual(leader, at: now) {
                merge.ask(leader, at: now)
                scheduleResend(at: now)
            }
        case .unreachable:
            // The cards that went along let it dial; ask again until patience ends.
            merge.askLater(at: now, jitter: parameters.resendInterval * 2)
        }
    }
}
