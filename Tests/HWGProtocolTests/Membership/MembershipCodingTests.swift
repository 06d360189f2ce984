import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

/// What the fuzzer of frames found.
@Suite struct MembershipCodingTests {
    private func announce(origin: UInt64) -> Packet {
        let member = MemberID(node: NodeID(name: "a"), incarnation: 1)
        let frame = MembershipFrame.announce(
            .init(
                view: View(id: ViewID(epoch: 1, coordinator: member), members: [member]), isPrimary: false,
                coordinator: NodeCard(name: "a", member: member, address: NodeAddress(high: 0, low: 1, port: 1)),
                origin: origin))
        return frame.encoded(group: HWGID(creator: member, counter: 1), cluster: 1, sender: member)
    }

    @Test func `an announcement with an origin comes back, and one whose origin is written as zero is none`() throws {
        let packet = announce(origin: 7)
        guard case .announce(let read)? = MembershipFrame.decode(.announce, packet.contents) else {
            Issue.record("it was refused")
            return
        }
        #expect(read.origin == 7)
        // Without the field it is a node in the mode `all`; with a zero it would have two encodings.
        let bare = announce(origin: 0)
        #expect(bare.count == packet.count - 8)
        #expect(MembershipFrame.decode(.announce, bare.contents) != nil)
        let zero = Packet(Array(bare.contents) + [UInt8](repeating: 0, count: 8))
        #expect(MembershipFrame.decode(.announce, zero.contents) == nil)
    }

    private let a = MemberID(node: NodeID(name: "a"), incarnation: 1)
    private let b = MemberID(node: NodeID(name: "b"), incarnation: 2)

    private func roundTrip(_ frame: MembershipFrame) -> (frame: MembershipFrame?, bytes: Int) {
        let packet = frame.encoded(group: HWGID(creator: a, counter: 1), cluster: 1, sender: a)
        return (MembershipFrame.decode(frame.kind, packet.contents), packet.count)
    }

    private var side: Side {
        Side(
            previous: View(id: ViewID(epoch: 3, coordinator: a), members: [a, b]), wasPrimary: true,
            continuing: [a, b], leaving: [])
    }

    private func proposal(mandate: Mandate? = nil, authority: ViewID? = nil) -> Proposal {
        Proposal(
            view: View(id: ViewID(epoch: 4, coordinator: a), members: [a, b]),
            sides: [.init(side: side, cut: [1, 2], controls: 3, hasState: true)], isPrimary: true, isEligible: true,
            after: mandate.map { _ in DecidedView(initial: ["a", "b"]) }, mandate: mandate, authority: authority)
    }

    @Test func `what the mode primary says of other groups comes back, and takes no byte in the mode all`() {
        let control = ViewID(epoch: 9, coordinator: b)
        let ballot = Ballot(attempt: 2, proposer: a)
        let east = HWGID(creator: b, counter: 7)
        let mandate = Mandate(
            since: [ViewID(epoch: 1, coordinator: a), ViewID(epoch: 4, coordinator: a)],
            groups: [.init(group: east, creator: b), .init(group: HWGID(creator: a, counter: 2), creator: nil)])
        var propose = MembershipFrame.Propose(ballot: ballot, sides: [side], cards: [])
        let bare = roundTrip(.propose(propose)).bytes
        propose.authority = control
        var places = Places()
        places.attached = [east]
        places.wanted = [HWGID(creator: a, counter: 3)]
        var answer = FlushRound.Answer(
            received: [1, 2], controls: 0, accepted: nil, highestEpoch: 4, hasState: true, isFresh: false)
        answer.vote = FlushRound.Vote(last: DecidedView(initial: ["a", "b"]), accepted: nil)
        answer.places = places
        let holders: [[UInt16]] = [[0, 1]]
        for frame in [
            .propose(propose),
            .flushed(.init(ballot: ballot, previous: side.previous.id, answer: answer, suspects: [])),
            .cut(.init(ballot: ballot, proposal: proposal(authority: control), holders: holders, authority: control)),
            .install(.init(proposal: proposal(mandate: mandate), cards: [])),
            .refuse(
                .init(
                    question: .init(ballot: ballot, view: control), view: side.previous.id, reason: .authority(control))
            ),
            .report(.init(view: side.previous.id, suspects: [], isLeaving: false, asksForView: true)),
        ] as [MembershipFrame] {
            #expect(roundTrip(frame).frame == frame)
        }
        #expect(roundTrip(.propose(propose)).bytes == bare + 21)
        // A mandate that lacks a member's control view is none.
        let short = Mandate(since: [control], groups: [])
        #expect(roundTrip(.install(.init(proposal: proposal(mandate: short), cards: []))).frame == nil)
    }

    @Test
    func `a refusal names ballot, view and kind of what it answers, view taken to be in, and reason, in this order`() {
        let ballot = Ballot(attempt: 2, proposer: a)
        let asked = ViewID(epoch: 9, coordinator: b)
        let refuse = MembershipFrame.Refuse(
            question: .init(ballot: ballot, view: asked, isCut: true), view: side.previous.id, reason: .suspected)
        #expect(roundTrip(.refuse(refuse)).frame == .refuse(refuse))
        var writer = ByteWriter(reserving: 64)
        writer.frameHeader(FrameHeader(kind: .refuse, cluster: 1, sender: a))
        writer.hwgID(HWGID(creator: a, counter: 1))
        writer.u32(2)
        writer.member(a)
        writer.viewID(asked)
        writer.bool(true)
        writer.viewID(side.previous.id)
        writer.u8(1)
        let packet = MembershipFrame.refuse(refuse).encoded(
            group: HWGID(creator: a, counter: 1), cluster: 1, sender: a)
        #expect(Array(packet.contents) == writer.bytes)
    }
}
