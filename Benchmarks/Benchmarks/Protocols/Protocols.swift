import Benchmark
import GroupModel
import GroupSimulator

// What the protocol cores cost, without the operating system. `lwg bench` measures whole processes on real sockets.

private func names(_ count: Int) -> [String] { (0..<count).map { "g\($0)" } }

private func cluster(nodes: Int, groups: Int) -> Cluster {
    var cluster = Cluster(nodes: nodes)
    for node in 0..<nodes { cluster.join(names(groups), at: node, members: node + 1) }
    return cluster
}

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], warmupIterations: 2, maxDuration: .seconds(5),
        maxIterations: 100)

    for groups in [1, 2_000, 10_000] {
        Benchmark("crash of one of four, \(groups) groups") { benchmark in
            for _ in benchmark.scaledIterations {
                var cluster = cluster(nodes: 4, groups: groups)
                benchmark.startMeasurement()
                cluster.crash(3)
                benchmark.stopMeasurement()
                blackHole(cluster.views)
            }
        }
        Benchmark("join of the fourth, \(groups) groups") { benchmark in
            for _ in benchmark.scaledIterations {
                var cluster = cluster(nodes: 4, groups: 0)
                for node in 0..<3 { cluster.join(names(groups), at: node, members: node + 1) }
                benchmark.startMeasurement()
                cluster.join(names(groups), at: 3, members: 4)
                benchmark.stopMeasurement()
                blackHole(cluster.views)
            }
        }
    }

    // Per message: what the sender, its order and three receivers cost together.
    for (title, senders, order, size, groups) in [
        ("64 B, FIFO, one sender", 1, Order.fifo, 64, 1),
        ("64 B, FIFO, one sender over 10,000 groups", 1, .fifo, 64, 10_000),
        ("1 KiB, FIFO, one sender", 1, .fifo, 1_024, 1),
        ("8 KiB, FIFO, one sender", 1, .fifo, 8_192, 1),
        ("64 B, total order, four senders", 4, .total, 64, 1),
        ("1 KiB, total order, four senders", 4, .total, 1_024, 1),
    ] {
        Benchmark("1,000 messages, \(title)", configuration: .init(maxIterations: 500)) { benchmark, cluster in
            for _ in benchmark.scaledIterations {
                cluster.multicast(
                    1_000 / senders, from: 0..<senders, order: order, bytes: Array(repeating: 7, count: size))
            }
            blackHole(cluster.delivered)
        } setup: {
            Shared(cluster(nodes: 4, groups: groups))
        }
    }

    // A world in which everything fails, and the checkers at its end.
    Benchmark("a seeded world, 5 nodes, 50 groups, 2 s") { benchmark in
        for seed in benchmark.scaledIterations {
            let options = SimulationOptions(nodes: 5, groups: 50, seconds: 2)
            blackHole(Simulation.run(seed: UInt64(seed), options: options))
        }
    }
}

/// The same cluster for all iterations.
private final class Shared: @unchecked Sendable {
    private var cluster: Cluster
    init(_ cluster: Cluster) { self.cluster = cluster }
    var delivered: Int { cluster.delivered }
    func multicast(_ count: Int, from senders: Range<Int>, order: Order, bytes: [UInt8]) {
        cluster.multicast(count, from: senders, order: order, bytes: bytes)
    }
}
