import GroupModel
import Testing

@testable import HWGProtocol

/// Five members, random proposers with random suspicions, messages that are lost, late and in any order: how often do
/// two different primary successors of one view get decided?
private struct BallotWorld {
    enum Message {
        case propose(Ballot, sides: [Side], to: Int)
        case flushed(Ballot, from: Int, FlushRound.Answer)
        case cut(Ballot, Proposal, to: Int)
        case cutReached(Ballot, ViewID, from: Int)
    }

    /// Leaves the promise out: whatever is proposed is answered, whatever is cut is accepted.
    let forgetsPromises: Bool
    var generator: SeededGenerator
    let members = (0..<5).map { MemberID(node: NodeID(raw: UInt64($0 + 1)), incarnation: 1) }
    let view: View<MemberID>
    var acceptors = [Acceptor](repeating: Acceptor(), count: 5)
    var highestEpoch = [UInt64](repeating: 1, count: 5)
    var attempts = [UInt32](repeating: 0, count: 5)
    var rounds: [Ballot: FlushRound] = [:]
    var messages: [Message] = []
    var decided: [Proposal] = []
    let rule = PrimaryRule(initialNodes: [], initialCount: 5)

    init(seed: UInt64, forgetsPromises: Bool) {
        generator = SeededGenerator(seed: seed)
        self.forgetsPromises = forgetsPromises
        view = View(id: ViewID(epoch: 1, coordinator: members[0]), members: members)
    }

    func index(_ member: MemberID) -> Int { members.firstIndex(of: member) ?? 0 }

    mutating func startRound(_ proposer: Int) {
        let continuing = members.indices.filter { $0 == proposer || !generator.chance(0.4) }.map { members[$0] }
        let seen = forgetsPromises ? 0 : acceptors[proposer].promised?.attempt ?? 0
        attempts[proposer] = max(attempts[proposer], seen) + 1
        let ballot = Ballot(attempt: attempts[proposer], proposer: members[proposer])
        let side = Side(previous: view, wasPrimary: true, continuing: continuing, leaving: [])
        rounds[ballot] = FlushRound(ballot: ballot, sides: [side])
        for member in continuing { messages.append(.propose(ballot, sides: [side], to: index(member))) }
    }

    mutating func run() {
        for _ in 0..<120 {
            if generator.chance(0.06) || messages.isEmpty { startRound(generator.below(5)) }
            let message = messages.remove(at: generator.below(messages.count))
            if !generator.chance(0.1) { deliver(message) }
        }
    }

    mutating func deliver(_ message: Message) {
        switch message {
        case .propose(let ballot, _, let to):
            if forgetsPromises { acceptors[to] = Acceptor(promised: nil, accepted: acceptors[to].accepted) }
            guard acceptors[to].proposeArrived(ballot) == .promise else { return }
            let answer = FlushRound.Answer(
                received: [0, 0, 0, 0, 0], controls: 0, accepted: acceptors[to].accepted,
                highestEpoch: highestEpoch[to],
                hasState: false, isFresh: false)
            messages.append(.flushed(ballot, from: to, answer))
        case .flushed(let ballot, let from, let answer):
            guard rounds[ballot]?.flushedArrived(from: members[from], answer) == .collected else { return }
            let proposer = index(ballot.proposer)
            let proposal = rounds[ballot]!.choose(rule: rule, epochFloor: highestEpoch[proposer], suspected: [])
            highestEpoch[proposer] = max(highestEpoch[proposer], proposal.view.id.epoch)
            for member in proposal.view.members { messages.append(.cut(ballot, proposal, to: index(member))) }
        case .cut(let ballot, let proposal, let to):
            highestEpoch[to] = max(highestEpoch[to], proposal.view.id.epoch)
            if forgetsPromises {
                acceptors[to] = Acceptor(promised: nil, accepted: Accepted(ballot: ballot, proposal: proposal))
            } else {
                guard acceptors[to].accept(proposal, at: ballot) == .promise else { return }
            }
            messages.append(.cutReached(ballot, proposal.view.id, from: to))
        case .cutReached(let ballot, let view, let from):
            // Members that are slow to answer are suspected meanwhile, which is when partial decisions are made.
            for member in members where generator.chance(0.15) {
                if case .decided(let proposal) = rounds[ballot]?.memberFailed(member) { decided.append(proposal) }
            }
            if case .decided(let proposal) = rounds[ballot]?.cutReachedArrived(from: members[from], of: view) {
                decided.append(proposal)
            }
        }
    }

    var hasFork: Bool { Set(decided.filter(\.isPrimary).map(\.view)).count > 1 }
}

@Suite struct BallotTests {
    @Test func `no run of five members decides two primary successors of one view (M7)`() {
        var primaryDecisions = 0
        for seed in 1...5_000 as ClosedRange<UInt64> {
            var world = BallotWorld(seed: seed, forgetsPromises: false)
            world.run()
            let hasFork = world.hasFork
            #expect(!hasFork, "seed \(seed)")
            primaryDecisions += world.decided.contains(where: \.isPrimary) ? 1 : 0
        }
        #expect(primaryDecisions > 500, "the runs must decide something for the test to mean anything")
    }

    @Test func `without promises some runs fork the primary chain`() {
        let forks = (1...5_000 as ClosedRange<UInt64>).count { seed in
            var world = BallotWorld(seed: seed, forgetsPromises: true)
            world.run()
            return world.hasFork
        }
        #expect(forks > 0)
    }

    @Test func `a minority does not re-issue a primary proposal and gives up being primary`() {
        let world = BallotWorld(seed: 1, forgetsPromises: false)
        let members = world.members
        let side = { (continuing: [MemberID]) in
            Side(previous: world.view, wasPrimary: true, continuing: continuing, leaving: [])
        }
        let heard = Proposal(
            view: View(id: ViewID(epoch: 2, coordinator: members[0]), members: Array(members[0...3])),
            sides: [.init(side: side(Array(members[0...3])), cut: [0, 0, 0, 0, 0], controls: 0, hasState: false)],
            isPrimary: true,
            isEligible: true)
        let accepted = Accepted(ballot: Ballot(attempt: 1, proposer: members[0]), proposal: heard)
        var round = FlushRound(
            ballot: Ballot(attempt: 2, proposer: members[3]), sides: [side([members[3], members[4]])])
        let answer = { (accepted: Accepted?) in
            FlushRound.Answer(
                received: [0, 0, 0, 0, 0], controls: 0, accepted: accepted, highestEpoch: 2, hasState: false,
                isFresh: false)
        }
        #expect(round.flushedArrived(from: members[3], answer(accepted)) == .waiting)
        #expect(round.flushedArrived(from: members[4], answer(nil)) == .collected)
        let proposal = round.choose(rule: world.rule, epochFloor: 2, suspected: [])
        #expect(proposal.view.members == [members[3], members[4]])
        #expect(proposal.view.id.epoch == 3)
        #expect(!proposal.isPrimary)
        #expect(!proposal.isEligible)
    }

    /// Found by seed 68973.
    @Test func `a proposal that takes a participant from a view in which it no longer is, is not proposed again`() {
        let world = BallotWorld(seed: 1, forgetsPromises: false)
        let (a, b, c) = (world.members[0], world.members[1], world.members[2])
        let alone = { (epoch: UInt64, member: MemberID) in
            View(id: ViewID(epoch: epoch, coordinator: member), members: [member])
        }
        let others = Side(
            previous: View(id: ViewID(epoch: 6, coordinator: b), members: [b, c]), wasPrimary: false,
            continuing: [b, c], leaving: [])
        let own = { (epoch: UInt64) in
            Side(previous: alone(epoch, a), wasPrimary: false, continuing: [a], leaving: [])
        }
        let heard = Proposal(
            view: View(id: ViewID(epoch: 7, coordinator: a), members: [a, b, c]),
            sides: [
                .init(side: own(6), cut: [0], controls: 0, hasState: false),
                .init(side: others, cut: [0, 0], controls: 0, hasState: false),
            ],
            isPrimary: false, isEligible: true)
        /// What a proposes in this view when b and c have accepted `heard`.
        func choice(from epoch: UInt64) -> (FlushRound, Proposal) {
            var round = FlushRound(ballot: Ballot(attempt: 2, proposer: a), sides: [own(epoch), others])
            for member in [a, b, c] {
                let accepted = member == a ? nil : Accepted(ballot: Ballot(attempt: 1, proposer: a), proposal: heard)
                _ = round.flushedArrived(
                    from: member,
                    .init(
                        received: member == a ? [0] : [0, 0], controls: 0, accepted: accepted, highestEpoch: 8,
                        hasState: false, isFresh: false))
            }
            let proposal = round.choose(rule: world.rule, epochFloor: 8, suspected: [])
            return (round, proposal)
        }
        let (adopting, adopted) = choice(from: 6)
        #expect(adopted == heard && adopting.isAdopted)
        var (round, proposal) = choice(from: 8)
        #expect(proposal.view.id.epoch == 9 && !round.isAdopted)
        #expect(proposal.sides.map(\.side.previous.id.epoch) == [8, 6])
        let view = proposal.view.id
        #expect(round.cutReachedArrived(from: b, of: view) == .waiting)
        #expect(round.cutReachedArrived(from: c, of: view) == .waiting)
        // Of an earlier flush, which had the same ballot.
        #expect(round.cutReachedArrived(from: a, of: heard.view.id) == .waiting)
        #expect(round.cutReachedArrived(from: a, of: view) == .decided(proposal))
    }
}
