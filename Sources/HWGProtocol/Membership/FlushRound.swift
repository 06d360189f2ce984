import GroupModel

/// One attempt, by a coordinator, to agree on the cut between two views and on the view that follows.
///
/// Two phases, as in Birman's flush, with the ballots of Paxos where the lecture is informal (design.md, section 5):
///
/// 1. *Collecting*: `propose` has gone to all participants. Each raises Hold, waits for HoldOK, and answers `flushed`
///    with what it received and what it accepted before.
/// 2. *Agreeing*: the cut is known and `cut` has gone to the members of the next view. Each fetches what it misses and
///    answers `cutReached`, which means: accepted.
///
/// The round is decided when enough have accepted (`PrimaryRule.isDecided`); then `install` goes out. It knows nothing of
/// time, packets or links: who holds it sends again what is unanswered, and tells it of failures.
public struct FlushRound: Sendable {
    /// What a member answered to `propose`.
    public struct Answer: Hashable, Sendable {
        /// Per rank of the member's view: packets received without a gap; for its own rank, packets sent.
        public let received: [UInt64]
        /// Control messages that it delivered in its view: a prefix of one order.
        public let controls: UInt64
        /// The proposal of the highest ballot that it accepted in this view before.
        public let accepted: Accepted?
        public let highestEpoch: UInt64
        public let hasState: Bool
        /// Has never been in a primary view.
        public let isFresh: Bool
        /// In the mode `primary`, of the control group: what the node's record says, and where it is in the other groups.
        public var vote: Vote?
        public var places = Places()

        public init(
            received: [UInt64], controls: UInt64, accepted: Accepted?, highestEpoch: UInt64, hasState: Bool,
            isFresh: Bool
        ) {
            self.received = received
            self.controls = controls
            self.accepted = accepted
            self.highestEpoch = highestEpoch
            self.hasState = hasState
            self.isFresh = isFresh
        }
    }

    /// In the mode `primary`: the last decided view that a node knows, and what it accepted about its successor.
    public struct Vote: Hashable, Sendable {
        public let last: DecidedView
        public let accepted: Accepted?
        public init(last: DecidedView, accepted: Accepted?) {
            self.last = last
            self.accepted = accepted
        }
    }

    public enum Outcome: Hashable, Sendable {
        /// Answers are missing.
        case waiting
        /// All participants have answered: choose the proposal.
        case collected
        /// Enough have accepted: install it.
        case decided(Proposal)
        /// This attempt cannot succeed any more; the next one leaves the failed member out.
        case restart
    }

    enum Phase: Hashable, Sendable {
        case collecting
        case agreeing(Proposal, acceptedBy: Set<MemberID>)
    }

    public let ballot: Ballot
    /// In descending (primary, view ID).
    public let sides: [Side]
    /// In the mode `primary`, of the control group: the decided view whose successor this round is about.
    public let last: DecidedView?
    /// Of another group in that mode: the control view under which the round is.
    public let control: ControlView?
    private(set) var phase = Phase.collecting
    private(set) var answers: [MemberID: Answer] = [:]
    var suspected: Set<MemberID> = []
    /// The proposal is one that somebody accepted before.
    private(set) var isAdopted = false

    public init(ballot: Ballot, sides: [Side], last: DecidedView? = nil, control: ControlView? = nil) {
        self.ballot = ballot
        self.sides = sides.sorted(by: Side.precedes)
        self.last = last
        self.control = control
    }

    public var participants: [MemberID] { sides.flatMap(\.participants) }

    /// To whom the phase's frame has to go (again).
    public var unanswered: [MemberID] {
        switch phase {
        case .collecting: participants.filter { answers[$0] == nil }
        case .agreeing(let proposal, let accepted): voters(on: proposal).filter { !accepted.contains($0) }
        }
    }

    /// Who is asked to accept. In the mode `primary` the votes of all participants count, whatever the view names.
    func voters(on proposal: Proposal) -> [MemberID] {
        if let control { return electorate(on: proposal, under: control) }
        let audience = proposal.audience
        guard proposal.after != nil else { return audience }
        return audience + participants.filter { !audience.contains($0) }
    }

    /// Whether this decision took `member` out of a view that the round counts on: it will not answer any more.
    func isOvertaken(by decision: Proposal, at member: MemberID) -> Bool {
        let counted: [Side]
        switch phase {
        case .collecting: counted = sides
        case .agreeing(let proposal, _):
            guard proposal.view.id != decision.view.id else { return false }
            counted = proposal.sides.map(\.side)
        }
        return counted.contains { $0.participants.contains(member) && decision.side(of: $0.previous.id) != nil }
    }

    /// Whether this round has asked what is refused.
    func asks(_ question: MembershipFrame.Question) -> Bool {
        if Mutant.anyRefusal.isOn { return question.ballot == ballot }
        if question == sides.question(at: ballot) { return true }
        guard case .agreeing(let proposal, _) = phase else { return false }
        return question == .init(ballot: ballot, view: proposal.view.id, isCut: true)
    }

    // MARK: Facts

    public mutating func flushedArrived(from member: MemberID, _ answer: Answer) -> Outcome {
        guard case .collecting = phase, let side = sides.first(where: { $0.participants.contains(member) }),
            answer.received.count == side.previous.members.count
        else { return .waiting }
        answers[member] = answer
        return answers.count == participants.count ? .collected : .waiting
    }

    public mutating func cutReachedArrived(from member: MemberID, of view: ViewID) -> Outcome {
        guard case .agreeing(let proposal, var accepted) = phase,
            proposal.view.id == view || Mutant.anyCutReached.isOn, voters(on: proposal).contains(member)
        else { return .waiting }
        accepted.insert(member)
        phase = .agreeing(proposal, acceptedBy: accepted)
        return isDecided(proposal, accepted) ? .decided(proposal) : .waiting
    }

    private func isDecided(_ proposal: Proposal, _ accepted: Set<MemberID>) -> Bool {
        if control != nil { return voters(on: proposal).allSatisfy(accepted.contains) }
        return PrimaryRule.isDecided(proposal, acceptedBy: accepted, suspected: suspected)
    }

    public mutating func memberFailed(_ member: MemberID) -> Outcome {
        guard suspected.insert(member).inserted else { return .waiting }
        switch phase {
        case .collecting:
            return participants.contains(member) ? .restart : .waiting
        case .agreeing(let proposal, let accepted):
            if isDecided(proposal, accepted) { return .decided(proposal) }
            // Even where the rest could decide: the failed member may have been the only one to hold what the cut names.
            return voters(on: proposal).contains(member) || participants.contains(member) ? .restart : .waiting
        }
    }

    // MARK: The decision

    /// How many answered that they had accepted this proposal before.
    func accepted(_ proposal: Proposal) -> Int {
        participants.count { answers[$0]?.accepted?.proposal == proposal }
    }

    /// Everybody whom the proposals name that were accepted before.
    var named: [MemberID] {
        participants.flatMap { member in
            (answers[member]?.accepted?.proposal.audience ?? [])
                + (answers[member]?.vote?.accepted?.proposal.audience ?? [])
        }
    }

    /// Ends the collecting phase: re-issues what somebody accepted before, or proposes a view of its own, and says for
    /// each stream of each side who can supply it.
    ///
    /// ▸ An accepted proposal comes before anything of the round's own, because it may have been decided: of those that
    /// are primary or that gave up a primary one, the one of the highest ballot counts. If it cannot be completed with
    /// the members that are left, the round's own view is not eligible to be primary.
    public mutating func choose(
        rule: PrimaryRule, epochFloor: UInt64, suspected nowSuspected: Set<MemberID>
    ) -> Proposal {
        precondition(phase == .collecting && answers.count == participants.count, "choose follows collected")
        suspected.formUnion(nowSuspected)
        let accepted = participants.compactMap { answers[$0]?.accepted }
        // A primary proposal that lacks a quorum among those who might have accepted it was not decided, and never will be:
        // who answered without it has promised this ballot. A proposal that gave up a primary one stays a mark of it.
        let binding = accepted.filter { each in
            guard each.proposal.isPrimary else { return !each.proposal.isEligible }
            let others = answers.filter { $0.value.accepted?.proposal != each.proposal }
            return PrimaryRule.mayBeDecided(each.proposal, without: Set(others.keys))
        }
        let free = accepted.filter { !$0.proposal.isPrimary }
        let adopted = (binding.isEmpty ? free : binding).max { $0.ballot < $1.ballot }
        let proposal: Proposal
        let lost = suspected.union(adopted.map { wentOn(from: $0.proposal).union(lacking($0.proposal)) } ?? [])
        if let adopted, PrimaryRule.canBeDecided(adopted.proposal, suspected: lost),
            PrimaryRule.mayReissue(adopted.proposal, having: participants)
        {
            proposal = adopted.proposal
            suspected = lost
            isAdopted = true
        } else {
            proposal = ownProposal(rule: rule, epochFloor: epochFloor, eligible: binding.isEmpty, after: accepted)
        }
        phase = .agreeing(proposal, acceptedBy: [])
        return proposal
    }

    /// Participants that are in another view by now than the one from which the proposal would take them: they cannot accept.
    private func wentOn(from proposal: Proposal) -> Set<MemberID> {
        let gone = sides.filter { proposal.side(of: $0.previous.id) == nil }.flatMap(\.participants)
        return Set(gone.filter(proposal.audience.contains))
    }

    /// Participants that have not accepted it and never can: whoever held what its cut names of their view is gone.
    private func lacking(_ proposal: Proposal) -> Set<MemberID> {
        guard !Mutant.unheldCut.isOn else { return [] }
        var lacking: Set<MemberID> = []
        for sideCut in proposal.sides where sides.contains(where: { $0.previous.id == sideCut.side.previous.id }) {
            guard holders(of: sideCut).contains(nil) else { continue }
            for member in sideCut.side.participants {
                guard let answer = answers[member], answer.accepted?.proposal != proposal else { continue }
                lacking.insert(member)
            }
        }
        return lacking
    }

    /// Ends the collecting phase with this proposal.
    mutating func issue(_ proposal: Proposal, isAdopted: Bool) {
        self.isAdopted = isAdopted
        phase = .agreeing(proposal, acceptedBy: [])
    }

    private func ownProposal(
        rule: PrimaryRule, epochFloor: UInt64, eligible: Bool, after accepted: [Accepted]
    ) -> Proposal {
        let members = sides.flatMap(\.continuing)
        let fresh = members.filter { answers[$0]?.isFresh ?? false }
        return ownProposal(
            epochFloor: epochFloor, eligible: eligible, after: accepted, follows: nil,
            isPrimary: eligible && rule.isPrimary(members: members, sides: sides, fresh: fresh))
    }

    func ownProposal(
        epochFloor: UInt64, eligible: Bool, after accepted: [Accepted], follows: DecidedView?, isPrimary: Bool,
        before: ControlView? = nil
    ) -> Proposal {
        let members = sides.flatMap(\.continuing)
        var epoch = epochFloor
        for member in participants { epoch = max(epoch, answers[member]?.highestEpoch ?? 0) }
        for each in accepted { epoch = max(epoch, each.proposal.view.id.epoch) }
        // ▸ The ID names the proposer, whatever its rank, and also where it leaves: it alone gives out its epochs, each once. The
        // member of rank 0 may not have heard, and go on under the same epoch by itself.
        let proposer = Mutant.idOfFirstMember.isOn ? members.first ?? ballot.proposer : ballot.proposer
        let view = View(id: ViewID(epoch: epoch + 1, coordinator: proposer), members: members)
        return Proposal(
            view: view,
            sides: sides.map { side in
                Proposal.SideCut(
                    side: side, cut: cut(of: side),
                    controls: isPrimary && side.wasPrimary ? .max : controls(of: side),
                    hasState: side.participants.contains { answers[$0]?.hasState ?? false })
            },
            isPrimary: isPrimary,
            isEligible: eligible,
            after: follows, mandate: follows.map { _ in mandate(of: view, after: before) }, authority: control?.id)
    }

    /// The cut: per sender, what any survivor has received. Whoever has it can supply the others (D4, O4).
    private func cut(of side: Side) -> [UInt64] {
        var cut = [UInt64](repeating: 0, count: side.previous.members.count)
        for member in side.participants {
            guard let received = answers[member]?.received, !Mutant.cutOfProposer.isOn || member == ballot.proposer
            else { continue }
            for rank in cut.indices { cut[rank] = max(cut[rank], received[rank]) }
        }
        return cut
    }

    /// What any of them delivered, all deliver as such (M6). A primary successor delivers all: it cannot know what members
    /// that are gone delivered, and its cut has that.
    private func controls(of side: Side) -> UInt64 {
        side.participants.reduce(0) { max($0, answers[$1]?.controls ?? 0) }
    }

    /// Per rank of the side's view, a participant that holds the stream up to the cut: its sender when that is one.
    func holders(of sideCut: Proposal.SideCut) -> [Rank?] {
        let view = sideCut.side.previous
        return sideCut.cut.indices.map { rank in
            let holds = { (member: MemberID) in
                self.answers[member].map { $0.received.count > rank && $0.received[rank] >= sideCut.cut[rank] } ?? false
            }
            if holds(view.members[rank]) { return rank }
            return view.members.firstIndex(where: holds)
        }
    }
}
