import GroupModel
import GroupWire

/// One attempt to agree on what follows a view: (attempt, proposer), never reused (Lamport's Paxos ballots; design.md,
/// section 5, "Ballots").
public struct Ballot: Hashable, Comparable, Sendable {
    public let attempt: UInt32
    public let proposer: MemberID
    public init(attempt: UInt32, proposer: MemberID) {
        self.attempt = attempt
        self.proposer = proposer
    }
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.attempt != rhs.attempt ? lhs.attempt < rhs.attempt : lhs.proposer < rhs.proposer
    }

    /// Far above what a flush needs, far below where adding could overflow: a larger attempt from the network is malformed.
    static let maximumAttempt: UInt32 = 1 << 30
}

/// The members of one previous view that a round brings into the next.
public struct Side: Hashable, Sendable {
    public let previous: View<MemberID>
    public let wasPrimary: Bool
    /// In the next view, in the order of their ranks.
    public let continuing: [MemberID]
    /// Asked to leave: they take part in the flush, so that what they sent is delivered, and are not in the next view.
    public let leaving: [MemberID]

    public init(previous: View<MemberID>, wasPrimary: Bool, continuing: [MemberID], leaving: [MemberID]) {
        self.previous = previous
        self.wasPrimary = wasPrimary
        self.continuing = continuing
        self.leaving = leaving
    }

    public var participants: [MemberID] { continuing + leaving }

    /// Sides stand in descending (primary, view ID), and ranks follow.
    static func precedes(_ lhs: Side, _ rhs: Side) -> Bool {
        lhs.wasPrimary != rhs.wasPrimary ? lhs.wasPrimary : lhs.previous.id > rhs.previous.id
    }
}

/// What a round agrees on: the next view, and per side the cut that its members deliver before they install it.
///
/// Re-issued unchanged by whoever takes over: same view ID, same members, same cut.
public struct Proposal: Hashable, Sendable {
    public struct SideCut: Hashable, Sendable {
        public let side: Side
        /// Per rank of `side.previous`: packets that every survivor delivers before it installs.
        public let cut: [UInt64]
        /// How many control messages of the view's order install light-weight views; those after them only change tables,
        /// because another successor of the view may not deliver them, or in another order.
        public let controls: UInt64
        /// A member of this side has state to reconcile.
        public let hasState: Bool
        public init(side: Side, cut: [UInt64], controls: UInt64, hasState: Bool) {
            self.side = side
            self.cut = cut
            self.controls = controls
            self.hasState = hasState
        }
    }

    public let view: View<MemberID>
    public let sides: [SideCut]
    /// Whether the view is primary; a function of the members and sides (`PrimaryRule`).
    public let isPrimary: Bool
    /// False when the proposer knew of a primary proposal that it could neither complete nor rule out: neither this
    /// proposal nor any that follows it in the same predecessor may be primary.
    public let isEligible: Bool
    /// Of a primary proposal of the control group in the mode `primary`: the decided view that it follows.
    public let after: DecidedView?
    /// Of the same, what it lays down for the other groups.
    public let mandate: Mandate?
    /// Of another group in that mode: the control view under which it was made.
    public let authority: ViewID?

    public init(
        view: View<MemberID>, sides: [SideCut], isPrimary: Bool, isEligible: Bool, after: DecidedView? = nil,
        mandate: Mandate? = nil, authority: ViewID? = nil
    ) {
        self.view = view
        self.sides = sides
        self.isPrimary = isPrimary
        self.isEligible = isEligible
        self.after = after
        self.mandate = mandate
        self.authority = authority
    }

    public func side(of previous: ViewID) -> SideCut? { sides.first { $0.side.previous.id == previous } }

    /// Everybody who is told the decision: members, and those who leave.
    public var audience: [MemberID] { view.members + sides.flatMap(\.side.leaving) }
}

/// A proposal that a member has accepted: it holds everything up to the cut and keeps it.
public struct Accepted: Hashable, Sendable {
    public let ballot: Ballot
    public let proposal: Proposal
    public init(ballot: Ballot, proposal: Proposal) {
        self.ballot = ballot
        self.proposal = proposal
    }
}
