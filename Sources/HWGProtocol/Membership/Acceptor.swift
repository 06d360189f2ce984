import GroupModel

/// What a member has promised and accepted about what follows its current view.
///
/// ▸ A ballot is answered only if it is higher than `promised`; `cut` is refused below `promised`. Without the promise two
/// proposers that each miss one answer fork the primary chain.
public struct Acceptor: Hashable, Sendable {
    public private(set) var promised: Ballot?
    public private(set) var accepted: Accepted?

    public init() {}

    public enum Verdict: Hashable, Sendable {
        /// New, or the same ballot again: answer it.
        case promise
        /// A higher ballot has my promise.
        case refuse(Ballot)
    }

    public mutating func proposeArrived(_ ballot: Ballot) -> Verdict {
        if let promised, ballot < promised { return .refuse(promised) }
        promised = ballot
        return .promise
    }

    /// Everything up to the cut is here and kept.
    public mutating func accept(_ proposal: Proposal, at ballot: Ballot) -> Verdict {
        if let promised, ballot < promised { return .refuse(promised) }
        promised = ballot
        accepted = Accepted(ballot: ballot, proposal: proposal)
        return .promise
    }
}
