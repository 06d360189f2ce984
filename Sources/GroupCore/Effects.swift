import GroupModel
import HWGProtocol

/// What a turn of the core asks of its shell, in order within each list. The shell empties it after each turn:
/// trace lines first, then packets, then indications.
public struct Effects: Sendable {
    public var transmissions: [Transmission] = []
    /// What the seats of this node are told.
    public var lwg = LWGIndications()
    public var trace: [TraceRecord] = []
    public var notes: [Note] = []
    /// Nodes heard of through others: the shell opens a liveness connection to each that it does not know.
    public var learned: [NodeCard] = []
    /// Mode `primary`: to be brought to stable storage; answered by `recordPersisted`. A later one replaces an earlier one.
    public var write: RecordWrite?
    /// All groups are left, after `stop`: the shell may end.
    public var stopped = false

    public init() {}

    /// Most datagrams ask for nothing.
    @inline(__always)
    public var isEmpty: Bool {
        transmissions.isEmpty && lwg.isEmpty && trace.isEmpty && notes.isEmpty && learned.isEmpty && write == nil
            && !stopped
    }

    /// Emptying what is empty costs more than asking.
    public mutating func removeAll() {
        if !transmissions.isEmpty { transmissions.removeAll(keepingCapacity: true) }
        lwg.removeAll()
        if !trace.isEmpty { trace.removeAll(keepingCapacity: true) }
        if !notes.isEmpty { notes.removeAll(keepingCapacity: true) }
        if !learned.isEmpty { learned.removeAll(keepingCapacity: true) }
        write = nil
        stopped = false
    }
}
