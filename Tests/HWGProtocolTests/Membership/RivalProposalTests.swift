import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

/// A coordinator whose proposal a voter has left for another's (Membership, 18). Found by seeds 31806 and 68738.
@Suite struct RivalProposalTests {
    private let leader = MemberID(node: NodeID(name: "p"), incarnation: 1)
    private let faithful = MemberID(node: NodeID(name: "c"), incarnation: 1)
    private let gone = MemberID(node: NodeID(name: "d"), incarnation: 1)
    private let rival = MemberID(node: NodeID(name: "q"), incarnation: 1)

    private func card(_ member: MemberID) -> NodeCard {
        NodeCard(name: "\(member.node.raw)", member: member, address: NodeAddress(high: 0, low: 0, port: 1))
    }

    /// The leader's group, a side of two that asks to merge with it, and what it sends to both.
    private struct Meeting {
        var now = Instant(nanoseconds: 1_000_000_000)
        var peers: PeerTable
        var hwg: HWG
        var output = HWGOutput()
        let side: Side

        /// What was sent since the last call, decoded.
        mutating func sent() -> [(frame: MembershipFrame, to: MemberID)] {
            let emitted = output
            output = HWGOutput()
            for case .hold(let view) in emitted.indications.events {
                hwg.holdOK(view, hasState: true, at: now, peers: peers, into: &output)
            }
            let frames = emitted.transmissions.compactMap { transmission -> (MembershipFrame, MemberID)? in
                guard let header = try? FrameHeader.read(transmission.packet.contents),
                    let frame = MembershipFrame.decode(header.kind, transmission.packet.contents)
                else { return nil }
                return (frame, transmission.to)
            }
            return frames + (output.transmissions.isEmpty && output.indications.events.isEmpty ? [] : sent())
        }

        mutating func receive(_ frame: MembershipFrame, from member: MemberID) {
            hwg.frameArrived(frame, from: member, at: now, peers: peers, into: &output)
        }

        mutating func step() {
            now = now + .milliseconds(5)
            if let due = hwg.nextDeadline, due <= now { hwg.deadlineReached(at: now, peers: peers, into: &output) }
        }
    }

    private func meeting() -> Meeting {
        let start = Instant(nanoseconds: 1_000_000_000)
        var peers = PeerTable(
            card: card(leader), heartbeatInterval: .milliseconds(100), failureTimeout: .seconds(100), now: start)
        for member in [faithful, gone, rival] { _ = peers.connected(card(member), at: start) }
        var output = HWGOutput()
        let hwg = HWG(
            id: ChainWorld.group, me: leader, cluster: 7, parameters: HWGParameters(), epochFloor: 5, nextNumber: 1,
            isFresh: true, at: start, into: &output)
        let side = Side(
            previous: View(id: ViewID(epoch: 3, coordinator: faithful), members: [faithful, gone]), wasPrimary: false,
            continuing: [faithful, gone], leaving: [])
        var meeting = Meeting(peers: peers, hwg: hwg, side: side)
        meeting.receive(.mergeRequest(.init(side: side, cards: [])), from: faithful)
        return meeting
    }

    @Test func `a voter that accepted another's proposal holds nobody up when there is a quorum without it`() throws {
        var meeting = meeting()
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
                                ballot: cut.ballot, view: meeting.side.previous.id,
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
