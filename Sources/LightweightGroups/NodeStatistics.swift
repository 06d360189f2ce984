/// Counters since the node's start, and a few present values. A snapshot.
public struct NodeStatistics: Sendable, Hashable {
    /// Datagrams, and their bytes, received from and sent to the network.
    public var packetsIn: UInt64 = 0
    public var bytesIn: UInt64 = 0
    public var packetsOut: UInt64 = 0
    public var bytesOut: UInt64 = 0
    /// System calls that sent and received datagrams.
    public var sendCalls: UInt64 = 0
    public var receiveCalls: UInt64 = 0
    /// Multicasts that the node has taken and packed.
    public var messagesSent: UInt64 = 0
    /// Multicasts handed to seats of this node, own ones counted.
    public var messagesDelivered: UInt64 = 0
    /// Messages of light-weight groups that no seat of this node is in.
    public var interference: UInt64 = 0
    /// Heavyweight views installed after a flush.
    public var hwgFlushes: UInt64 = 0
    /// Views of heavyweight groups installed here.
    public var hwgViews: UInt64 = 0
    /// Views of light-weight groups that seats of this node were told of.
    public var lwgViews: UInt64 = 0
    /// Flushes of light-weight groups within one heavyweight view.
    public var lwgFlushes: UInt64 = 0
    /// Messages that waited for their view here.
    public var earlyMessages: UInt64 = 0
    /// Messages of light-weight views that had ended: none, unless there is a bug.
    public var staleMessages: UInt64 = 0
    /// Seats lost because their application did not answer a Hold before the deadline.
    public var holdsExpired: UInt64 = 0
    /// Requests for packets that were missing here.
    public var naks: UInt64 = 0
    /// Acknowledgement frames sent.
    public var acknowledgements: UInt64 = 0
    /// Packets that were here already.
    public var duplicates: UInt64 = 0
    /// Packets sent again because somebody asked for them.
    public var retransmissions: UInt64 = 0
    /// Times that a node was suspected to have failed.
    public var suspicions: UInt64 = 0
    /// With `partition: primary`: a majority is missing now, so that the groups are held.
    public var lacksMajority = false
    /// With `partition: primary`: times that a primary view was held for want of a majority, and primary views that this node
    /// left because the chain went on without them.
    public var heldForMajority: UInt64 = 0
    public var viewsGivenUp: UInt64 = 0
    /// Writes of the record of primary views, and how long each kept the loop.
    public var recordWrites: UInt64 = 0
    public var recordWriteTimes = DurationHistogram()
    /// Announcements of nodes with other `membership.initial` or `membership.partition`.
    public var otherInitial: UInt64 = 0
    /// Nodes that can be reached now and map groups in another way than this one.
    public var otherMapping = 0
    /// `CLOCK_MONOTONIC` at the last suspicion; 0 for none.
    public var lastSuspicionNanoseconds: UInt64 = 0
    /// Heavyweight groups that this node is in now, the control group counted.
    public var heavyweightGroups: UInt64 = 0
    /// Light-weight groups that this node has a seat in now.
    public var lightweightGroups: UInt64 = 0
    /// Light-weight groups that ride on this node's heavyweight groups now, those of others included.
    public var carriedGroups: UInt64 = 0
    /// Seats of this node's endpoints now.
    public var seats: UInt64 = 0
    /// What `/readyz` says: the node is in a view of a heavyweight group, is not stopping, and lacks no majority.
    public var isReady = false
    /// From Hold to the next view, of heavyweight groups.
    public var hwgFlushTimes = DurationHistogram()
    /// From a call of `join` to its return.
    public var joinTimes = DurationHistogram()
    /// Configurations taken and refused at run time.
    public var reloads: UInt64 = 0
    public var refusedReloads: UInt64 = 0
    /// Datagrams that were not taken, by reason.
    public var rejected: [String: UInt64] = [:]
    /// Liveness connections refused or closed during the hello, by reason.
    public var refusedConnections: [String: UInt64] = [:]
    /// Data frames put back to the network because a consumer was behind; the senders repeat them.
    public var droppedForSlowConsumers: UInt64 = 0
    /// Seats lost because their consumer did not take its messages.
    public var evictedSeats: UInt64 = 0
    /// Consumers over their bounds now.
    public var slowConsumers = 0
    /// Datagrams lost on the way out because the kernel's buffer and ours were full; acknowledgements repair them.
    public var droppedOutgoing: UInt64 = 0
    /// Times that reading stopped because a consumer was behind.
    public var readPauses: UInt64 = 0
    /// Lines written to the trace.
    public var traceLines: UInt64 = 0
    /// Lines that could not be written.
    public var lostTraceLines: UInt64 = 0
    /// Turns of the loop.
    public var turns: UInt64 = 0
    /// Liveness connections that stand now.
    public var livePeers = 0
    /// Bytes that the kernel granted for datagrams received and sent.
    public var receiveBufferBytes = 0
    public var sendBufferBytes = 0
    /// Whether the kernel segments and coalesces datagrams for this node.
    public var segmentation = false
    public var coalescing = false

    /// All zero.
    public init() {}

    /// Every counter by its name in dotted camel case, sorted: what `stats` and metrics print.
    public var counters: [(name: String, value: UInt64)] {
        var list: [(name: String, value: UInt64)] = [
            ("packetsIn", packetsIn), ("bytesIn", bytesIn), ("packetsOut", packetsOut), ("bytesOut", bytesOut),
            ("sendCalls", sendCalls), ("receiveCalls", receiveCalls), ("messagesSent", messagesSent),
            ("messagesDelivered", messagesDelivered), ("interference", interference), ("hwgFlushes", hwgFlushes),
            ("hwgViews", hwgViews),
            ("lwgViews", lwgViews), ("naks", naks), ("retransmissions", retransmissions),
            ("acknowledgements", acknowledgements), ("duplicates", duplicates), ("lwgFlushes", lwgFlushes),
            ("earlyMessages", earlyMessages), ("staleMessages", staleMessages), ("suspicions", suspicions),
            ("holdsExpired", holdsExpired), ("lacksMajority", lacksMajority ? 1 : 0),
            ("heldForMajority", heldForMajority), ("viewsGivenUp", viewsGivenUp), ("recordWrites", recordWrites),
            ("otherInitial", otherInitial), ("otherMapping", UInt64(otherMapping)),
            ("heavyweightGroups", heavyweightGroups), ("lightweightGroups", lightweightGroups),
            ("carriedGroups", carriedGroups), ("seats", seats),
            ("reloads", reloads), ("refusedReloads", refusedReloads),
            ("droppedForSlowConsumers", droppedForSlowConsumers), ("droppedOutgoing", droppedOutgoing),
            ("readPauses", readPauses), ("evictedSeats", evictedSeats), ("slowConsumers", UInt64(slowConsumers)),
            ("traceLines", traceLines), ("lostTraceLines", lostTraceLines),
            ("turns", turns), ("livePeers", UInt64(livePeers)),
        ]
        list += rejected.map { ("rejected.\($0.key)", $0.value) }
        list += refusedConnections.map { ("refusedConnections.\($0.key)", $0.value) }
        return list.sorted { $0.name < $1.name }
    }
}

/// Where one group of this node is mapped.
public struct GroupMapping: Sendable, Hashable {
    /// The light-weight group's name.
    public var group: String
    /// The heavyweight group that carries it.
    public var hwg: HWGID
    /// Grows with each change of the mapping.
    public var version: UInt64
}

/// One seat's present view.
public struct SeatedView: Sendable, Hashable {
    /// The group's name.
    public var group: String
    /// The endpoint's name.
    public var endpoint: String
    /// What it was told last.
    public var view: GroupView
}
