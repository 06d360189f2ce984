import GroupModel
import Testing

@testable import HWGProtocol

/// Ballots begin anew in each view: what was said of an earlier flush comes late, and names the present one's ballot
/// (Membership, 23).
@Suite struct LateRefusalTests {
    private static let reasons: [MembershipFrame.Refuse.Reason] = [
        .suspected, .notMember, .cannotReachCut, .promised(Ballot(attempt: 2, proposer: Meeting.gone)),
    ]

    /// The leader is in a second flush, of a view of three, whose ballot is the first one's. Returns what each asked.
    private func secondFlush(of meeting: inout Meeting) throws -> (
        first: [MembershipFrame.Question], second: MembershipFrame.Question
    ) {
        var first: [MembershipFrame.Question] = []
        for _ in 0..<400 where meeting.hwg.view.members.count == 1 {
            meeting.step()
            for (frame, to) in meeting.sent() {
                switch frame {
                case .propose(let propose):
                    try first.append(#require(propose.question))
                    let answer = FlushRound.Answer(
                        received: [0, 0], controls: 0, accepted: nil, highestEpoch: 3, hasState: false, isFresh: true)
                    meeting.receive(
                        .flushed(
                            .init(
                                ballot: propose.ballot, previous: meeting.side.previous.id, answer: answer, suspects: []
                            )),
                        from: to)
                case .cut(let cut):
                    first.append(cut.question)
                    meeting.receive(.cutReached(.init(ballot: cut.ballot, view: cut.proposal.view.id)), from: to)
                default: break
                }
            }
        }
        try #require(meeting.hwg.view.members == [Meeting.leader, Meeting.faithful, Meeting.gone])
        meeting.receive(
            .report(.init(view: meeting.hwg.view.id, suspects: [], isLeaving: true)), from: Meeting.faithful)
        for _ in 0..<40 where meeting.hwg.round == nil { meeting.step() }
        let round = try #require(meeting.hwg.round)
        try #require(Set(first.map(\.ballot)) == [round.ballot])
        return (first, try #require(round.sides.question(at: round.ballot)))
    }

    @Test(arguments: reasons)
    func `a refusal of an earlier flush does nothing to the present one`(_ reason: MembershipFrame.Refuse.Reason) throws
    {
        var meeting = Meeting()
        let asked = try secondFlush(of: &meeting)
        for question in asked.first {
            meeting.receive(
                .refuse(.init(question: question, view: meeting.side.previous.id, reason: reason)), from: Meeting.gone)
        }
        #expect(meeting.hwg.suspected.isEmpty)
        let round = try #require(meeting.hwg.round)
        #expect(round.ballot == asked.second.ballot && round.participants.contains(Meeting.gone))
    }

    @Test(arguments: reasons)
    func `one of the present flush ends the attempt`(_ reason: MembershipFrame.Refuse.Reason) throws {
        var meeting = Meeting()
        let asked = try secondFlush(of: &meeting)
        meeting.receive(
            .refuse(.init(question: asked.second, view: meeting.hwg.view.id, reason: reason)), from: Meeting.gone)
        let attempt = meeting.hwg.round?.ballot.attempt
        #expect(attempt.map { $0 > asked.second.ballot.attempt } == true)
    }

    @Test func `who lacked what an earlier cut named, in the same view, is not put out`() throws {
        var meeting = Meeting()
        _ = try secondFlush(of: &meeting)
        let old = MembershipFrame.Question(
            ballot: Ballot(attempt: 1, proposer: Meeting.leader), view: ViewID(epoch: 99, coordinator: Meeting.leader),
            isCut: true)
        meeting.receive(
            .refuse(.init(question: old, view: meeting.hwg.view.id, reason: .cannotReachCut)), from: Meeting.gone)
        #expect(meeting.hwg.suspected.isEmpty)
    }

    @Test func `still in an earlier view, told of a view that is past, puts nobody out`() throws {
        var meeting = Meeting()
        _ = try secondFlush(of: &meeting)
        let current = ViewID(epoch: 2, coordinator: Meeting.gone)
        meeting.receive(
            .refuse(
                .init(
                    question: .about(meeting.side.previous.id), view: meeting.side.previous.id, reason: .behind(current)
                )),
            from: Meeting.gone)
        #expect(meeting.hwg.suspected.isEmpty)
        // Told of the present one, it can never come into it.
        let view = meeting.hwg.view.id
        meeting.receive(
            .refuse(.init(question: .about(view), view: view, reason: .behind(current))), from: Meeting.gone)
        #expect(meeting.hwg.suspected == [Meeting.gone])
    }

    // MARK: Exclusions

    @Test func `an exclusion in another group counts unless the member has come in since it was suspected there`()
        throws
    {
        var meeting = Meeting()
        let early = meeting.now
        _ = try secondFlush(of: &meeting)
        exclude(seenAt: early, &meeting)
        #expect(meeting.hwg.suspected.isEmpty)
        let late = meeting.now
        meeting.now = meeting.now + .seconds(1)
        exclude(seenAt: late, &meeting)
        #expect(meeting.hwg.suspected == [Meeting.gone])
    }

    @Test func `an exclusion is told to other groups when this node saw its cause, and not when it heard of it`() throws
    {
        for isSeen in [true, false] {
            var meeting = Meeting()
            _ = try secondFlush(of: &meeting)
            let then = meeting.now
            meeting.hwg.memberSuspected(
                Meeting.gone, isSeen: isSeen, at: then, peers: meeting.peers, into: &meeting.output)
            meeting.now = meeting.now + .seconds(1)
            #expect(exclusions(of: meeting) == (isSeen ? [.init(member: Meeting.gone, seenAt: then)] : []))
        }
    }

    private func exclusions(of meeting: Meeting) -> [HWG.Exclusion] {
        let next = Proposal(
            view: View(id: ViewID(epoch: 99, coordinator: Meeting.leader), members: [Meeting.leader]), sides: [],
            isPrimary: false, isEligible: true)
        let side = Side(
            previous: meeting.hwg.view, wasPrimary: true, continuing: [Meeting.leader], leaving: [Meeting.faithful])
        return meeting.hwg.exclusions(by: next, from: side, at: meeting.now)
    }

    @Test func `a side that asks to merge is kept when its member was excluded elsewhere for what came before`() {
        var meeting = Meeting()
        exclude(seenAt: Instant(nanoseconds: meeting.now.nanoseconds - 1), &meeting)
        #expect(meeting.hwg.merge.sides == [meeting.side])
        exclude(seenAt: meeting.now, &meeting)
        #expect(meeting.hwg.merge.sides.isEmpty)
    }

    private func exclude(seenAt: Instant, _ meeting: inout Meeting) {
        meeting.hwg.memberExcluded(
            .init(member: Meeting.gone, seenAt: seenAt), at: meeting.now, peers: meeting.peers,
            into: &meeting.output)
    }
}
