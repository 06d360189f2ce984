import GroupModel

/// Who answers a Hold: the request to stop sending in a view that is about to change (Birman's flush).
public enum HoldAnswers: Hashable, Sendable {
    /// The library, when it has taken what was sent before.
    case library
    /// The application, with `Group.holdOK`, before `holdDeadline` is over; until then it may send in the old view. Who is silent
    /// loses its seat: `left(.holdExpired)`.
    case explicit
}

/// One application seat on a node: a member of light-weight groups. A node may host many; the default one is `0`.
public struct Endpoint: Sendable {
    let short: ShortName
    let runtime: NodeRuntime

    static let defaultName: ShortName = {
        guard let name = ShortName("0") else { preconditionFailure("‘0’ is an endpoint's name") }
        return name
    }()

    /// 1 to 15 bytes of `[A-Za-z0-9_.-]`.
    public var name: String { short.description }

    /// Returns when the seat exists here; its first event is the view. What this node knows speaks against a join is thrown; what
    /// others had joined before it may end the seat instead of a view: `left(.nameCollision)` or `left(.limitReached)`. A join that
    /// is cancelled keeps no seat: one that it had is left again, and the name is free when the others have agreed.
    /// - Throws: `badName`, `alreadyJoined`, `nameCollision`, `limitReached`, `stopped`, `cancelled`.
    public func join(_ group: String) async throws(GroupError) -> Group {
        guard let joined = try await runtime.join([group], at: short, nil).first else { throw .stopped }
        return joined
    }

    /// Many groups in one step: one heavyweight flush, if any, and one batched light-weight flush. All or none: where one is
    /// refused, the others are left again before this throws.
    public func join(_ groups: [String]) async throws(GroupError) -> [Group] {
        try await runtime.join(groups, at: short, nil)
    }

    /// Many groups whose views and messages come as batches to one inbox, to which more may be added later.
    /// - Throws: `consumerInUse` when the inbox is another node's; else as `join`.
    public func join(_ groups: [String], into inbox: Inbox) async throws(GroupError) -> [Group] {
        try await runtime.join(groups, at: short, .inbox(inbox))
    }

    /// Many groups whose views and messages go to a handler on the loop, which must not block: it holds up the whole node.
    public func join(
        _ groups: [String], handler: @escaping BatchHandler
    ) async throws(GroupError) -> [Group] {
        try await runtime.join(groups, at: short, .handler(handler))
    }
}
