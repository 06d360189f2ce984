/// Every metric of a node. `Design/Operations.md` says what to do about each.
public enum MetricTable {
    public static let metrics: [Metric] = traffic + groups + repair + trouble + node

    private static func counter(
        _ name: String, _ text: String, _ read: @escaping @Sendable (NodeStatistics) -> UInt64
    ) -> Metric { Metric(name: name, text: text, reading: .counter(read)) }

    private static func gauge(
        _ name: String, _ text: String, _ read: @escaping @Sendable (NodeStatistics) -> Double
    ) -> Metric { Metric(name: name, text: text, reading: .gauge(read)) }

    private static let traffic: [Metric] = [
        counter("lwg_messages_sent_total", "Messages that this node's applications multicast.") { $0.messagesSent },
        counter("lwg_messages_delivered_total", "Messages that this node's seats were given, own ones included.") {
            $0.messagesDelivered
        },
        counter("lwg_interference_messages_total", "Messages of groups that no seat of this node is in.") {
            $0.interference
        },
        counter("lwg_packets_sent_total", "Datagrams sent.") { $0.packetsOut },
        counter("lwg_packets_received_total", "Datagrams received.") { $0.packetsIn },
        counter("lwg_bytes_sent_total", "Bytes of datagrams sent, without IP and UDP headers.") { $0.bytesOut },
        counter("lwg_bytes_received_total", "Bytes of datagrams received, without IP and UDP headers.") { $0.bytesIn },
        counter("lwg_send_calls_total", "System calls that sent datagrams.") { $0.sendCalls },
        counter("lwg_receive_calls_total", "System calls that received datagrams.") { $0.receiveCalls },
        counter("lwg_turns_total", "Turns of the node's loop.") { $0.turns },
    ]

    private static let groups: [Metric] = [
        gauge("lwg_heavyweight_groups", "Heavyweight groups that this node is in.") { Double($0.heavyweightGroups) },
        gauge("lwg_lightweight_groups", "Light-weight groups that this node has a seat in.") {
            Double($0.lightweightGroups)
        },
        gauge("lwg_carried_groups", "Light-weight groups on this node's heavyweight groups, others' included.") {
            Double($0.carriedGroups)
        },
        gauge("lwg_seats", "Seats of this node's endpoints.") { Double($0.seats) },
        gauge("lwg_live_peers", "Nodes with a liveness connection to this one.") { Double($0.livePeers) },
        counter("lwg_hwg_views_total", "Heavyweight views installed.") { $0.hwgViews },
        counter("lwg_hwg_flushes_total", "Heavyweight views installed after a flush.") { $0.hwgFlushes },
        counter("lwg_lwg_views_total", "Light-weight views that seats were told of.") { $0.lwgViews },
        counter("lwg_lwg_flushes_total", "Flushes of light-weight groups within one heavyweight view.") {
            $0.lwgFlushes
        },
        Metric(
            name: "lwg_hwg_flush_seconds", text: "From a heavyweight group's Hold to its next view at this node.",
            reading: .timer { $0.hwgFlushTimes }),
        Metric(
            name: "lwg_join_seconds", text: "From a call of join to its return, of one group or many.",
            reading: .timer { $0.joinTimes }),
    ]

    private static let repair: [Metric] = [
        counter("lwg_negative_acknowledgements_total", "Requests for packets that were missing here.") { $0.naks },
        counter("lwg_retransmitted_packets_total", "Packets that others missed and this node sent again.") {
            $0.retransmissions
        },
        counter("lwg_acknowledgements_total", "Acknowledgements sent.") { $0.acknowledgements },
        counter("lwg_duplicate_packets_total", "Packets that were here already.") { $0.duplicates },
        counter("lwg_early_messages_total", "Messages that waited here for the view they were sent in.") {
            $0.earlyMessages
        },
    ]

    private static let trouble: [Metric] = [
        counter("lwg_suspicions_total", "Nodes taken to have failed.") { $0.suspicions },
        gauge("lwg_lacks_majority", "1 while the groups are held for want of a majority (partition: primary).") {
            $0.lacksMajority ? 1 : 0
        },
        counter("lwg_held_for_majority_total", "Primary views held for want of a majority (partition: primary).") {
            $0.heldForMajority
        },
        counter("lwg_views_given_up_total", "Primary views that went on without this node (partition: primary).") {
            $0.viewsGivenUp
        },
        counter("lwg_other_initial_nodes_total", "Announcements of nodes with another membership.initial or mode.") {
            $0.otherInitial
        },
        gauge("lwg_other_mapping_nodes", "Reachable nodes that map groups in another way than this one.") {
            Double($0.otherMapping)
        },
        counter("lwg_record_writes_total", "Writes of the record of primary views (partition: primary).") {
            $0.recordWrites
        },
        Metric(
            name: "lwg_record_write_seconds", text: "How long a write of the record of primary views kept the loop.",
            reading: .timer { $0.recordWriteTimes }),
        counter("lwg_stale_messages_total", "Messages of views that had ended; none, unless there is a bug.") {
            $0.staleMessages
        },
        Metric(
            name: "lwg_rejected_datagrams_total", text: "Datagrams that were not taken, by reason.",
            reading: .counters(label: "reason") { $0.rejected }),
        Metric(
            name: "lwg_refused_connections_total",
            text: "Liveness connections refused or closed during the hello, by reason.",
            reading: .counters(label: "reason") { $0.refusedConnections }),
        counter(
            "lwg_dropped_for_slow_consumers_total", "Data frames put back to the network because a consumer was behind."
        ) { $0.droppedForSlowConsumers },
        counter("lwg_dropped_outgoing_total", "Datagrams that the kernel had no room for, or that had no address.") {
            $0.droppedOutgoing
        },
        counter("lwg_read_pauses_total", "Times that reading stopped because a consumer was behind.") { $0.readPauses },
        gauge("lwg_slow_consumers", "Consumers that are over their bounds now.") { Double($0.slowConsumers) },
        counter("lwg_evicted_seats_total", "Seats lost because their consumers did not take their messages.") {
            $0.evictedSeats
        },
        counter("lwg_holds_expired_total", "Seats lost because their application did not answer a Hold in time.") {
            $0.holdsExpired
        },
        counter("lwg_trace_lines_total", "Trace lines written.") { $0.traceLines },
        counter("lwg_lost_trace_lines_total", "Trace lines that could not be written.") { $0.lostTraceLines },
        counter("lwg_reloads_total", "Configurations taken at run time.") { $0.reloads },
        counter("lwg_refused_reloads_total", "Configurations refused at run time; the old values stayed.") {
            $0.refusedReloads
        },
    ]

    private static let node: [Metric] = [
        gauge("lwg_ready", "1 when the node is ready as /readyz has it, 0 when it is not.") { $0.isReady ? 1 : 0 },
        gauge("lwg_receive_buffer_bytes", "What the kernel granted for received datagrams.") {
            Double($0.receiveBufferBytes)
        },
        gauge("lwg_send_buffer_bytes", "What the kernel granted for datagrams to send.") { Double($0.sendBufferBytes) },
        gauge("lwg_segmentation", "1 when the kernel cuts sends into datagrams (GSO).") { $0.segmentation ? 1 : 0 },
        gauge("lwg_coalescing", "1 when the kernel hands over many datagrams at once (GRO).") {
            $0.coalescing ? 1 : 0
        },
    ]
}
