import GroupModel
import Testing

@testable import HWGProtocol

/// A coordinator whose proposal a voter has left for another's (Membership, 18). Found by seeds 31806 and 68738.
@Suite struct RivalProposalTests {
    private let leader = Meeting.leader
    private let faithful = Meeting.faithful
    private let gone = Meeting.gone
    private let rival = Meeting.rival

    @Test func `a voter that accepted another's proposal holds nobody up when there is a quorum without it`() throws {
        var meeting = Meeting()
        var attempts: Set<UInt32> = []
        for _ in 0..<400 where meeting.hwg.view.members == [leader] {
            meeting.step()
            for (frame, to) in meeting.sent() {
                switch frame {
                case .propose(let propose):
                    // Both answer the first attempt.
                    let answer = FlushRound.Answer(
                        received: [0, 0], controls: 0, accepted: nil, highestEpoch: 6, hasState: true, isFresh: false)
                    meeting.receive(
                        .flushed(
                            .init(
                                ballot: propose.ballot, previous: meeting.side.previous.id, answer: answer, suspects: []
                            )),
                        from: to)
                case .cut(let cut) where to == faithful:
                    meeting.receive(.cutReached(.init(ballot: cut.ballot, view: cut.proposal.view.id)), from: to)
                case .cut(let cut):
                    attempts.insert(cut.ballot.attempt)
                    // Having accepted what the rival proposed, it was not asked by this ballot.
                    let promised = Ballot(attempt: cut.ballot.attempt, proposer: rival)
                    meeting.receive(
                        .refuse(
                            .init(
                                question: cut.question, view: meeting.side.previous.id,
                                reason: .promised(max(promised, cut.ballot)))), from: to)
                default: break
                }
            }
        }
        #expect(meeting.hwg.view.members == [leader, faithful, gone])
        #expect(meeting.hwg.isPrimary)
        #expect((3...8).contains(attempts.count))
    }
}
