import ArgumentParser
import Foundation
import GroupCore
import GroupModel
import GroupSimulator
import LightweightGroups
import Synchronization

struct SimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim", abstract: "Run seeded simulated worlds and judge what happened in them.",
        discussion: "The same seed and options give the same run, byte for byte.")

    @Option(help: "One seed.") var seed: UInt64?
    @Option(help: ArgumentHelp("Seeds from A to B.", valueName: "a..b"), transform: SeedRange.init(parsing:))
    var seeds: SeedRange?
    @Option(help: "Seeds that run at once.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Nodes of a world.") var nodes = 5
    @Option(help: "Light-weight groups of a world.") var groups = 50
    @Option(help: "Virtual seconds in which everything may fail.") var seconds = 10
    @Option(
        help:
            "What may fail: all, none, few (each seed draws one to four kinds), or a list of loss,duplication,reordering,replays,foreign,corruption,clogs,partitions,strangers,resets,crashes,strikes,ambushes,restarts,pauses,slowness,drift,stops."
    ) var faults = "all"
    @Option(
        help: ArgumentHelp(
            "The mode of the nodes; primary has disks, and crashes of all nodes.", valueName: "all|primary"))
    var partition = PartitionMode.all
    @Option(help: ArgumentHelp("Append the trace of a single seed.", valueName: "file")) var trace: String?
    @Flag(help: "Print all that happened, of a single seed; without it what matters is printed and the rest counted.")
    var transcript = false
    @Option(
        help: ArgumentHelp(
            "Instead: one long world with so many view changes, whose tables must stay flat.", valueName: "count"))
    var churn: Int?
    @Flag(help: "Stop at the first seed that fails.") var untilFailure = false
    @Option(help: ArgumentHelp("Run the script of a scenario, and compare the timeline.", valueName: "file"))
    var scenario: String?
    @Option(help: ArgumentHelp("Write what a single seed does to its world as a scenario.", valueName: "file"))
    var script: String?
    @Flag(help: "Make the first failure smaller, and write a scenario that shows it.") var shrink = false
    @Option(
        help: ArgumentHelp(
            "With --shrink: a line of the timeline that the smaller world must show, instead of a failure; * stands for anything.",
            valueName: "pattern")) var goal: String?
    @Option(help: ArgumentHelp("Where --shrink writes the scenario.", valueName: "file")) var output: String?
    #if MUTANTS
        @Option(help: "Plant this protocol bug; `list` names all.") var mutant: String?
    #endif
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        if scenario != nil && (seed != nil || seeds != nil) {
            throw ValidationError("--scenario has its own seed.")
        }
        guard (1...100_000_000).contains(churn ?? 1) else { throw ValidationError("--churn must be 1 to 100000000.") }
        if seed != nil && seeds != nil { throw ValidationError("Give --seed or --seeds, not both.") }
        guard (1...64).contains(nodes) else { throw ValidationError("--nodes must be 1 to 64.") }
        guard (1...100_000).contains(groups) else { throw ValidationError("--groups must be 1 to 100000.") }
        guard (0...3_600).contains(seconds) else { throw ValidationError("--seconds must be 0 to 3600.") }
        guard (1...1_024).contains(jobs) else { throw ValidationError("--jobs must be 1 to 1024.") }
        if faults != Self.few, let word = SimulatedFaults.unknownWord(in: faults) {
            let known = SimulatedFaults.words.joined(separator: ", ")
            throw ValidationError("--faults: ‘\(word.shortened)’ is unknown; known are all, none, few, \(known).")
        }
        if partition == .primary && scenario != nil {
            throw ValidationError("A scenario says itself that it is of the mode primary (`mode primary`).")
        }
        if (goal != nil || output != nil) && !shrink { throw ValidationError("--goal and --output are for --shrink.") }
        if goal != nil && range.count > 1 { throw ValidationError("--goal is for a single seed.") }
        if (trace != nil || transcript || script != nil) && range.count > 1 {
            throw ValidationError("--trace, --transcript and --script are for a single seed.")
        }
    }

    private static let few = "few"

    private var range: ClosedRange<UInt64> { seeds?.range ?? (seed ?? 1)...(seed ?? 1) }

    func run() async throws {
        #if MUTANTS
            if mutant == "list" { return Mutant.allCases.forEach { LineWriter.output.write($0.rawValue) } }
            if let mutant {
                guard let planted = Mutant(rawValue: mutant) else {
                    throw ValidationError("--mutant has an unknown name.")
                }
                Mutant.active = planted
            }
        #endif
        if let scenario { return try ScenarioRun.run(scenario, trace: trace, json: json) }
        if let churn {
            let run = ChurnRun(seed: seed ?? 1, nodes: nodes, groups: groups, viewChanges: churn)
            guard run.run(json) else { throw ExitCode(ExitStatus.failed) }
            return
        }
        var options = SimulationOptions(
            nodes: nodes, groups: groups, seconds: seconds, faults: SimulatedFaults(faults) ?? .all,
            isPrimaryMode: partition == .primary)
        options.hasFewFaults = faults == Self.few
        let isSingle = range.count == 1
        options.keepsTranscript = transcript || isSingle && !json && !shrink
        options.isBrief = !transcript
        options.keepsTrace = trace != nil
        let begin = Monotonic.nanoseconds
        let soFar = SoFar(keepsTrace: trace != nil)
        let json = json
        // What is known is printed; the seeds that run at the moment are not waited for.
        let ending = Signals {
            let summary = soFar.summary.withLock { $0 }
            LineWriter.output.write(summary.report(json, since: begin, isInterrupted: true))
            Foundation.exit(ExitStatus.failed)
        }
        defer { withExtendedLifetime(ending) {} }
        if let script {
            try OutputFile.write(
                Simulation.script(NodeCore.self, seed: range.lowerBound, options: options).utf8, to: script)
        }
        if let goal {
            return try ShrinkRun.run(range.lowerBound, options, goal: .line(goal), output, json: json)
        }
        await simulate(options, soFar)
        let summary = soFar.summary.withLock { $0 }
        if !summary.transcript.isEmpty {
            for line in TimelineLegend.lines + summary.transcript { LineWriter.output.write(line, more: true) }
        }
        if let trace { try OutputFile.write(summary.trace, to: trace, appending: true) }
        LineWriter.output.write(summary.report(json, since: begin, isInterrupted: false))
        if summary.violations.isEmpty { return }
        if !isSingle, !json, let seed = summary.firstFailure { Self.showEnd(of: seed, options) }
        if shrink, let seed = summary.firstFailure {
            options.keepsTranscript = false
            try ShrinkRun.run(seed, options, goal: nil, output, json: json)
        }
        throw ExitCode(ExitStatus.failed)
    }

    /// What happened before the end of a seed that failed.
    private static func showEnd(of seed: UInt64, _ options: SimulationOptions) {
        var options = options
        options.keepsTranscript = true
        options.isBrief = true
        let lines = Simulation.run(seed: seed, options: options).transcript
        let first = lines.firstIndex { $0.contains("VIOLATION") } ?? lines.endIndex
        LineWriter.output.write("The last lines of seed \(seed):", more: true)
        LineWriter.output.write(lines[..<min(first + 1, lines.count)].suffix(endLines).joined(separator: "\n"))
    }

    private static let endLines = 20

    private func simulate(_ options: SimulationOptions, _ soFar: SoFar) async {
        let progress = ProgressBar()
        defer { progress.clear() }
        let begin = Monotonic.nanoseconds
        var waiting = range.makeIterator()
        var hasFailed = false
        await withTaskGroup(of: SimulationReport.self) { group in
            for _ in 0..<jobs {
                guard let seed = waiting.next() else { break }
                group.addTask { Simulation.run(seed: seed, options: options) }
            }
            while let report = await group.next() {
                if untilFailure && !report.violations.isEmpty { hasFailed = true }
                if !hasFailed, let seed = waiting.next() {
                    group.addTask { Simulation.run(seed: seed, options: options) }
                }
                let (seeds, violations, seconds) = soFar.summary.withLock { summary in
                    summary.add(report)
                    return (summary.seeds, summary.violations.count, summary.simulatedSeconds)
                }
                let speed = SimulationSummary.speed(seconds, Double(Monotonic.nanoseconds - begin) / 1e9)
                progress.show(
                    seeds, of: range.count,
                    "\(seeds) of \(range.count) seeds, \(violations) violations, \(speed) times real time")
            }
        }
    }

    /// Shared with the handler of signals.
    private final class SoFar: Sendable {
        let summary: Mutex<SimulationSummary>
        init(keepsTrace: Bool) { summary = Mutex(SimulationSummary(keepsTrace: keepsTrace)) }
    }
}

extension PartitionMode: ExpressibleByArgument {}

/// `A..B`, both included.
struct SeedRange: Hashable, Sendable {
    let range: ClosedRange<UInt64>

    init(parsing text: String) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, let first = UInt64(parts[0]), let last = UInt64(parts[2]) else {
            throw ValidationError("write A..B, two numbers")
        }
        guard first <= last else { throw ValidationError("A must not exceed B") }
        guard last - first < 1 << 32 else { throw ValidationError("these are more than 4294967296 seeds") }
        range = first...last
    }
}
