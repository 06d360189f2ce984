import GroupModel

/// What a member has promised and accepted about what follows its current view.
///
/// ▸ A ballot is answered only if it is higher than `promised`; `cut` is refused below `promised`. Without the promise two
/// proposers that each miss one answer fork the primary chain.
///
/// ▸ What I accepted is replaced only under a ballot whose `propose` I answered: then its proposer knew of it. A proposal
/// that is re-issued reaches members that were not asked; one of them could otherwise forget a decided view.
public struct Acceptor: Hashable, Sendable {
    public private(set) var promised: Ballot?
    public private(set) var accepted: Accepted?
    private var answered: Ballot?

    public init() {}

    init(promised: Ballot?, accepted: Accepted?) {
        self.promised = promised
        self.accepted = accepted
    }

    public enum Verdict: Hashable, Sendable {
        /// New, or the same ballot again: answer it.
        case promise
        /// A higher ballot has my promise, or my acceptance is not known to this one's proposer.
        case refuse(Ballot)
    }

    public mutating func proposeArrived(_ ballot: Ballot) -> Verdict {
        if let promised, ballot < promised, !Mutant.noPromise.isOn { return .refuse(promised) }
        promised = ballot
        answered = ballot
        return .promise
    }

    /// Whether `cut` of this ballot may be worked on.
    public mutating func cutArrived(_ proposal: Proposal, at ballot: Ballot) -> Verdict {
        if let promised, ballot < promised, !Mutant.noPromise.isOn { return .refuse(promised) }
        if let accepted, accepted.proposal != proposal, answered != ballot {
            return .refuse(max(accepted.ballot, ballot))
        }
        promised = ballot
        return .promise
    }

    /// Everything up to the cut is here and kept.
    public mutating func accept(_ proposal: Proposal, at ballot: Ballot) -> Verdict {
        let verdict = cutArrived(proposal, at: ballot)
        if verdict == .promise { accepted = Accepted(ballot: ballot, proposal: proposal) }
        return verdict
    }
}
