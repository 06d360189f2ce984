import GroupModel
import GroupWire

// The fields of membership frames.

extension ByteWriter {
    mutating func ballot(_ ballot: Ballot) {
        u32(ballot.attempt)
        member(ballot.proposer)
    }
    mutating func side(_ side: Side) {
        view(side.previous)
        bool(side.wasPrimary)
        array(side.continuing) { $0.member($1) }
        array(side.leaving) { $0.member($1) }
    }
    mutating func proposal(_ proposal: Proposal) {
        viewID(proposal.view.id)
        array(proposal.sides) {
            $0.side($1.side)
            $0.array($1.cut) { $0.u64($1) }
            $0.u64($1.controls)
            $0.bool($1.hasState)
        }
        bool(proposal.isPrimary)
        // The values of the mode `all` are those of a truth value.
        if let authority = proposal.authority {
            u8(3)
            viewID(authority)
        } else if let after = proposal.after {
            u8(2)
            decided(after)
            mandate(proposal.mandate ?? Mandate(since: [], groups: []))
        } else {
            bool(proposal.isEligible)
        }
    }
    mutating func refusal(_ reason: MembershipFrame.Refuse.Reason) {
        switch reason {
        case .promised(let higher):
            u8(0)
            ballot(higher)
        case .suspected: u8(1)
        case .notMember: u8(2)
        case .behind(let view):
            u8(3)
            viewID(view)
        case .cannotReachCut: u8(4)
        case .outrun(let last):
            u8(5)
            decided(last)
        case .noMajority: u8(6)
        case .authority(let control):
            u8(7)
            viewID(control)
        }
    }
}

extension ByteReader {
    mutating func ballot() -> Ballot {
        let attempt = u32()
        if attempt > Ballot.maximumAttempt { fail() }
        return Ballot(attempt: attempt, proposer: member())
    }
    /// An epoch that leaves room to grow: a peer must not be able to drive ours into overflow.
    mutating func epoch() -> UInt64 {
        let epoch = u64()
        if epoch > Self.maximumEpoch { fail() }
        return epoch
    }
    /// Below what a light-weight group's era can hold; at one view a second it is reached after 68 years.
    static let maximumEpoch: UInt64 = 1 << 31

    mutating func boundedView() -> View<MemberID> {
        let view = view()
        if view.id.epoch > Self.maximumEpoch { fail() }
        return view
    }
    mutating func members() -> [MemberID] {
        array(limit: Limits.viewMembers, elementBytes: Self.memberBytes) { $0.member() }
    }
    mutating func cards() -> [NodeCard] {
        array(limit: Limits.viewMembers, elementBytes: 31) { $0.card() }
    }
    mutating func vector() -> [UInt64] {
        array(limit: Limits.viewMembers, elementBytes: 8) { $0.u64() }
    }
    /// Fails unless continuing and leaving are distinct members of the previous view.
    mutating func side() -> Side {
        let previous = boundedView()
        let wasPrimary = bool()
        let side = Side(previous: previous, wasPrimary: wasPrimary, continuing: members(), leaving: members())
        let named = side.participants
        if !named.allDiffer || !named.isContained(in: previous.members) { fail() }
        return side
    }
    /// Fails when there is none, and when two share a predecessor or a member.
    mutating func sides() -> [Side] {
        let sides = array(limit: Limits.mergeSides, elementBytes: 64) { $0.side() }
        let named = sides.flatMap(\.participants)
        if sides.isEmpty || !sides.map(\.previous.id).allDiffer || !named.allDiffer { fail() }
        return sides
    }
    mutating func proposal() -> Proposal {
        let id = viewID()
        if id.epoch > Self.maximumEpoch { fail() }
        let sides = array(limit: Limits.mergeSides, elementBytes: 64) {
            Proposal.SideCut(side: $0.side(), cut: $0.vector(), controls: $0.u64(), hasState: $0.bool())
        }
        let isPrimary = bool()
        let standing = u8()
        if standing > 3 || standing >= 2 && !isPrimary { fail() }
        let members = sides.flatMap(\.side.continuing)
        let proposal = Proposal(
            view: View(id: id, members: members), sides: sides, isPrimary: isPrimary,
            isEligible: standing != 0, after: standing == 2 ? decided() : nil,
            mandate: standing == 2 ? mandate(members: members.count) : nil,
            authority: standing == 3 ? viewID() : nil)
        let isSound =
            !members.isEmpty && members.count <= Limits.viewMembers && members.allDiffer
            && sides.map(\.side.previous.id).allDiffer
            && sides.allSatisfy { $0.cut.count == $0.side.previous.members.count }
        if !isSound { fail() }
        return proposal
    }
    mutating func refusal() -> MembershipFrame.Refuse.Reason {
        switch u8() {
        case 0: return .promised(ballot())
        case 1: return .suspected
        case 2: return .notMember
        case 3: return .behind(viewID())
        case 4: return .cannotReachCut
        case 5: return .outrun(decided())
        case 6: return .noMajority
        case 7: return .authority(viewID())
        default:
            fail()
            return .notMember
        }
    }
}
