import LightweightGroups

extension BenchRun {
    /// The paper's: one status message per group and member in this many seconds.
    private static let period = 2.0

    /// What the groups cost when nothing is sent, and when each member sends its status in each group.
    func status() async throws -> BenchOutcome {
        try await withCluster { cluster in
            let bare = try await cluster.figures(cluster.nodes)
            try await joinAll(cluster)
            try await cluster.all(cluster.nodes) { _ in .reset }
            // What the joins left behind (views to read, packets to acknowledge) is not the groups' standing cost.
            try await Task.sleep(for: .seconds(1))
            let idle = try await load(cluster)
            let (groups, size) = (Array(used), parameters.size)
            try await cluster.all(cluster.nodes) { _ in
                .status(groups: groups, everySeconds: Self.period, size: size)
            }
            try await Task.sleep(for: .seconds(Self.period))
            let busy = try await load(cluster)
            let last = try await cluster.figures(cluster.nodes)
            let grown = zip(bare, last).map { Double($1.residentBytes - $0.residentBytes) / Double(all.count) }
            return [
                "packetsPerNodePerSecond": .number(busy.packets), "cpuPercentPerNode": .number(busy.processor),
                "bytesPerGroup": .number(grown.reduce(0, +) / Double(grown.count)),
                "deliveredPerNodePerSecond": .number(busy.delivered),
                "idle": [
                    "packetsPerNodePerSecond": .number(idle.packets), "cpuPercentPerNode": .number(idle.processor),
                ],
            ]
        }
    }

    private struct Load {
        /// Sent, per node and second.
        var packets: Double
        /// Of one processor, per node, in percent.
        var processor: Double
        var delivered: Double
    }

    /// The mean over the nodes for `--seconds`.
    private func load(_ cluster: Cluster) async throws -> Load {
        let begin = Monotonic.nanoseconds
        let before = try await cluster.figures(cluster.nodes)
        try await Task.sleep(for: .seconds(parameters.seconds))
        let after = try await cluster.figures(cluster.nodes)
        let share = Double(cluster.nodes.count) * Double(Monotonic.nanoseconds - begin) / 1e9
        func grown(_ read: (WorkerReport.Figures) -> Double) -> Double {
            zip(before, after).reduce(0) { $0 + read($1.1) - read($1.0) } / share
        }
        return Load(
            packets: grown { Double($0.counters["packetsOut"] ?? 0) },
            processor: grown(\.processorSeconds) * 100,
            delivered: grown { Double($0.counters["messagesDelivered"] ?? 0) })
    }
}
