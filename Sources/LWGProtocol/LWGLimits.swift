import GroupModel

/// Bounds of the light-weight layer.
public struct LWGLimits: Sendable, Hashable {
    /// One join or leave record, or one message of flushOKs: thousands of groups, well below a message's 16 MiB.
    public var recordBytes = 4 << 20
    /// One part of a side's table.
    public var tablePartBytes = 4 << 20
    /// Early data are what others send while a control message is repaired here. Beyond these bounds the seats
    /// of the LWG are lost, never a message.
    public var earlyMessages = 65_536
    public var earlyBytes = 64 << 20
    /// Freed handles that rest before the oldest is used again, so that a late request cannot hit another group.
    public var idleHandles = 1_024
    /// How long an application may take to answer a Hold before its seat is lost. It answers within milliseconds; pauses for
    /// garbage collection or a disk are below a second or two; and everybody in the group waits as long.
    public var holdDeadline: Interval = .seconds(2)
    /// LWGs in one HWG, the same at all nodes.
    public var groupsPerHWG = Limits.groupsPerHWG
    /// LWGs that may have ended, beyond those with members, before their numbers are freed: 4 MB, and a few small messages for
    /// that many ends.
    public var endedGroups = 16_384
    /// HWGs that one node is in.
    public var heavyweightGroups = Limits.heavyweightGroups

    public init() {}
}
