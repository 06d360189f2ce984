import GroupModel

/// A typed remark of one heavyweight group.
public enum HWGNote: Hashable, Sendable {
    case installed(ViewID, members: Int, primary: Bool)
    case held(ViewID)
    case restarted(attempt: UInt32)
    case tookOver(from: MemberID)
    /// Somebody had accepted this view before: it is proposed again. `acceptedBy` of the members answered so.
    case adopted(ViewID, acceptedBy: Int, of: Int)
    /// A member that was to supply what a cut names has failed.
    case donorFailed(MemberID)
    case excluded(by: ViewID)
    case refused(by: MemberID)
    case mergeFailed(with: MemberID)
    case left
    /// Mode `primary`: this view is held, because its members that are here are no majority.
    case noMajority(ViewID)
    /// Mode `primary`: this member leaves the view, because the chain goes on without it or what it has.
    case gaveUp(ViewID)
    /// A node that is configured with other initial nodes, or with the other mode; it is not merged with.
    case otherInitial(MemberID)
    /// Mode `primary`: this decided view names the node, whose record is new. It takes part in nothing.
    case lostRecord(ViewID)
}

/// What the machines of one heavyweight group emit in a turn: datagrams down, indications up.
public struct HWGOutput: Sendable {
    public var transmissions: [Transmission] = []
    public var indications = HWGIndications()
    public var notes: [HWGNote] = []
    /// Cards of nodes that a merge brought.
    public var learned: [NodeCard] = []
    /// Members that the view just installed leaves out although they did not ask, and that this node saw fail: for every shared group.
    public var excluded: [HWG.Exclusion] = []
    /// Mode `primary`, of a group other than the control group: who does not take part; the control group decides.
    public var suspected: [MemberID] = []
    /// Mode `primary`: to be brought to stable storage.
    public var write: RecordWrite?
    public init() {}
    public var isEmpty: Bool {
        transmissions.isEmpty && indications.isEmpty && notes.isEmpty && learned.isEmpty && excluded.isEmpty
            && write == nil && suspected.isEmpty
    }
    /// Nothing but messages, of which more may follow before they are read.
    public var isPlain: Bool {
        guard notes.isEmpty, learned.isEmpty, excluded.isEmpty, write == nil, suspected.isEmpty,
            indications.events.count <= 1
        else { return false }
        if case .messages = indications.events.first { return true }
        return indications.events.isEmpty
    }
    /// Emptying what is empty costs more than asking.
    public mutating func removeAll() {
        if !transmissions.isEmpty { transmissions.removeAll(keepingCapacity: true) }
        indications.removeAll()
        if !notes.isEmpty { notes.removeAll(keepingCapacity: true) }
        if !learned.isEmpty { learned.removeAll(keepingCapacity: true) }
        if !excluded.isEmpty { excluded.removeAll(keepingCapacity: true) }
        if !suspected.isEmpty { suspected.removeAll(keepingCapacity: true) }
        write = nil
    }
}
