import LightweightGroups

/// Three nodes count together; one more joins while they do, and has the same number in the end.
@main
enum Counter {
    static func main() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            var replicas: [Replica] = []
            for name in ["a", "b", "c"] {
                let replica = try await Replica(name: name, peers: replicas.map(\.node.listenAddress))
                replicas.append(replica)
                tasks.addTask { try await replica.run() }
            }
            for replica in replicas { await replica.met(3) }
            for replica in replicas {
                tasks.addTask { for _ in 0..<1_000 { try await replica.add(1) } }
            }
            let late = try await Replica(name: "late", peers: replicas.map(\.node.listenAddress))
            replicas.append(late)
            tasks.addTask { try await late.run() }
            await late.met(4)
            for _ in 0..<1_000 { try await late.add(1) }
            for replica in replicas { await replica.reached(4_000) }
            for replica in replicas { print(replica.node.member, "counts", await replica.value) }
            for replica in replicas { await replica.node.stop() }
            try await tasks.waitForAll()
        }
    }
}
