import ArgumentParser
import Foundation
import GroupModel

struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos", abstract: "Disturb real node processes, then judge what they did.",
        discussion: """
            Nodes join, leave and send in overlapping groups while processes are killed, paused and restarted, and datagrams
            and connections are lost, delayed, repeated and cut. Then the faults stop, everything must converge, and the traces
            of all incarnations are checked. The seed decides what befalls whom; when exactly is the machine's affair.
            """)

    @Option(help: "Nodes, a process each.") var nodes = 5
    @Option(help: "Groups with overlapping memberships.") var groups = 500
    @Option(help: "How long faults go on.") var minutes = 10.0
    @Option(help: "Of what befalls whom; by default another one each time.") var seed: UInt64?
    @Option(help: "Messages per second and node.") var rate = 100.0
    @Option(help: ArgumentHelp("The nodes' YAML file.", valueName: "file")) var config: String?
    @Option(
        help: ArgumentHelp(
            "Keep traces and logs in this directory, which must be new or empty; else they are kept when something is wrong.",
            valueName: "dir"))
    var trace: String?
    #if MUTANTS
        @Option(help: "Plant this protocol bug in all nodes; `lwg sim --mutant list` names all.") var mutant: String?
    #endif
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (2..<NodeSet.capacity).contains(nodes) else {
            throw ValidationError("--nodes must be 2 to \(NodeSet.capacity - 1).")
        }
        guard (1...100_000).contains(groups) else { throw ValidationError("--groups must be 1 to 100000.") }
        guard (0.05...1_440).contains(minutes) else { throw ValidationError("--minutes must be 0.05 to 1440.") }
        #if MUTANTS
            if let mutant, Mutant(rawValue: mutant) == nil { throw ValidationError("--mutant has an unknown name.") }
        #endif
        guard (0...10_000).contains(rate) else { throw ValidationError("--rate must be 0 to 10000.") }
        if let trace, let files = try? FileManager.default.contentsOfDirectory(atPath: trace), !files.isEmpty {
            throw ValidationError("--trace \(trace) is not empty.")
        }
    }

    func run() async throws {
        let ending = Signals.endWithChildren()
        defer { withExtendedLifetime(ending) {} }
        var plan = ChaosPlan()
        plan.nodes = nodes
        plan.groups = groups
        plan.seconds = minutes * 60
        plan.seed = seed ?? .random(in: 1...999_999)
        plan.config = config
        plan.sendsPerSecond = rate
        #if MUTANTS
            if let mutant { plan.workerOptions = ["--mutant", mutant] }
        #endif
        let directory =
            trace ?? FileManager.default.temporaryDirectory.appendingPathComponent("lwg-chaos-\(getpid())").path
        let run = try ChaosRun(plan, directory: directory)
        var result: ChaosResult
        do {
            result = try await run.run()
        } catch {
            run.progress.clear()
            throw Failure("seed \(plan.seed): \(error); traces and logs: \(directory)")
        }
        if result.holds, trace == nil {
            try? FileManager.default.removeItem(atPath: directory)
        } else {
            result.traces = directory
        }
        if json { LineWriter.output.write(result.json) } else { LineWriter.output.write(result.text) }
        if !result.holds { throw ExitCode(ExitStatus.failed) }
    }
}
