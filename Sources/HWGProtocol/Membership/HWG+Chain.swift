import GroupModel

/// The record of the mode `primary`: what this node promised and accepted about the successor of the last decided view.
/// Answers that rest on it wait until it is on stable storage.
extension HWG {
    struct Chain: Sendable {
        var record: PrimaryRecord
        /// The last write that was asked for, and the last that is done.
        var asked: UInt64 = 0
        var synced: UInt64 = 0
        /// Frames that wait for a write.
        var waiting: [Waiting] = []
        /// An attempt ended without a view: the next one is not at once.
        var isHeldBack = false
        var retryDelay: Interval = .zero
        var restarts = 0
        /// This attempt has not looked yet who can be heard again.
        var mayTakeBack = false
        /// Ranks of members that are in another view.
        var gone: Set<Rank> = []
        /// Who asked to merge from a view of its own although it is in mine: it gave up its place.
        var strays: [MemberID] = []
        /// The last primary view that I was in, as the node's other groups know it.
        var control: ControlView?
        /// Where this node is in the other groups.
        var places = Places()
        /// Ranks of members whose nodes look for another group.
        var seekers: Set<Rank> = []

        /// The record was begun in this life and this node has taken part in nothing yet: no view but view 0 can name it.
        var isUntouched: Bool
        /// A view names this node all the same: the record that it had is lost.
        var hasLostRecord = false

        init(record: PrimaryRecord) {
            self.record = record
            isUntouched = record.isBlank
        }
    }

    struct Waiting: Hashable, Sendable {
        let sequence: UInt64
        let frame: MembershipFrame
        let to: MemberID
    }

    /// Answers to different proposers that wait for a disk at once.
    private static let waitingLimit = 64

    /// What the node's record says now; nil in the mode `all`.
    public var record: PrimaryRecord? { chain?.record }
    var isHeldBack: Bool { chain?.isHeldBack ?? false }
    /// ▸ It must not vote: it does not know what it has promised.
    var hasLostRecord: Bool { chain?.hasLostRecord ?? false }
    var isPrimaryMode: Bool { chain != nil || dependence != nil }

    /// The layer above is in no view in which it could send, and none comes before a majority is there.
    public var lacksMajority: Bool { isPrimaryMode && (!isPrimary || isHeldBack) }

    /// Somebody here looks for another group, which only a next view can give birth to.
    var seeksGroup: Bool {
        guard let chain, isPrimary else { return false }
        return !chain.places.wanted.isEmpty || !chain.seekers.isEmpty
    }

    /// What the node's other groups are told. Mutating, so that it is read in place.
    public var controlStanding: ControlStanding {
        mutating get {
            var standing = ControlStanding()
            guard let chain, isPrimary, !isGivingUp, departure == nil else { return standing }
            standing.view = chain.control
            standing.isHeld = hold != .none
            standing.isHeldBack = chain.isHeldBack
            return standing
        }
    }

    /// The node came into another group, or out of one, or looks for one.
    public mutating func placesChanged(
        _ places: Places, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard let before = chain?.places, before != places else { return }
        chain?.places = places
        guard !places.wanted.isEmpty, before.wanted != places.wanted else { return }
        evaluate(at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    /// This view's members could make a primary view, which this one is not.
    var mayBePrimary: Bool {
        guard let chain, !isPrimary else { return false }
        return chain.record.last.isMajority(Set(zip(view.members, suspects).filter { !$0.1 }.map(\.0.node)))
    }

    // MARK: Stable storage

    mutating func persist(into output: inout HWGOutput) {
        guard let chain else { return }
        self.chain?.asked += 1
        var record = chain.record
        if Mutant.lostPromise.isOn { record.acceptor = Acceptor() }
        output.write = RecordWrite(sequence: chain.asked + 1, record: record)
    }

    /// Sends what rests on the record once that is on stable storage.
    mutating func sendSynced(_ frame: MembershipFrame, to member: MemberID, into output: inout HWGOutput) {
        guard let chain, chain.synced < chain.asked, !Mutant.unsyncedAnswer.isOn else {
            return send(frame, to: member, into: &output)
        }
        // A repeated question has one answer.
        guard !chain.waiting.contains(where: { $0.frame == frame && $0.to == member }) else { return }
        if chain.waiting.count >= Self.waitingLimit { self.chain?.waiting.removeFirst() }
        self.chain?.waiting.append(Waiting(sequence: chain.asked, frame: frame, to: member))
    }

    /// The write of this number, and so all before it, is on stable storage.
    public mutating func recordPersisted(
        _ sequence: UInt64, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard var chain, sequence <= chain.asked else { return }
        chain.synced = max(chain.synced, sequence)
        let ready = chain.waiting.filter { $0.sequence <= chain.synced }
        chain.waiting.removeAll { $0.sequence <= chain.synced }
        self.chain = chain
        for each in ready { send(each.frame, to: each.to, into: &output) }
        drain(at: now, peers: peers, into: &output)
    }

    // MARK: Promise and acceptance

    /// Nil: promised. Otherwise the ballot that has my promise.
    mutating func promiseInRecord(_ ballot: Ballot, into output: inout HWGOutput) -> Ballot? {
        guard let before = chain?.record else { return nil }
        if case .refuse(let promised)? = chain?.record.acceptor.proposeArrived(ballot) { return promised }
        if chain?.record.acceptor.promised != before.acceptor.promised { persist(into: &output) }
        return nil
    }

    /// The same for an acceptance.
    mutating func acceptInRecord(
        _ proposal: Proposal, _ ballot: Ballot, into output: inout HWGOutput
    ) -> Ballot? {
        guard let before = chain?.record, proposal.after != nil else { return nil }
        if case .refuse(let promised)? = chain?.record.acceptor.accept(proposal, at: ballot) { return promised }
        if chain?.record != before { persist(into: &output) }
        return nil
    }

    /// The mode is `all`, or the frame is about the successor of the last view that I know to be decided. Takes over a later
    /// one; tells of a later one.
    mutating func agreesOnLast(
        _ last: DecidedView?, with member: MemberID, asking question: MembershipFrame.Question, at now: Instant,
        peers: PeerTable,
        into output: inout HWGOutput
    ) -> Bool {
        guard let mine = chain?.record.last else { return last == nil }
        guard let last else { return false }
        if mine.id > last.id {
            send(.refuse(.init(question: question, view: view.id, reason: .outrun(mine))), to: member, into: &output)
            return false
        }
        learned(last, at: now, peers: peers, into: &output)
        return !isGivingUp && !hasLostRecord
    }

    /// Somebody knows a later decided view. ▸ Who learns of a successor of its primary view without having it gives up its
    /// place, so that it asks to merge only from a view of its own.
    mutating func learned(
        _ decided: DecidedView, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        if let chain, chain.isUntouched, decided.follows != nil, decided.nodes.contains(me.node) {
            guard !chain.hasLostRecord else { return }
            self.chain?.hasLostRecord = true
            return output.notes.append(.lostRecord(decided.id))
        }
        guard chain?.record.learned(decided) == true else { return }
        highestEpoch = max(highestEpoch, decided.id.epoch)
        persist(into: &output)
        let outdated = attemptIsVoid()
        leaveIfOutrun(at: now, peers: peers, into: &output)
        if let outdated, outdated == view.id, !isGivingUp, departure == nil {
            restartRound(at: now, peers: peers, into: &output)
        }
        evaluate(at: now, peers: peers, into: &output)
    }

    /// ▸ What was begun about the successor of an earlier decided view is void with it, and not only the votes in the record. An answer
    /// that waits for an application would say that this node has accepted nothing, and mean another successor than the proposer:
    /// who voted for the decided one would count among those that did not (M7).
    ///
    /// - Returns: the view in which a round of mine ended by that.
    private mutating func attemptIsVoid() -> ViewID? {
        guard !Mutant.lateVote.isOn else { return nil }
        pendingAnswer = nil
        following = nil
        if acceptance?.ballot != nil { acceptance = nil }
        guard let round, round.last != chain?.record.last else { return nil }
        endRound()
        return view.id
    }

    mutating func leaveIfOutrun(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard let last = chain?.record.last, isPrimary, last.id > view.id, departure == nil else { return }
        if let acceptance, acceptance.ballot == nil { return }
        // I accepted it, and hold what it needs.
        if let accepted = acceptor.accepted?.proposal, DecidedView(accepted) == last, accepted.view.members.contains(me)
        {
            return installArrived(
                .init(proposal: accepted, cards: []), from: me, at: now, peers: peers, into: &output)
        }
        giveUp(at: now, peers: peers, into: &output)
    }

    /// A vote of the record alone: the proposal does not name me, or I am in no view that it follows.
    mutating func voteArrived(
        _ frame: MembershipFrame.Cut, from member: MemberID, at now: Instant, into output: inout HWGOutput
    ) {
        if let promised = acceptInRecord(frame.proposal, frame.ballot, into: &output) {
            return send(
                .refuse(.init(question: frame.question, view: view.id, reason: .promised(promised))), to: member,
                into: &output)
        }
        highestEpoch = max(highestEpoch, frame.proposal.view.id.epoch)
        if following?.proposer == member { following?.lastSign = now }
        sendSynced(
            .cutReached(.init(ballot: frame.ballot, view: frame.proposal.view.id)), to: member, into: &output)
    }

    /// A life that a proposal of long ago names and nobody knows any more, or that has ended since: who is not known here is
    /// never taken to have failed later.
    func isForgotten(_ member: MemberID, _ cards: [NodeCard], _ peers: PeerTable) -> Bool {
        peers.isSuperseded(member) || !peers.isReachable(member) && !cards.contains { $0.member == member }
    }

    /// Since when the cut of this proposal is waited for, whatever became of earlier attempts at it.
    mutating func fillBegan(_ viewID: ViewID, at now: Instant) -> Instant {
        guard isPrimaryMode else { return now }
        if let filling, filling.view == viewID { return filling.since }
        filling = Filling(view: viewID, since: now)
        return now
    }

    /// Whether this member can take part in the proposal with its view, and not with its record alone.
    func canEnter(_ proposal: Proposal) -> Bool {
        guard let side = proposal.side(of: view.id)?.side else { return false }
        return side.previous.members == view.members && side.participants.contains(me)
    }
}
