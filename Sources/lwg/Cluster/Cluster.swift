import Foundation
import LightweightGroups

/// The groups of a run: their names, and which nodes are their members.
struct GroupTable: Hashable, Sendable {
    var names: [String] = []
    var members: [NodeSet] = []

    var count: Int { names.count }

    mutating func append(_ name: String, _ set: NodeSet) {
        names.append(name)
        members.append(set)
    }

    /// The numbers of the groups that a node is in.
    func groups(of node: Int) -> [Int] { members.indices.filter { members[$0].contains(node) } }
}

/// The node processes of one run, on 127.0.0.1.
final class Cluster {
    struct Options: Sendable {
        var config: String?
        var tracePrefix: String?
        var perGroupHWG = false
        var explicitHolds = false
        var digests = false
        /// Further `--set` assignments.
        var settings: [String] = []
    }

    let options: Options
    let table: GroupTable
    private(set) var nodes: [ClusterNode] = []
    private var addresses: [String] = []
    /// All that will ever be started, by number.
    let names: [String]
    /// Nodes whose majority makes the first primary view.
    let initial: Int
    private let name = "run-\(getpid())"

    init(table: GroupTable, names: [String], initial: Int, options: Options) {
        self.table = table
        self.names = names
        self.initial = initial
        self.options = options
    }

    /// Starts `count` more nodes. The first of all listens before the others are started, which know its address and
    /// learn the rest from it.
    func start(_ count: Int, _ progress: ProgressBar) async throws {
        for number in nodes.count..<(nodes.count + count) {
            progress.show(number, of: names.count, "starting nodes")
            nodes.append(try ClusterNode(number: number, name: names[number], arguments: arguments(of: number)))
            if number == 0 { addresses = [try await nodes[0].ready()] }
        }
        for node in nodes.suffix(count) where node.number > 0 { addresses.append(try await node.ready()) }
        let names = table.names
        let members = table.members
        try await all(nodes.suffix(count)) { _ in .table(names: names, members: members) }
    }

    private func arguments(of number: Int) -> [String] {
        var arguments = ["worker", "--name", names[number], "--listen", "127.0.0.1:0", "--cluster", name]
        for name in names { arguments += ["--node", name] }
        // The nodes so far: a late one finds the group although the first one may be gone by then.
        for address in addresses { arguments += ["--peer", address] }
        arguments += ["--set", "membership.initial=\(names.prefix(initial).joined(separator: ","))"]
        if options.perGroupHWG { arguments += ["--set", "mapping.policy=perGroup"] }
        // What a node remarks in passing would drown the report.
        arguments += ["--set", "log.level=warning"]
        for assignment in options.settings { arguments += ["--set", assignment] }
        if let config = options.config { arguments += ["--config", config] }
        if let prefix = options.tracePrefix { arguments += ["--trace", "\(prefix)\(names[number]).jsonl"] }
        if options.explicitHolds { arguments.append("--explicit-holds") }
        if options.digests { arguments.append("--digests") }
        return arguments
    }

    /// The same to many at once; the answers in the order of the nodes.
    @discardableResult
    func all(
        _ nodes: some Collection<ClusterNode>, _ work: @escaping @Sendable (ClusterNode) -> WorkerOrder.Work
    ) async throws -> [WorkerReport.Answer] {
        try await withThrowingTaskGroup(of: (Int, WorkerReport.Answer).self) { group in
            for (index, node) in nodes.enumerated() {
                group.addTask { (index, try await node.ask(work(node))) }
            }
            var answers: [(Int, WorkerReport.Answer)] = []
            for try await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Suspends until all groups of these nodes have exactly their members among `alive`.
    func settle(
        _ nodes: some Collection<ClusterNode>, alive: NodeSet, seconds: Double
    ) async throws -> Settled {
        Settled(try await all(nodes) { _ in .expectMembers(alive: alive, seconds: seconds) })
    }

    func figures(_ nodes: some Collection<ClusterNode>) async throws -> [WorkerReport.Figures] {
        try await all(nodes) { _ in .report }.map { answer in
            guard case .report(let figures) = answer else { throw Failure("a node gave no report") }
            return figures
        }
    }

    /// Ends all nodes: each leaves its groups; who has not ended after a while is killed.
    func stop() {
        for node in nodes { node.process.closeInput() }
    }

    func kill() {
        for node in nodes { node.process.kill() }
    }
}

/// How waiting for memberships ended.
struct Settled: Hashable, Sendable {
    /// When the last event was read that completed a node's groups.
    var at: Int64 = 0
    /// The fewest groups that any node has complete, of how many that node is in.
    var groups = Int.max
    var isComplete = true

    init(_ answers: [WorkerReport.Answer]) {
        for answer in answers {
            guard case .reached(let at, let groups, let all) = answer else { continue }
            self.at = max(self.at, at)
            if groups < all {
                isComplete = false
                self.groups = min(self.groups, groups)
            }
        }
    }

    func required(_ what: String) throws -> Settled {
        guard isComplete else {
            throw Failure("\(what): the time ran out; a node has \(groups) of its groups complete")
        }
        return self
    }
}
