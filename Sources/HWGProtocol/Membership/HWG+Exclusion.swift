import GroupModel

/// What one heavyweight group of a node makes of an exclusion from another one.
extension HWG {
    /// The view just installed leaves a member out that did not ask.
    public struct Exclusion: Hashable, Sendable {
        public let member: MemberID
        /// When this node saw that it does not answer, in the group that excluded it.
        public let seenAt: Instant
    }

    /// How long the members of the current view have been in this group's views, as this member saw it.
    struct Tenure: Hashable, Sendable {
        let viewSince: Instant
        /// Per rank: the installation of the first of the views in a row that have had the member.
        var since: [Instant]
        /// Per rank, where this node itself saw that it does not answer: when.
        var seen: [Instant?]

        init(of members: Int, since now: Instant) {
            viewSince = now
            since = [Instant](repeating: now, count: members)
            seen = [Instant?](repeating: nil, count: members)
        }
    }

    func tenure(in next: View<MemberID>, at now: Instant) -> Tenure {
        var tenure = Tenure(of: next.members.count, since: now)
        for (rank, member) in next.members.enumerated() {
            if let before = view.rank(of: member) { tenure.since[rank] = self.tenure.since[before] }
        }
        return tenure
    }

    /// ▸ Of whom this node has seen that it does not answer. Who is a suspect by hearsay, because another member does not hear it, or
    /// went on without this one, is told to the other groups by those who saw it, or is well: groups that gather changes for
    /// long would put each other's members out for ever. In the mode `primary`: all, the control group decides.
    func exclusions(by proposal: Proposal, from side: Side, at now: Instant) -> [Exclusion] {
        view.members.enumerated().compactMap { rank, member in
            guard !side.participants.contains(member), !proposal.view.members.contains(member),
                let seenAt = tenure.seen[rank] ?? (chain != nil || Mutant.lateExclusion.isOn ? now : nil)
            else { return nil }
            return Exclusion(member: member, seenAt: seenAt)
        }
    }

    /// Another group of this node has excluded a member: it is a suspect here, too.
    ///
    /// ▸ Not when it has come into this group, or has been left out of it, since that suspicion arose: a flush that a slow
    /// application held up would put it out a second time, although everybody hears it.
    public mutating func memberExcluded(
        _ exclusion: Exclusion, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        let since = view.rank(of: exclusion.member).map { tenure.since[$0] } ?? tenure.viewSince
        guard since <= exclusion.seenAt || dependence != nil || Mutant.lateExclusion.isOn else { return }
        memberSuspected(exclusion.member, at: now, peers: peers, into: &output)
    }
}
