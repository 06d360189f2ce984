import LightweightGroups

/// One run of one benchmark, with processes of its own.
struct BenchRun {
    let parameters: BenchParameters
    let number: Int

    /// How long a membership may take before the run ends with what it reached.
    static let patience = 120.0

    /// The groups that are used are the first of the table.
    var used: Range<Int> { 0..<parameters.groups }
    var all: Range<Int> { 0..<(parameters.groups + parameters.idleGroups) }
    var everybody: NodeSet { .first(parameters.nodes) }

    func measure() async throws -> BenchOutcome {
        switch parameters.kind {
        case .join: try await join()
        case .leave: try await leave()
        case .recovery: try await recovery()
        case .flush: try await flush()
        case .status: try await status()
        case .throughput: try await bothConsumers(throughput)
        case .latency: try await bothConsumers(latency)
        case .limit: try await limit()
        }
    }

    /// Starts the nodes, does `body`, ends them, and says what others used of the processors meanwhile.
    func withCluster(
        explicitHolds: Bool = false, extra: [(String, NodeSet)] = [], members: NodeSet? = nil,
        _ body: (Cluster) async throws -> Measured
    ) async throws -> BenchOutcome {
        var table = GroupTable()
        for number in all { table.append("bench-\(number)", members ?? everybody) }
        for (name, members) in extra { table.append(name, members) }
        var options = Cluster.Options()
        options.config = parameters.config
        options.tracePrefix = parameters.trace.map { "\($0)\(number)-" }
        options.perGroupHWG = parameters.mode == .hwg
        options.explicitHolds = explicitHolds
        let names = (0..<parameters.nodes).map { "n\($0 + 1)" }
        let cluster = Cluster(table: table, names: names, initial: names.count, options: options)
        defer { cluster.kill() }
        try await cluster.start(parameters.nodes, ProgressBar(isShown: false))
        let pids = cluster.nodes.map(\.process.pid)
        let start = ProcessorTime.now(children: pids)
        do {
            let measured = try await body(cluster)
            let foreign = ProcessorTime.foreign(from: start, to: .now(children: pids))
            return BenchOutcome(measured: measured, stoppedEarly: nil, foreignCpu: foreign)
        } catch let stopped as TooSlow {
            let foreign = ProcessorTime.foreign(from: start, to: .now(children: pids))
            let reason = "\(stopped.what) was not complete after \(Self.patience) s"
            return BenchOutcome(
                measured: nil, stoppedEarly: StoppedEarly(groupsReached: stopped.groups, reason: reason),
                foreignCpu: foreign)
        }
    }

    /// The time ran out before all groups had their members.
    struct TooSlow: Error {
        let what: String
        let groups: Int
    }

    func settle(
        _ cluster: Cluster, _ nodes: some Collection<ClusterNode>, alive: NodeSet? = nil, _ what: String
    ) async throws -> Int64 {
        let settled = try await cluster.settle(nodes, alive: alive ?? everybody, seconds: Self.patience)
        guard settled.isComplete else { throw TooSlow(what: what, groups: settled.groups) }
        return settled.at
    }

    /// All nodes join all groups that they are members of.
    func joinAll(_ cluster: Cluster, consumer: WorkerOrder.Consumer = .batches) async throws {
        let table = cluster.table
        try await cluster.all(cluster.nodes) { .join(groups: table.groups(of: $0.number), consumer: consumer) }
        _ = try await settle(cluster, cluster.nodes, "joining \(table.count) groups")
    }

    /// When the work began at the node.
    static func begin(_ answer: WorkerReport.Answer) throws -> Int64 {
        guard case .done(let from, _) = answer else { throw Failure("a node gave an unexpected answer") }
        return from
    }
}
