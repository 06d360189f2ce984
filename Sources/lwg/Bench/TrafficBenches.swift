import LightweightGroups

extension BenchRun {
    /// Before anything is counted: windows open, caches warm.
    private static let warmUp = 0.5
    /// What `latency` sends where `--rate` does not say.
    private static let calmRate = 500.0

    /// The same with a handler on the loop and with a task that reads batches, each with processes of its own.
    func bothConsumers(
        _ measure: (Cluster) async throws -> Measured
    ) async throws -> BenchOutcome {
        var keys: [Measured.Entry] = []
        var foreign: [Double] = []
        for consumer in WorkerOrder.Consumer.allCases {
            let outcome = try await withCluster { cluster in
                try await joinAll(cluster, consumer: consumer)
                return try await measure(cluster)
            }
            guard let measured = outcome.measured else { return outcome }
            keys.append(.init(name: consumer.rawValue, value: measured))
            foreign.append(outcome.foreignCpu)
        }
        return BenchOutcome(
            measured: .keys(keys), stoppedEarly: nil, foreignCpu: foreign.reduce(0, +) / Double(foreign.count))
    }

    /// The first `senders` nodes send as fast as the windows let them.
    func throughput(_ cluster: Cluster) async throws -> Measured {
        let begin = Monotonic.nanoseconds + 100_000_000
        let from = begin + Int64(Self.warmUp * 1e9)
        let to = from + Int64(parameters.seconds * 1e9)
        let counting = WorkerOrder.Span(from: from, to: to)
        // Senders go on until the end of the count, so that all of it is under load.
        let sending = WorkerOrder.Span(from: begin, to: to)
        let (groups, size, order, senders) = (Array(used), parameters.size, parameters.order, parameters.senders)
        let pids = cluster.nodes.map(\.process.pid)
        async let used = ProcessorTime.used(by: pids, from: from, to: to)
        let answers = try await cluster.all(cluster.nodes) { node in
            .flood(
                groups: groups, size: size, order: order, sending: node.number < senders ? sending : nil,
                counting: counting)
        }
        let delivered = answers.compactMap { if case .flooded(_, let count, _) = $0 { Double(count) } else { nil } }
        guard let least = delivered.min() else { throw Failure("no node counted") }
        return await Self.measured(delivered: least, seconds: parameters.seconds, used: used)
    }

    /// The processor time of all nodes together per message says more than the rate where others use the processors.
    static func measured(delivered: Double, seconds: Double, used: Double) -> Measured {
        [
            "deliveredPerMemberPerSecond": .number(delivered / seconds),
            "processorNanosecondsPerMessage": .number(delivered > 0 ? used * 1e9 / delivered : nil),
        ]
    }

    /// The first `senders` nodes send at a pace that leaves everything idle between two messages.
    func latency(_ cluster: Cluster) async throws -> Measured {
        let isOwn = parameters.order.isOrdered
        let rate = parameters.rate > 0 ? parameters.rate : Self.calmRate
        let senders = cluster.nodes.prefix(parameters.senders)
        let (groups, size, order) = (Array(used), parameters.size, parameters.order)
        try await cluster.all(cluster.nodes) { _ in .timeDeliveries(own: isOwn) }
        try await cluster.all(senders) { _ in .trickle(groups: groups, perSecond: rate, size: size, orders: [order]) }
        try await Task.sleep(for: .seconds(Self.warmUp))
        try await cluster.all(cluster.nodes) { _ in .reset }
        try await Task.sleep(for: .seconds(parameters.seconds))
        let times = try await cluster.figures(cluster.nodes).flatMap(\.deliveries).map { Double($0) / 1e3 }
        return [
            "p50us": .number(Sample.percentile(50, of: times)), "p99us": .number(Sample.percentile(99, of: times)),
            "samples": .number(Double(times.count)),
        ]
    }
}
