import ArgumentParser
import Foundation
import LightweightGroups

enum BenchKind: String, CaseIterable, ExpressibleByArgument, Sendable {
    case join, leave, recovery, flush, status, throughput, latency, limit
}

enum BenchMode: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// Light-weight groups on the heavyweight groups of the configuration.
    case lwg
    /// Every group its own heavyweight group.
    case hwg
}

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure with real processes on 127.0.0.1.",
        discussion: """
            join        from the first join call at the last node to the last of all members' views in all groups
            leave       from the call to the last remaining member's view, one of --groups groups
            recovery    from before kill -9 to the last survivor's last view
            flush       Hold to view, while the last node leaves and joins one group again and again
            status      one message per group, member and 2 s, spread evenly: packets and processor time per node, memory per
                        group and node; and the same with no messages at all (idle)
            throughput  messages delivered per member and second, the minimum over members, own ones included
            latency     one way for fifo, self-delivery for total and safe
            limit       the packets and fan-out of throughput through the best bare sockets

            throughput and latency measure both consumers: `handler`, a function on the node's loop, and `batches`, a task.
            """)

    @Argument var kind: BenchKind
    @Option(help: "Nodes, a process each.") var nodes = 4
    @Option(help: "Groups that are used.") var groups = 1
    @Option(help: "Groups more that only stand there.") var idleGroups = 0
    @Option(help: "lwg, or hwg: every group its own heavyweight group.") var mode = BenchMode.lwg
    @Option(help: "How often, each time with new processes.") var runs = 3
    @Option(help: "Bytes of a message.") var size = 64
    @Option(help: "Nodes that send.") var senders = 1
    @Option(help: "fifo, total or safe.") var order = "fifo"
    @Option(help: "Messages per second and sender: the load of flush, the pace of latency.") var rate = 0.0
    @Option(help: "How long flush, status, throughput, latency and limit measure.") var seconds = 3.0
    @Flag(help: "join: the joining node is in no heavyweight group before.") var cold = false
    @Option(help: ArgumentHelp("The nodes' YAML file.", valueName: "file")) var config: String?
    @Option(help: ArgumentHelp("Write a trace per node and run with this prefix.", valueName: "prefix"))
    var trace: String?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (2...NodeSet.capacity).contains(nodes) else {
            throw ValidationError("--nodes must be 2 to \(NodeSet.capacity).")
        }
        guard (1...100_000).contains(groups) else { throw ValidationError("--groups must be 1 to 100000.") }
        guard (0...100_000).contains(idleGroups) else { throw ValidationError("--idle-groups must be 0 to 100000.") }
        guard (1...1_000).contains(runs) else { throw ValidationError("--runs must be 1 to 1000.") }
        guard (8...(1 << 20)).contains(size) else { throw ValidationError("--size must be 8 to 1048576.") }
        guard (1...nodes).contains(senders) else { throw ValidationError("--senders must be 1 to --nodes.") }
        guard (0...1e7).contains(rate) else { throw ValidationError("--rate must be 0 to 10000000.") }
        guard (0.1...600).contains(seconds) else { throw ValidationError("--seconds must be 0.1 to 600.") }
        guard let order = Order(word: order), order != .causal else {
            throw ValidationError("--order must be fifo, total or safe.")
        }
        if kind == .recovery && nodes < 3 { throw ValidationError("recovery needs 3 --nodes or more.") }
    }

    var parameters: BenchParameters {
        BenchParameters(
            kind: kind, nodes: nodes, groups: groups, idleGroups: idleGroups, mode: mode, size: size, senders: senders,
            order: Order(word: order) ?? .fifo, rate: rate, seconds: seconds, cold: cold, config: config, trace: trace)
    }

    func run() async throws {
        let ending = Signals.endWithChildren()
        defer { withExtendedLifetime(ending) {} }
        let progress = ProgressBar()
        var report = BenchReport(parameters: parameters)
        do {
            for number in 0..<runs {
                progress.show(number, of: runs, "\(kind.rawValue): run \(number + 1) of \(runs)")
                try await report.add(BenchRun(parameters: parameters, number: number).measure())
                if report.stoppedEarly != nil { break }
            }
        } catch {
            progress.clear()
            throw error
        }
        progress.clear()
        LineWriter.output.write(json ? report.json.line : report.text)
    }
}
