/// One node between two looks at its metrics.
struct TopRow: Hashable, Sendable {
    /// One look: what the node said, or why it said nothing.
    struct Look: Hashable, Sendable {
        /// The monotonic clock, in nanoseconds.
        var at: Int64
        var page: MetricsPage?
        var failure: String?
    }

    let endpoint: String
    let look: Look
    let previous: Look?

    /// The seconds that rates are over; nil at the first look, and when the node has started anew since the last.
    private var seconds: Double? {
        guard let page = look.page, let before = previous?.page, let previous,
            page.identity["member"] == before.identity["member"], look.at > previous.at
        else { return nil }
        return Double(look.at - previous.at) / 1e9
    }

    private func grown(_ name: String) -> Double? {
        guard let page = look.page, let before = previous?.page else { return nil }
        return max(page[name] - before[name], 0)
    }

    private func rate(_ name: String) -> Double? {
        guard let seconds, let grown = grown(name) else { return nil }
        return grown / seconds
    }

    private func value(_ name: String) -> Double? { look.page?[name] }

    var node: String { (look.page ?? previous?.page)?.identity["node"] ?? endpoint }
    var state: String {
        guard let page = look.page else { return "down" }
        return page["lwg_ready"] == 1 ? "ready" : "not ready"
    }

    /// What is shown, in order: the key in JSON, the heading, and the value. Nil values are not known.
    enum Column: String, CaseIterable, Sendable {
        case hwgs, lwgs, peers, deliveredPerSecond, sentPerSecond, bytesInPerSecond, bytesOutPerSecond, flushes
        case flushesPerSecond, flushMs, interferencePerSecond, cpuPercent, memoryBytes

        var heading: String {
            switch self {
            case .hwgs: "HWGS"
            case .lwgs: "LWGS"
            case .peers: "PEERS"
            case .deliveredPerSecond: "DELIV/S"
            case .sentPerSecond: "SENT/S"
            case .bytesInPerSecond: "IN B/S"
            case .bytesOutPerSecond: "OUT B/S"
            case .flushes: "FLUSHES"
            case .flushesPerSecond: "FL/S"
            case .flushMs: "FL MS"
            case .interferencePerSecond: "INTERF/S"
            case .cpuPercent: "CPU %"
            case .memoryBytes: "MEM"
            }
        }

        /// Whether the sum over all nodes means something.
        var isSummed: Bool {
            switch self {
            case .hwgs, .lwgs, .peers, .flushMs: false
            case .deliveredPerSecond, .sentPerSecond, .bytesInPerSecond, .bytesOutPerSecond, .flushes,
                .flushesPerSecond, .interferencePerSecond, .cpuPercent, .memoryBytes:
                true
            }
        }
    }

    subscript(column: Column) -> Double? {
        switch column {
        case .hwgs: value("lwg_heavyweight_groups")
        case .lwgs: value("lwg_lightweight_groups")
        case .peers: value("lwg_live_peers")
        case .deliveredPerSecond: rate("lwg_messages_delivered_total")
        case .sentPerSecond: rate("lwg_messages_sent_total")
        case .bytesInPerSecond: rate("lwg_bytes_received_total")
        case .bytesOutPerSecond: rate("lwg_bytes_sent_total")
        case .flushes: value("lwg_hwg_flushes_total")
        case .flushesPerSecond: rate("lwg_hwg_flushes_total")
        case .flushMs: flushTime
        case .interferencePerSecond: rate("lwg_interference_messages_total")
        case .cpuPercent: rate("process_cpu_seconds_total").map { $0 * 100 }
        case .memoryBytes: value("process_resident_memory_bytes")
        }
    }

    /// The mean of the flushes since the last look.
    private var flushTime: Double? {
        guard seconds != nil, let count = grown("lwg_hwg_flush_seconds_count"), count > 0,
            let sum = grown("lwg_hwg_flush_seconds_sum")
        else { return nil }
        return sum / count * 1_000
    }

    static func total(_ column: Column, _ rows: [TopRow]) -> Double? {
        let known = rows.compactMap { $0[column] }
        return column.isSummed && !known.isEmpty ? known.reduce(0, +) : nil
    }
}
