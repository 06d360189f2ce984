import LightweightGroups

extension BenchRun {
    /// The last node joins all groups at once; the others are in them. Unless `--cold`, it is in a heavyweight group
    /// with them before.
    func join() async throws -> BenchOutcome {
        let last = parameters.nodes - 1
        let others = everybody.removing(last)
        let warm = [("warm", parameters.cold ? others : everybody)]
        return try await withCluster(extra: warm, members: others) { cluster in
            try await joinAll(cluster)
            let joined = Array(used)
            let members = everybody
            try await cluster.all(cluster.nodes) { _ in .setMembers(groups: joined, members) }
            let call = try await cluster.nodes[last].ask(.join(groups: joined, consumer: .batches))
            let end = try await settle(cluster, cluster.nodes, "the join")
            return ["ms": .number(Monotonic.milliseconds(from: try Self.begin(call), to: end))]
        }
    }

    /// The last node leaves one of the groups.
    func leave() async throws -> BenchOutcome {
        try await withCluster { cluster in
            try await joinAll(cluster)
            let last = parameters.nodes - 1
            let rest = everybody.removing(last)
            let others = cluster.nodes.dropLast()
            try await cluster.all(others) { _ in .setMembers(groups: [0], rest) }
            let call = try await cluster.nodes[last].ask(.leave(groups: [0]))
            let end = try await settle(cluster, others, "the leave")
            return ["ms": .number(Monotonic.milliseconds(from: try Self.begin(call), to: end))]
        }
    }

    /// The last node is killed.
    func recovery() async throws -> BenchOutcome {
        try await withCluster { cluster in
            try await joinAll(cluster)
            let last = parameters.nodes - 1
            let survivors = cluster.nodes.dropLast()
            let before = try await cluster.figures(survivors)
            let killing = Monotonic.nanoseconds
            cluster.nodes[last].process.kill()
            let end = try await settle(cluster, survivors, alive: everybody.removing(last), "recovery")
            let after = try await cluster.figures(survivors)
            let total = Monotonic.milliseconds(from: killing, to: end)
            let detected = after.map(\.suspectedAt).filter { $0 >= killing }.min()
                .map { Monotonic.milliseconds(from: killing, to: $0) }
            let flushes = DemoRun.flushes(from: before, to: after, known: Set(before.flatMap(\.hwgViews)))
            return [
                "ms": .number(total), "detectMs": .number(detected),
                "afterDetectionMs": .number(detected.map { total - $0 }), "hwgFlushes": .number(Double(flushes)),
            ]
        }
    }

    /// The last node leaves one group and joins it again for the time given; the others measure each Hold until its
    /// view. With `--rate` all of them send in that group meanwhile.
    func flush() async throws -> BenchOutcome {
        try await withCluster(explicitHolds: true) { cluster in
            try await joinAll(cluster)
            let last = parameters.nodes - 1
            let others = cluster.nodes.dropLast()
            try await cluster.all(cluster.nodes) { _ in .reset }
            if parameters.rate > 0 {
                let (rate, size, order) = (parameters.rate, parameters.size, parameters.order)
                try await cluster.all(others) { _ in
                    .trickle(groups: [0], perSecond: rate, size: size, orders: [order])
                }
            }
            let end = Monotonic.nanoseconds + Int64(parameters.seconds * 1e9)
            while Monotonic.nanoseconds < end {
                for members in [everybody.removing(last), everybody] {
                    try await cluster.all(cluster.nodes) { _ in .setMembers(groups: [0], members) }
                    let isLeave = !members.contains(last)
                    try await cluster.nodes[last].ask(
                        isLeave ? .leave(groups: [0]) : .join(groups: [0], consumer: .batches))
                    _ = try await settle(cluster, others, "a flush")
                }
            }
            let holds = try await cluster.figures(others).flatMap(\.holds).map(Double.init)
            return [
                "ms": .number(Sample.median(holds).map { $0 / 1e6 }),
                "p50us": .number(Sample.percentile(50, of: holds).map { $0 / 1e3 }),
                "p99us": .number(Sample.percentile(99, of: holds).map { $0 / 1e3 }),
                "flushes": .number(Double(holds.count / max(others.count, 1))),
            ]
        }
    }
}
