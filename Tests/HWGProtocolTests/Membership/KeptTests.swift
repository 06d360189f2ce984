import GroupModel
import Testing

@testable import HWGProtocol

/// Rounds of a group other than the control group in the mode `primary` (Design/0010, "Other HWGs").
@Suite struct KeptTests {
    private let a = MemberID(node: NodeID(name: "a"), incarnation: 1)
    private let b = MemberID(node: NodeID(name: "b"), incarnation: 1)
    private let c = MemberID(node: NodeID(name: "c"), incarnation: 1)
    private let joiner = MemberID(node: NodeID(name: "j"), incarnation: 1)

    private func control(_ epoch: UInt64, _ members: [MemberID], since: [UInt64]? = nil) -> ControlView {
        let since = since ?? members.map { _ in 1 }
        return ControlView(
            view: View(id: ViewID(epoch: epoch, coordinator: a), members: members),
            mandate: Mandate(since: since.map { ViewID(epoch: $0, coordinator: a) }, groups: []))
    }

    private var last: View<MemberID> { View(id: ViewID(epoch: 5, coordinator: a), members: [a, b, c]) }

    private func round(_ attempt: UInt32, kept: [MemberID], joins: Bool = false, _ control: ControlView) -> FlushRound {
        var sides = [Side(previous: last, wasPrimary: true, continuing: kept, leaving: [])]
        if joins {
            let alone = View(id: ViewID(epoch: 4, coordinator: joiner), members: [joiner])
            sides.append(Side(previous: alone, wasPrimary: false, continuing: [joiner], leaving: []))
        }
        return FlushRound(ballot: Ballot(attempt: attempt, proposer: a), sides: sides, control: control)
    }

    private func answer(_ members: Int, accepted: Accepted? = nil) -> FlushRound.Answer {
        FlushRound.Answer(
            received: Array(repeating: 0, count: members), controls: 0, accepted: accepted, highestEpoch: 5,
            hasState: true, isFresh: false)
    }

    @Test func `a view is decided by all of kept and by the joiners that the control view has`() {
        var round = round(1, kept: [a, b], joins: true, control(2, [a, b, joiner]))
        #expect(round.flushedArrived(from: a, answer(3)) == .waiting)
        #expect(round.flushedArrived(from: joiner, answer(1)) == .waiting)
        #expect(round.flushedArrived(from: b, answer(3)) == .collected)
        let proposal = round.chooseAmongKept(epochFloor: 5)
        #expect(proposal.view == View(id: ViewID(epoch: 6, coordinator: a), members: [a, b, joiner]))
        #expect(proposal.isPrimary && proposal.authority == ViewID(epoch: 2, coordinator: a))
        #expect(round.cutReachedArrived(from: a, of: proposal.view.id) == .waiting)
        // Nobody is let off for being suspected.
        #expect(round.cutReachedArrived(from: b, of: proposal.view.id) == .waiting)
        #expect(round.unanswered == [joiner])
        #expect(round.cutReachedArrived(from: joiner, of: proposal.view.id) == .decided(proposal))
    }

    @Test
    func `what all of kept accepted is issued again with its old authority, by those that a later control view has`() {
        var first = round(1, kept: [a, b, c], joins: true, control(2, [a, b, c, joiner]))
        for member in [a, b, c] { _ = first.flushedArrived(from: member, answer(3)) }
        _ = first.flushedArrived(from: joiner, answer(1))
        let proposal = first.chooseAmongKept(epochFloor: 5)
        let accepted = Accepted(ballot: first.ballot, proposal: proposal)
        // The control group has excluded c and the joiner since.
        var second = round(2, kept: [a, b], control(3, [a, b]))
        for member in [a, b] { _ = second.flushedArrived(from: member, answer(3, accepted: accepted)) }
        #expect(second.chooseAmongKept(epochFloor: 6) == proposal)
        #expect(second.cutReachedArrived(from: a, of: proposal.view.id) == .waiting)
        #expect(second.cutReachedArrived(from: b, of: proposal.view.id) == .decided(proposal))
    }

    /// Found by seeds 12822 and 17878 of the mode `primary`.
    @Test func `who came back into the control group since is not awaited for what is issued again`() {
        var first = round(1, kept: [a, b, c], joins: true, control(2, [a, b, c, joiner]))
        for member in [a, b, c] { _ = first.flushedArrived(from: member, answer(3)) }
        _ = first.flushedArrived(from: joiner, answer(1))
        let proposal = first.chooseAmongKept(epochFloor: 5)
        let accepted = Accepted(ballot: first.ballot, proposal: proposal)
        // c has given up its place; the joiner is where it was.
        var second = round(2, kept: [a, b], joins: true, control(4, [a, b, joiner, c], since: [1, 1, 2, 4]))
        for member in [a, b] { _ = second.flushedArrived(from: member, answer(3, accepted: accepted)) }
        _ = second.flushedArrived(from: joiner, answer(1))
        #expect(second.chooseAmongKept(epochFloor: 6) == proposal)
        #expect(second.unanswered == [a, b, joiner])
        for member in [a, b] { #expect(second.cutReachedArrived(from: member, of: proposal.view.id) == .waiting) }
        #expect(second.cutReachedArrived(from: joiner, of: proposal.view.id) == .decided(proposal))
    }

    @Test func `what one of kept did not accept was not decided, and its ID is not used again`() {
        var first = round(1, kept: [a, b, c], control(2, [a, b, c]))
        for member in [a, b, c] { _ = first.flushedArrived(from: member, answer(3)) }
        let accepted = Accepted(ballot: first.ballot, proposal: first.chooseAmongKept(epochFloor: 5))
        var second = round(2, kept: [a, b], control(3, [a, b]))
        _ = second.flushedArrived(from: a, answer(3, accepted: accepted))
        _ = second.flushedArrived(from: b, answer(3))
        let proposal = second.chooseAmongKept(epochFloor: 5)
        #expect(proposal.view.members == [a, b])
        #expect(proposal.view.id.epoch > accepted.proposal.view.id.epoch)
        #expect(proposal.authority == ViewID(epoch: 3, coordinator: a))
    }

    @Test func `a control view says of each member since when it is in, and who begins what nobody is in`() throws {
        let west = HWGID(creator: b, counter: 1)
        let east = HWGID(creator: a, counter: 1)
        let before = control(5, [a, b, c], since: [1, 3, 5])
        let fresh = View(id: ViewID(epoch: 4, coordinator: joiner), members: [joiner])
        let last = DecidedView(id: before.id, nodes: [a, b, c].map(\.node), follows: nil)
        var round = FlushRound(
            ballot: Ballot(attempt: 1, proposer: a),
            sides: [
                Side(previous: before.view, wasPrimary: true, continuing: [a, b], leaving: [c]),
                Side(previous: fresh, wasPrimary: false, continuing: [joiner], leaving: []),
            ], last: last)
        func told(_ members: Int, attached: [HWGID] = [], wanted: [HWGID] = []) -> FlushRound.Answer {
            var answer = answer(members)
            answer.vote = FlushRound.Vote(last: last, accepted: nil)
            answer.places.attached = attached
            answer.places.wanted = wanted
            return answer
        }
        _ = round.flushedArrived(from: a, told(3, wanted: [west]))
        _ = round.flushedArrived(from: b, told(3, attached: [west]))
        // Who leaves is in nothing any more.
        _ = round.flushedArrived(from: c, told(3, attached: [east]))
        #expect(round.flushedArrived(from: joiner, told(1, wanted: [east])) == .collected)
        guard
            case .proposal(let proposal) = round.choose(after: last, control: before, epochFloor: 5, suspected: [])
        else {
            Issue.record("there is a majority")
            return
        }
        let mandate = try #require(proposal.mandate)
        let view = ControlView(view: proposal.view, mandate: mandate)
        #expect(view.since(a)?.epoch == 1 && view.since(b)?.epoch == 3 && view.since(c) == nil)
        #expect(view.since(joiner) == proposal.view.id)
        #expect(view.creator(of: east) == joiner)
        #expect(view.isLiving(west) && view.creator(of: west) == nil)
    }
}
