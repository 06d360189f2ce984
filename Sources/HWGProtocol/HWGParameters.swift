import GroupModel

/// Times and bounds of one heavyweight group. The defaults suit a local network.
public struct HWGParameters: Sendable {
    /// How long a coordinator collects joins, leaves and suspicions that it treats as one change.
    public var gather: Interval = .milliseconds(2)
    /// How long a coordinator that was asked to lead a merge waits for more sides.
    public var mergeGather: Interval = .milliseconds(20)
    /// How often an unanswered frame is sent again.
    public var resendInterval: Interval = .milliseconds(30)
    /// How long a flush may lack a member's answer before the member is taken to have failed: it is heard, so its
    /// application or its link in one direction hangs. Twice the longest `holdDeadline` of those asked, if that is longer.
    public var flushTimeout: Interval = .seconds(10)
    /// How long a fresh member looks for others before it shows the view in which it is alone.
    public var joinGather: Interval = .zero
    public var rule = PrimaryRule(initialNodes: [], initialCount: 1)
    public var multicast = MulticastParameters()

    public init() {}

    /// How long a participant waits for a sign of its proposer before somebody takes over: proposers repeat themselves
    /// every fourth `resendInterval`.
    var patience: Interval { resendInterval * 10 }
    /// How long a merge is asked for before the next announcement has to start it again.
    var askPatience: Interval { resendInterval * 30 }
}
