/// Who answers a Hold.
public enum HoldAnswers: Hashable, Sendable {
    /// The library, when it has taken what was sent before.
    case library
    /// The application, with `Group.holdOK`, before the deadline.
    case explicit
}

/// One application seat on a node: a member of light-weight groups. A node may host many; the default one is `0`.
public struct Endpoint: Sendable {
    /// 1 to 15 bytes of `[A-Za-z0-9_.-]`.
    public let name: String
    let node: GroupNode

    /// Returns when the seat exists; the first event is the view.
    public func join(_ group: String) async throws(GroupError) -> Group { fatalError() }

    /// Many groups in one step: one heavyweight flush, if any, and one batched light-weight flush.
    public func join(_ groups: [String]) async throws(GroupError) -> [Group] { fatalError() }

    /// Many groups whose views and messages come as batches to one inbox.
    public func join(_ groups: [String], into inbox: Inbox) async throws(GroupError) -> [Group] { fatalError() }

    /// Many groups whose views and messages go to a handler on the loop.
    public func join(
        _ groups: [String], handler: @escaping BatchHandler
    ) async throws(GroupError) -> [Group] { fatalError() }
}
