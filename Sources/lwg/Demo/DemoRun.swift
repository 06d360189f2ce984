import LightweightGroups

/// One demo, step by step, as its parent drives it.
struct DemoRun {
    let cluster: Cluster
    let progress: ProgressBar

    /// How long any one step may take before the demo says that it failed.
    private static let patience = 30.0
    private static let messagesPerGroup = 2
    private static let messageBytes = 64
    /// Messages per second and node while nodes come and go.
    private static let trickle = 500.0
    private static let steps = 8

    private func step(_ number: Int, _ text: String) { progress.show(number, of: Self.steps, text) }

    func run() async throws -> DemoResult {
        let begin = Monotonic.nanoseconds
        let late = cluster.names.count - 1
        let originals = NodeSet.first(late)
        var result = DemoResult()
        result.groups = cluster.table.count
        result.nodes = cluster.names.count

        try await cluster.start(late, progress)
        step(1, "joining \(cluster.table.count) groups")
        try await join(cluster.nodes)
        _ = try await cluster.settle(cluster.nodes, alive: originals, seconds: Self.patience).required("joining")

        step(2, "sending in all groups")
        try await traffic(cluster.nodes, alive: originals)

        step(3, "one more node joins")
        try await cluster.start(1, progress)
        try await startTrickle(cluster.nodes.prefix(late))
        let everybody = originals.inserting(late)
        let joining = Monotonic.nanoseconds
        try await join(cluster.nodes.suffix(1))
        let joined = try await cluster.settle(cluster.nodes, alive: everybody, seconds: Self.patience)
            .required("the late node's join")
        result.joinMilliseconds = Monotonic.milliseconds(from: joining, to: joined.at)

        step(4, "killing one node")
        let victim = cluster.nodes[1]
        let survivors = cluster.nodes.filter { $0.number != victim.number }
        let before = try await cluster.figures(cluster.nodes)
        result.views = before[victim.number].lwgViews
        result.recovery.hwgsOfDead = Int(before[victim.number].counters["heavyweightGroups"] ?? 0)
        result.hwgs = Set(before.flatMap(\.hwgs)).count
        let known = Set(before.flatMap(\.hwgViews))
        let alive = everybody.removing(victim.number)
        let killing = Monotonic.nanoseconds
        victim.process.kill()
        let recovered = try await cluster.settle(survivors, alive: alive, seconds: Self.patience).required("recovery")
        result.recovery.milliseconds = Monotonic.milliseconds(from: killing, to: recovered.at)
        let after = try await cluster.figures(survivors)
        let suspicions = after.map(\.suspectedAt).filter { $0 >= killing }
        result.recovery.detectMilliseconds = suspicions.min().map { Monotonic.milliseconds(from: killing, to: $0) }
        result.recovery.hwgFlushes = Self.flushes(
            from: survivors.map { before[$0.number] }, to: after, known: known)
        result.recovery.lwgViews =
            after.map(\.lwgViews).reduce(0, +)
            - before.indices.filter { $0 != victim.number }.map { before[$0].lwgViews }.reduce(0, +)

        step(5, "sending among the survivors")
        try await cluster.all(survivors) { _ in .trickle(groups: [], perSecond: 0, size: 0, orders: []) }
        try await traffic(survivors, alive: alive)

        // A member that leaves gives the others' last views an end, up to which they can be compared.
        step(6, "one node leaves")
        let busiest = survivors.max {
            cluster.table.groups(of: $0.number).count < cluster.table.groups(of: $1.number).count
        }
        guard let leaver = busiest else { throw Failure("nobody survived") }
        let stayers = survivors.filter { $0.number != leaver.number }
        let leaving = cluster.table.groups(of: leaver.number)
        try await leaver.ask(.leave(groups: leaving))
        _ = try await cluster.settle(stayers, alive: alive.removing(leaver.number), seconds: Self.patience)
            .required("leaving")

        step(7, "comparing what was delivered")
        let last = try await cluster.figures(survivors)
        result.views += last.map(\.lwgViews).reduce(0, +)
        result.delivered = last.map(\.delivered).reduce(before[victim.number].delivered, +)
        result.interference = last.map { $0.counters["interference"] ?? 0 }.reduce(0, +)
        result.flushMilliseconds = Sample.median(last.flatMap(\.holds).map { Double($0) / 1e6 })
        result.agreement = try await agreement(of: survivors)
        cluster.stop()
        result.seconds = Double(Monotonic.nanoseconds - begin) / 1e9
        return result
    }

    /// Heavyweight flushes between two reports of the same nodes: those whose views carried a light-weight view at any
    /// of them, or, where a heavyweight group carries none, what one node counted.
    static func flushes(
        from before: [WorkerReport.Figures], to after: [WorkerReport.Figures], known: Set<String>
    ) -> Int {
        let carrying = Set(after.flatMap(\.hwgViews)).subtracting(known).count
        let counted = zip(before, after).map { before, after in
            Int(clamping: (after.counters["hwgFlushes"] ?? 0) &- (before.counters["hwgFlushes"] ?? 0))
        }
        return max(carrying, counted.max() ?? 0)
    }

    private func join(_ nodes: some Collection<ClusterNode>) async throws {
        let table = cluster.table
        try await cluster.all(nodes) { .join(groups: table.groups(of: $0.number), consumer: .batches) }
    }

    /// Every node sends in each of its groups, fifo and total in turn; returns when all is delivered.
    private func traffic(_ nodes: [ClusterNode], alive: NodeSet) async throws {
        let table = cluster.table
        let start = try await cluster.figures(nodes).map(\.delivered)
        try await cluster.all(nodes) {
            .send(
                groups: table.groups(of: $0.number), count: Self.messagesPerGroup, size: Self.messageBytes,
                orders: [.fifo, .total])
        }
        var expected: [Int: Int] = [:]
        for (index, node) in nodes.enumerated() {
            let own = table.groups(of: node.number).map { table.members[$0].intersection(alive).count }.reduce(0, +)
            expected[node.number] = start[index] + own * Self.messagesPerGroup
        }
        let counts = expected
        try await cluster.all(nodes) { .expectDelivered(count: counts[$0.number] ?? 0, seconds: Self.patience) }
        let end = try await cluster.figures(nodes)
        for (node, figures) in zip(nodes, end) where figures.delivered < counts[node.number] ?? 0 {
            throw Failure(
                "node \(node.name) delivered \(figures.delivered) of \(counts[node.number] ?? 0) messages in "
                    + "\(Self.patience) s")
        }
    }

    private func startTrickle(_ nodes: some Collection<ClusterNode>) async throws {
        let table = cluster.table
        try await cluster.all(nodes) {
            .trickle(
                groups: table.groups(of: $0.number), perSecond: Self.trickle, size: Self.messageBytes,
                orders: [.fifo, .total])
        }
    }

    private func agreement(of nodes: [ClusterNode]) async throws -> SurvivorAgreement {
        var records: [Int: [DigestRecord]] = [:]
        for (node, answer) in zip(nodes, try await cluster.all(nodes) { _ in .digests }) {
            if case .digests(let list) = answer { records[node.number] = list }
        }
        return SurvivorAgreement(records)
    }
}
