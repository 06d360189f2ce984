import GroupModel
import GroupWire

/// The frames of membership and merge. Each names its group; those of a flush name the predecessor view.
public enum MembershipFrame: Hashable, Sendable {
    /// Coordinator to all participants; answered by `flushed` or `refuse`.
    case propose(Propose)
    /// Participant to proposer: I hold, and this is what I have.
    case flushed(Flushed)
    /// Proposer to the members of the next view; answered by `cutReached` or `refuse`.
    case cut(Cut)
    /// Member to proposer: accepted.
    case cutReached(CutReached)
    /// The decision; final, idempotent, applied by members whose view is a predecessor.
    case install(Install)
    case refuse(Refuse)
    /// Member to coordinator: whom I suspect, whether I want to leave.
    case report(Report)
    /// Member to whoever re-sends the installation: I am in the view.
    case installed(view: ViewID)
    /// Member to nodes outside its view: this view exists, and this is its coordinator.
    case announce(Announce)
    /// Coordinator of the lower side to that of the higher: lead us.
    case mergeRequest(MergeRequest)
    case mergeAnswer(MergeAnswer)

    public struct Propose: Hashable, Sendable {
        public let ballot: Ballot
        public let sides: [Side]
        /// Addresses of all participants, so that both sides of a merge can reach each other.
        public let cards: [NodeCard]
        /// In the mode `primary`, of the control group: the last decided view that the proposer knows. Who is behind takes it over.
        public var last: DecidedView?
        /// Of another group in that mode: the control view under which the round is.
        public var authority: ViewID?

        /// Nil: malformed, its proposer does not take part.
        var question: Question? {
            sides.question(at: ballot)
        }
    }
    public struct Flushed: Hashable, Sendable {
        public let ballot: Ballot
        public let previous: ViewID
        public let answer: FlushRound.Answer
        /// Members of my view that I suspect.
        public let suspects: [MemberID]
    }
    public struct Cut: Hashable, Sendable {
        public let ballot: Ballot
        public let proposal: Proposal
        /// Per side, per rank of its view: the rank that can supply the stream; 0xFFFF when unknown.
        public let holders: [[UInt16]]
        /// As in `Propose`; the proposal's own may be earlier.
        public var authority: ViewID?

        var question: Question { Question(ballot: ballot, view: proposal.view.id, isCut: true) }
    }
    public struct CutReached: Hashable, Sendable {
        public let ballot: Ballot
        /// ▸ The proposed view: ballots begin anew in each view, and one of an earlier flush may come late.
        public let view: ViewID
    }
    public struct Install: Hashable, Sendable {
        public let proposal: Proposal
        public let cards: [NodeCard]
    }
    /// Which frame a refusal answers.
    public struct Question: Hashable, Sendable {
        public let ballot: Ballot
        /// ▸ Of a `propose` the proposer's view, of a `cut` the proposed one: ballots begin anew in each view, and the answer to an
        /// earlier flush may come late.
        public let view: ViewID
        /// ▸ The view that one flush proposes is its proposer's in the next.
        public let isCut: Bool
        public init(ballot: Ballot, view: ViewID, isCut: Bool = false) {
            self.ballot = ballot
            self.view = view
            self.isCut = isCut
        }
        /// Of no flush.
        static func about(_ view: ViewID) -> Question {
            let nobody = MemberID(node: NodeID(raw: 0), incarnation: 0)
            return Question(ballot: Ballot(attempt: 0, proposer: nobody), view: view)
        }
    }
    public struct Refuse: Hashable, Sendable {
        public enum Reason: Hashable, Sendable {
            /// This ballot has my promise.
            case promised(Ballot)
            /// I suspect you: leave me out, and take it that I left you out.
            case suspected
            /// I am not in that view any more, or never was.
            case notMember
            /// I am still in this earlier view.
            case behind(ViewID)
            /// I cannot enter that view together with the others: I delivered more than its cut, or lack what it names, and all
            /// who could supply it have failed.
            case cannotReachCut
            /// Mode `primary`: the view after which you propose has a successor; this is a later one.
            case outrun(DecidedView)
            /// Mode `primary`, proposer to participants: this attempt ends without a view, and I try again.
            case noMajority
            /// Mode `primary`, of a group other than the control group: I am in this later control view.
            case authority(ViewID)
        }
        public let question: Question
        /// The view that the refused frame took me to be in.
        public let view: ViewID
        public let reason: Reason
    }
    public struct Report: Hashable, Sendable {
        public let view: ViewID
        public let suspects: [MemberID]
        public let isLeaving: Bool
        /// Mode `primary`. Of the control group: I look for another group. Of another group: I am held.
        public var asksForView = false
    }
    public struct Announce: Hashable, Sendable {
        public let view: View<MemberID>
        public let isPrimary: Bool
        /// Whom to ask, and where to find it.
        public let coordinator: NodeCard
        /// In the mode `primary`, the hash of the initial nodes; zero in the mode `all`.
        public var origin: UInt64 = 0
    }
    public struct MergeRequest: Hashable, Sendable {
        public let side: Side
        public let cards: [NodeCard]
    }
    public enum MergeAnswer: Hashable, Sendable {
        /// In a flush: ask again later.
        case busy
        /// Ask this member instead.
        case redirect(MemberID)
        /// Some of you cannot be reached from here.
        case unreachable
    }

    public var kind: FrameKind {
        switch self {
        case .propose: .propose
        case .flushed: .flushed
        case .cut: .cut
        case .cutReached: .cutReached
        case .install: .install
        case .refuse: .refuse
        case .report: .report
        case .installed: .installed
        case .announce: .announce
        case .mergeRequest: .mergeRequest
        case .mergeAnswer: .mergeAnswer
        }
    }
}

extension [Side] {
    /// What a `propose` asks.
    func question(at ballot: Ballot) -> MembershipFrame.Question? {
        first { $0.participants.contains(ballot.proposer) }.map { .init(ballot: ballot, view: $0.previous.id) }
    }
}
