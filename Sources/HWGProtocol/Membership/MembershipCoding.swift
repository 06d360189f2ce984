import GroupModel
import GroupWire

extension MembershipFrame {
    /// The datagram: header, group, fields.
    public func encoded(group: HWGID, cluster: UInt32, sender: MemberID) -> Packet {
        var writer = ByteWriter(reserving: 256)
        writer.frameHeader(FrameHeader(kind: kind, cluster: cluster, sender: sender))
        writer.hwgID(group)
        switch self {
        case .propose(let frame):
            writer.ballot(frame.ballot)
            writer.array(frame.sides) { $0.side($1) }
            writer.array(frame.cards) { $0.card($1) }
        case .flushed(let frame):
            writer.ballot(frame.ballot)
            writer.viewID(frame.previous)
            writer.array(frame.answer.received) { $0.u64($1) }
            writer.u64(frame.answer.controls)
            writer.bool(frame.answer.accepted != nil)
            if let accepted = frame.answer.accepted {
                writer.ballot(accepted.ballot)
                writer.proposal(accepted.proposal)
            }
            writer.u64(frame.answer.highestEpoch)
            writer.bool(frame.answer.hasState)
            writer.bool(frame.answer.isFresh)
            writer.array(frame.suspects) { $0.member($1) }
        case .cut(let frame):
            writer.ballot(frame.ballot)
            writer.proposal(frame.proposal)
            writer.array(frame.holders) { $0.array($1) { $0.u16($1) } }
        case .cutReached(let frame):
            writer.ballot(frame.ballot)
        case .install(let frame):
            writer.proposal(frame.proposal)
            writer.array(frame.cards) { $0.card($1) }
        case .refuse(let frame):
            writer.ballot(frame.ballot)
            writer.viewID(frame.view)
            writer.refusal(frame.reason)
        case .report(let frame):
            writer.viewID(frame.view)
            writer.array(frame.suspects) { $0.member($1) }
            writer.bool(frame.isLeaving)
        case .installed(let view):
            writer.viewID(view)
        case .announce(let frame):
            writer.view(frame.view)
            writer.bool(frame.isPrimary)
            writer.card(frame.coordinator)
        case .mergeRequest(let frame):
            writer.side(frame.side)
            writer.array(frame.cards) { $0.card($1) }
        case .mergeAnswer(let answer):
            switch answer {
            case .busy: writer.u8(0)
            case .redirect(let member):
                writer.u8(1)
                writer.member(member)
            case .unreachable: writer.u8(2)
            }
        }
        return Packet(writer.bytes)
    }

    /// The group that a membership datagram is about, without reading further; nil when it is too short or malformed.
    public static func group(of datagram: UnsafeRawBufferPointer) -> HWGID? {
        var reader = ByteReader(datagram)
        _ = reader.raw(FrameHeader.bytes)
        let group = reader.hwgID()
        return reader.isValid ? group : nil
    }

    /// Reads what follows the header and the group; nil when malformed, truncated, too long or out of bounds.
    public static func decode(_ kind: FrameKind, _ datagram: UnsafeRawBufferPointer) -> MembershipFrame? {
        var reader = ByteReader(datagram)
        _ = reader.raw(FrameHeader.bytes)
        _ = reader.hwgID()
        let frame: MembershipFrame
        switch kind {
        case .propose:
            frame = .propose(
                Propose(ballot: reader.ballot(), sides: reader.sides(), cards: reader.cards()))
        case .flushed:
            let ballot = reader.ballot()
            let previous = reader.viewID()
            let received = reader.vector()
            let controls = reader.u64()
            let accepted = reader.bool() ? Accepted(ballot: reader.ballot(), proposal: reader.proposal()) : nil
            frame = .flushed(
                Flushed(
                    ballot: ballot, previous: previous,
                    answer: FlushRound.Answer(
                        received: received, controls: controls, accepted: accepted, highestEpoch: reader.epoch(),
                        hasState: reader.bool(), isFresh: reader.bool()),
                    suspects: reader.members()))
        case .cut:
            let ballot = reader.ballot()
            let proposal = reader.proposal()
            let holders = reader.array(limit: Limits.mergeSides, elementBytes: 4) {
                $0.array(limit: Limits.viewMembers, elementBytes: 2) { $0.u16() }
            }
            let matches =
                holders.count == proposal.sides.count
                && zip(holders, proposal.sides).allSatisfy { $0.count == $1.cut.count }
            if !matches { reader.fail() }
            frame = .cut(Cut(ballot: ballot, proposal: proposal, holders: holders))
        case .cutReached:
            frame = .cutReached(CutReached(ballot: reader.ballot()))
        case .install:
            frame = .install(Install(proposal: reader.proposal(), cards: reader.cards()))
        case .refuse:
            frame = .refuse(Refuse(ballot: reader.ballot(), view: reader.viewID(), reason: reader.refusal()))
        case .report:
            frame = .report(Report(view: reader.viewID(), suspects: reader.members(), isLeaving: reader.bool()))
        case .installed:
            frame = .installed(view: reader.viewID())
        case .announce:
            frame = .announce(
                Announce(view: reader.boundedView(), isPrimary: reader.bool(), coordinator: reader.card()))
        case .mergeRequest:
            frame = .mergeRequest(MergeRequest(side: reader.side(), cards: reader.cards()))
        case .mergeAnswer:
            switch reader.u8() {
            case 0: frame = .mergeAnswer(.busy)
            case 1: frame = .mergeAnswer(.redirect(reader.member()))
            case 2: frame = .mergeAnswer(.unreachable)
            default: return nil
            }
        case .heartbeat, .data, .acknowledge, .negativeAcknowledge, .direct, .directAcknowledge:
            return nil
        }
        return reader.isComplete ? frame : nil
    }
}

extension ByteWriter {
    fileprivate mutating func ballot(_ ballot: Ballot) {
        u32(ballot.attempt)
        member(ballot.proposer)
    }
    fileprivate mutating func side(_ side: Side) {
        view(side.previous)
        bool(side.wasPrimary)
        array(side.continuing) { $0.member($1) }
        array(side.leaving) { $0.member($1) }
    }
    fileprivate mutating func proposal(_ proposal: Proposal) {
        viewID(proposal.view.id)
        array(proposal.sides) {
            $0.side($1.side)
            $0.array($1.cut) { $0.u64($1) }
            $0.u64($1.controls)
            $0.bool($1.hasState)
        }
        bool(proposal.isPrimary)
        bool(proposal.isEligible)
    }
    fileprivate mutating func refusal(_ reason: MembershipFrame.Refuse.Reason) {
        switch reason {
        case .promised(let higher):
            u8(0)
            ballot(higher)
        case .suspected: u8(1)
        case .notMember: u8(2)
        case .behind(let view):
            u8(3)
            viewID(view)
        case .beyondCut: u8(4)
        }
    }
}

extension ByteReader {
    fileprivate mutating func ballot() -> Ballot {
        let attempt = u32()
        if attempt > Ballot.maximumAttempt { fail() }
        return Ballot(attempt: attempt, proposer: member())
    }
    /// An epoch that leaves room to grow: a peer must not be able to drive ours into overflow.
    fileprivate mutating func epoch() -> UInt64 {
        let epoch = u64()
        if epoch > Self.maximumEpoch { fail() }
        return epoch
    }
    /// Below what a light-weight group's era can hold; at one view a second it is reached after 68 years.
    static let maximumEpoch: UInt64 = 1 << 31

    fileprivate mutating func boundedView() -> View<MemberID> {
        let view = view()
        if view.id.epoch > Self.maximumEpoch { fail() }
        return view
    }
    fileprivate mutating func members() -> [MemberID] {
        array(limit: Limits.viewMembers, elementBytes: Self.memberBytes) { $0.member() }
    }
    fileprivate mutating func cards() -> [NodeCard] {
        array(limit: Limits.viewMembers, elementBytes: 31) { $0.card() }
    }
    fileprivate mutating func vector() -> [UInt64] {
        array(limit: Limits.viewMembers, elementBytes: 8) { $0.u64() }
    }
    /// Fails unless continuing and leaving are distinct members of the previous view.
    fileprivate mutating func side() -> Side {
        let previous = boundedView()
        let wasPrimary = bool()
        let side = Side(previous: previous, wasPrimary: wasPrimary, continuing: members(), leaving: members())
        let named = Set(side.participants)
        if named.count != side.participants.count || !named.isSubset(of: previous.members) { fail() }
        return side
    }
    /// Fails when there is none, and when two share a predecessor or a member.
    fileprivate mutating func sides() -> [Side] {
        let sides = array(limit: Limits.mergeSides, elementBytes: 64) { $0.side() }
        let named = sides.flatMap(\.participants)
        if sides.isEmpty || Set(sides.map(\.previous.id)).count != sides.count || Set(named).count != named.count {
            fail()
        }
        return sides
    }
    fileprivate mutating func proposal() -> Proposal {
        let id = viewID()
        if id.epoch > Self.maximumEpoch { fail() }
        let sides = array(limit: Limits.mergeSides, elementBytes: 64) {
            Proposal.SideCut(side: $0.side(), cut: $0.vector(), controls: $0.u64(), hasState: $0.bool())
        }
        let proposal = Proposal(
            view: View(id: id, members: sides.flatMap(\.side.continuing)), sides: sides, isPrimary: bool(),
            isEligible: bool())
        let members = proposal.view.members
        let isSound =
            !members.isEmpty && members.count <= Limits.viewMembers && Set(members).count == members.count
            && Set(sides.map(\.side.previous.id)).count == sides.count
            && sides.allSatisfy { $0.cut.count == $0.side.previous.members.count }
        if !isSound { fail() }
        return proposal
    }
    fileprivate mutating func refusal() -> MembershipFrame.Refuse.Reason {
        switch u8() {
        case 0: return .promised(ballot())
        case 1: return .suspected
        case 2: return .notMember
        case 3: return .behind(viewID())
        case 4: return .beyondCut
        default:
            fail()
            return .notMember
        }
    }
}
