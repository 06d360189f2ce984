import GroupModel

/// What the layer emits in a turn: requests down to HWGs, indications up to the seats of its node.
public struct LWGOutput: Sendable {
    /// In order for each HWG.
    public var requests: [HWGRequest] = []
    public var up = LWGIndications()
    public var relabels: [Relabel] = []
    public var notes: [LWGNote] = []
    public init() {}
    public mutating func removeAll() {
        notes.removeAll(keepingCapacity: true)
        requests.removeAll(keepingCapacity: true)
        relabels.removeAll(keepingCapacity: true)
        up.removeAll()
    }
}

/// A typed remark of the layer.
public enum LWGNote: Hashable, Sendable {
    /// A view change came while tables were exchanged on this HWG, and they are exchanged again.
    case tablesAgain(HWGID)
}

/// Messages that were accepted from `seat` without a number, and are void because their HWG view ended: from now on they
/// may be sent, with this label; nil when the seat is gone and they are to be forgotten.
public struct Relabel: Hashable, Sendable {
    public let hwg: HWGID
    /// The HWG view that the label is for; another may have been installed since.
    public let view: ViewID?
    public let seat: SeatHandle
    public let label: UInt32?
}

extension LWGLayer {
    /// What happened, for metrics and tests.
    public struct Counters: Hashable, Sendable {
        /// Messages of LWGs that no seat here is in.
        public var interference: UInt64 = 0
        /// Data of an LWG view that has ended: a bug, ours or a peer's.
        public var stale: UInt64 = 0
        /// Data that waited for their LWG view.
        public var early: UInt64 = 0
        /// Early data that an HWG view made void.
        public var earlyVoid: UInt64 = 0
        /// LWG views installed at seats of this node.
        public var views: UInt64 = 0
        /// LWG flushes completed within an HWG view.
        public var flushes: UInt64 = 0
        /// Control messages for another HWG view, or out of date in this one.
        public var void: UInt64 = 0
        /// Nonsense from peers, ignored.
        public var malformed: UInt64 = 0
        /// Point-to-point messages whose view had ended.
        public var lateDirects: UInt64 = 0
        /// Seats lost because early data were over their bound.
        public var overflows: UInt64 = 0
        /// Seats lost because their application did not answer a Hold in time.
        public var holdsExpired: UInt64 = 0
        /// Numbers of ended LWGs that became free within an HWG view.
        public var numbersFreed: UInt64 = 0
        /// Join, leave and flushOK records, parts of tables and sweeps that this node has sent.
        public var controlSent: UInt64 = 0
        public init() {}
    }
}
