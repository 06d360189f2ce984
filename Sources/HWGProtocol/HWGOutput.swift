import GroupModel

/// A typed remark of one heavyweight group.
public enum HWGNote: Hashable, Sendable {
    case installed(ViewID, members: Int, primary: Bool)
    case held(ViewID)
    case restarted(attempt: UInt32)
    case tookOver(from: MemberID)
    case adopted(ViewID)
    case excluded(by: ViewID)
    case refused(by: MemberID)
    case mergeFailed(with: MemberID)
    case left
}

/// What the machines of one heavyweight group emit in a turn: datagrams down, indications up.
public struct HWGOutput {
    public var transmissions: [Transmission] = []
    public var indications = HWGIndications()
    public var notes: [HWGNote] = []
    /// Cards of nodes that a merge brought.
    public var learned: [NodeCard] = []
    public init() {}
    public mutating func removeAll() {
        transmissions.removeAll(keepingCapacity: true)
        indications.removeAll()
        notes.removeAll(keepingCapacity: true)
        learned.removeAll(keepingCapacity: true)
    }
}
