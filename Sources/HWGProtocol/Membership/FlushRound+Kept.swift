import GroupModel

// The choice in another group than the control group in the mode `primary`: a member is gone if and only if the control group
// says so (Design/0010, "Other HWGs").
extension FlushRound {
    /// Members of the last view that the round's control view has kept since that view's authority.
    private var kept: [MemberID] { sides.first(where: \.wasPrimary)?.participants ?? [] }

    /// Who has to accept: all of kept, those that leave too, and all of the new view that the control view has.
    ///
    /// ▸ Who came back into the control group since what is issued again was first proposed is in none of its sides any more, and
    /// cannot accept.
    func electorate(on proposal: Proposal, under control: ControlView) -> [MemberID] {
        let kept = kept
        return kept
            + proposal.view.members.filter { member in
                guard !kept.contains(member), let since = control.since(member) else { return false }
                return proposal.authority.map { since <= $0 } ?? true || Mutant.askedWhoCameBack.isOn
            }
    }

    /// Ends the collecting phase.
    ///
    /// ▸ What all of kept accepted may have been decided, and is issued again unchanged, with its old authority. What one of
    /// them answered without was not decided, and never will be: it has promised this ballot.
    mutating func chooseAmongKept(epochFloor: UInt64) -> Proposal {
        let kept = kept
        let accepted = kept.compactMap { answers[$0]?.accepted }
        if let first = accepted.first?.proposal, accepted.count == kept.count,
            accepted.allSatisfy({ $0.proposal == first })
        {
            issue(first, isAdopted: true)
            return first
        }
        let own = ownProposal(
            epochFloor: epochFloor, eligible: true, after: participants.compactMap { answers[$0]?.accepted },
            follows: nil, isPrimary: true)
        issue(own, isAdopted: false)
        return own
    }
}
