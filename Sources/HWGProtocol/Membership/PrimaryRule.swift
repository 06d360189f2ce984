import GroupModel

/// Which views may be called primary, and when a proposal is decided (M7; design.md, section 5, "Ballots" and
/// "Partitions").
///
/// Two primary successors of one primary view would both need a majority of it to accept. A proposer that does not
/// re-issue a primary proposal it heard of marks its own as not eligible, so a masked acceptance never forks the chain.
public struct PrimaryRule: Hashable, Sendable {
    /// Nodes a majority of which makes a group's first primary view. Empty: any node counts.
    public var initialNodes: [NodeID]
    /// How many nodes the first primary view is counted against.
    public var initialCount: Int

    public init(initialNodes: [NodeID], initialCount: Int) {
        self.initialNodes = initialNodes
        self.initialCount = max(1, initialCount)
    }

    /// A majority of `view`, exactly half with rank 0 counting as one.
    static func isMajority(_ members: some Sequence<MemberID>, of view: View<MemberID>) -> Bool {
        var count = 0
        var hasOldest = false
        for member in members where view.members.contains(member) {
            count += 1
            if member == view.members[0] { hasOldest = true }
        }
        let doubled = 2 * count
        return doubled > view.members.count
            || (doubled == view.members.count && (hasOldest || Mutant.wrongMajority.isOn))
    }

    /// Whether a view of `members` that joins `sides` is primary. Members that leave take part in the decision, and so
    /// count. `fresh` have never been in a primary view: a first primary view is a majority of the initial nodes that are
    /// all fresh, or all of the initial nodes (a total restart).
    func isPrimary(members: [MemberID], sides: [Side], fresh: [MemberID]) -> Bool {
        if let primarySide = sides.first(where: \.wasPrimary) {
            return Self.isMajority(sides.flatMap(\.participants), of: primarySide.previous)
        }
        let counting = { (list: [MemberID]) in
            initialNodes.isEmpty ? list.count : list.count { initialNodes.contains($0.node) }
        }
        return 2 * counting(fresh) > initialCount || counting(members) >= initialCount
    }

    /// Decided: by all members; a primary view by a majority of the previous primary view, a majority of the new view, and
    /// all of the new view that are not suspected meanwhile.
    static func isDecided(_ proposal: Proposal, acceptedBy accepted: Set<MemberID>, suspected: Set<MemberID>) -> Bool {
        let members = proposal.view.members
        guard members.allSatisfy({ accepted.contains($0) || suspected.contains($0) }) || Mutant.decidedTooEarly.isOn
        else { return false }
        return hasQuorum(
            proposal, proposal.after == nil ? proposal.audience.filter(accepted.contains) : Array(accepted))
    }

    /// Whether the proposal can still be decided when none of `suspected` will ever accept.
    static func canBeDecided(_ proposal: Proposal, suspected: Set<MemberID>) -> Bool {
        hasQuorum(proposal, proposal.audience.filter { !suspected.contains($0) })
    }

    /// ▸ Whether those who answered `propose` are enough to have heard of any other primary decision: a majority of the
    /// previous primary view, or, where there is none, all members. A minority that re-issues what one of its members
    /// accepted forks the chain.
    static func mayReissue(_ proposal: Proposal, having answered: [MemberID]) -> Bool {
        guard proposal.isPrimary else { return true }
        if let primarySide = proposal.sides.first(where: \.side.wasPrimary)?.side {
            return isMajority(answered, of: primarySide.previous)
        }
        return proposal.view.members.allSatisfy(answered.contains)
    }

    /// Whether the proposal can have been decided when `refusing` have not accepted it.
    static func mayBeDecided(_ proposal: Proposal, without refusing: Set<MemberID>) -> Bool {
        hasQuorum(proposal, proposal.audience.filter { !refusing.contains($0) })
    }

    private static func hasQuorum(_ proposal: Proposal, _ accepted: [MemberID]) -> Bool {
        if let after = proposal.after {
            let nodes = Set(accepted.map(\.node))
            return after.isMajority(nodes)
                && DecidedView.isMajority(nodes, of: DecidedView.nodes(of: proposal.view.members))
        }
        guard proposal.isPrimary, let primarySide = proposal.sides.first(where: \.side.wasPrimary)?.side else {
            return proposal.view.members.allSatisfy(accepted.contains)
        }
        return isMajority(accepted, of: proposal.view) && isMajority(accepted, of: primarySide.previous)
    }
}
