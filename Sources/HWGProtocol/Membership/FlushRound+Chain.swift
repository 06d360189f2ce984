import GroupModel

// The choice in the mode `primary`: one Paxos per decided view, whose voters are nodes (Design/0010, "The rule").
extension FlushRound {
    enum Choice: Hashable, Sendable {
        /// The round goes on with the cut of this proposal.
        case proposal(Proposal)
        /// There is no view that this round could agree on: the side of the primary view stays in it, held.
        case noMajority
        /// The nodes are a majority, but too few of them have lived on in the primary view to have all that a member may have
        /// delivered in it: what they have goes on as that of a view that is not primary.
        case dataLost
    }

    /// Votes for a successor of `last`.
    private var voters: Set<NodeID> { Set(participants.map(\.node)) }

    /// Ends the collecting phase. All have answered about the successor of `last`.
    ///
    /// ▸ A primary proposal that may have been decided, given who answered without it, comes before anything else, unchanged.
    ///
    /// ▸ The vote survives a node's life, its data do not: a proposal of the round's own takes members of the last primary view
    /// as such only when they are a majority of its *members*. (Else a light-weight view that two members installed and then
    /// crashed is missing at the third, which would go on as primary with the votes of their later lives.)
    mutating func choose(
        after last: DecidedView, control: ControlView?, epochFloor: UInt64, suspected nowSuspected: Set<MemberID>
    ) -> Choice {
        suspected.formUnion(nowSuspected)
        let votes = participants.compactMap { answers[$0]?.vote?.accepted }
        let accepted = participants.compactMap { answers[$0]?.accepted }
        let primarySide = sides.first { $0.wasPrimary && $0.previous.id == last.id }
        if last.isMajority(voters) {
            if let binding = bindingProposal(votes) {
                guard canBeDecided(binding) else {
                    return primarySide == nil ? notPrimary(accepted, votes, epochFloor) : .noMajority
                }
                issue(binding, isAdopted: true)
                return .proposal(binding)
            }
            if let primarySide, !PrimaryRule.isMajority(primarySide.participants, of: primarySide.previous),
                !Mutant.dataOfFew.isOn
            {
                return .dataLost
            }
            let own = ownProposal(
                epochFloor: epochFloor, eligible: true, after: accepted + votes, follows: last, isPrimary: true,
                before: control)
            issue(own, isAdopted: false)
            return .proposal(own)
        }
        return primarySide == nil ? notPrimary(accepted, votes, epochFloor) : .noMajority
    }

    /// ▸ Who goes on from the last primary view has been in since the view that brought it there; everybody else comes in now,
    /// whatever view its node was in before. A group that some of the former are in lives; one that nobody is in and somebody
    /// looks for is born.
    func mandate(of view: View<MemberID>, after before: ControlView?) -> Mandate {
        let lasting = sides.first { $0.wasPrimary && $0.previous.id == before?.id }?.continuing ?? []
        let since = view.members.map { member in
            lasting.contains(member) ? before?.since(member) ?? view.id : view.id
        }
        var attached: Set<HWGID> = []
        for member in lasting where !Mutant.bornBesideLiving.isOn {
            attached.formUnion(answers[member]?.places.attached ?? [])
        }
        var creators: [HWGID: MemberID] = [:]
        for member in view.members {
            for group in answers[member]?.places.wanted ?? [] where !attached.contains(group) {
                if creators[group] == nil { creators[group] = member }
            }
        }
        let born = creators.keys.sorted().map { Mandate.Living(group: $0, creator: creators[$0]) }
        let living = attached.sorted().map { Mandate.Living(group: $0, creator: nil) }
        return Mandate(
            since: since,
            groups: (born + living).prefix(Mandate.groupLimit).sorted { $0.group < $1.group })
    }

    /// Of the accepted proposals that may have been decided, the one of the highest ballot.
    private func bindingProposal(_ votes: [Accepted]) -> Proposal? {
        votes.filter { vote in
            let without = participants.filter { answers[$0]?.vote?.accepted?.proposal != vote.proposal }.map(\.node)
            return mayBeDecided(vote.proposal, without: Set(without))
        }.max { $0.ballot < $1.ballot }?.proposal
    }

    private func mayBeDecided(_ proposal: Proposal, without refusing: Set<NodeID>) -> Bool {
        guard let after = proposal.after else { return false }
        let named = DecidedView.nodes(of: proposal.view.members)
        let others = { (nodes: [NodeID]) in Set(nodes.filter { !refusing.contains($0) }) }
        return DecidedView.isMajority(others(after.nodes), of: after.nodes)
            && DecidedView.isMajority(others(named), of: named)
    }

    private func canBeDecided(_ proposal: Proposal) -> Bool {
        DecidedView.isMajority(voters, of: DecidedView.nodes(of: proposal.view.members))
    }

    /// Nobody is in the last primary view: a view that is not primary brings those who meet together. Nothing is sent in it, so
    /// that what was accepted before about its predecessors binds nobody.
    private mutating func notPrimary(
        _ accepted: [Accepted], _ votes: [Accepted], _ epochFloor: UInt64
    ) -> Choice {
        let members = sides.flatMap(\.continuing)
        // The same again would lead nowhere.
        guard sides.count > 1 || members != sides[0].previous.members else { return .noMajority }
        let own = ownProposal(
            epochFloor: epochFloor, eligible: true, after: accepted + votes, follows: nil, isPrimary: false)
        issue(own, isAdopted: false)
        return .proposal(own)
    }
}
