import ArgumentParser
import Foundation
import GroupModel
import GroupSimulator
import Synchronization

struct SimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim", abstract: "Run seeded simulated worlds and judge what happened in them.",
        discussion: "The same seed and options give the same run, byte for byte.")

    @Option(help: "One seed.") var seed: UInt64?
    @Option(help: ArgumentHelp("Seeds from A to B.", valueName: "a..b")) var seeds: SeedRange?
    @Option(help: "Seeds that run at once.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Nodes of a world.") var nodes = 5
    @Option(help: "Light-weight groups of a world.") var groups = 50
    @Option(help: "Virtual seconds in which everything may fail.") var seconds = 10
    @Option(
        help:
            "What may fail: all, none, or a list of loss,duplication,reordering,corruption,clogs,partitions,crashes,pauses,stops."
    ) var faults = "all"
    @Option(help: ArgumentHelp("Append the trace of a single seed.", valueName: "file")) var trace: String?
    @Option(
        help: ArgumentHelp(
            "Instead: one long world with so many view changes, whose tables must stay flat.", valueName: "count"))
    var churn: Int?
    @Flag(help: "Print what happened, line by line, of a single seed.") var transcript = false
    @Flag(help: "Stop at the first seed that fails.") var untilFailure = false
    @Option(help: ArgumentHelp("Run the script of a scenario, and compare the timeline.", valueName: "file"))
    var scenario: String?
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
        guard SimulatedFaults(faults) != nil else { throw ValidationError("--faults has an unknown name.") }
        if (goal != nil || output != nil) && !shrink { throw ValidationError("--goal and --output are for --shrink.") }
        if goal != nil && range.count > 1 { throw ValidationError("--goal is for a single seed.") }
        if (trace != nil || transcript) && range.count > 1 {
            throw ValidationError("--trace and --transcript are for a single seed.")
        }
    }

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
            nodes: nodes, groups: groups, seconds: seconds, faults: SimulatedFaults(faults) ?? .all)
        options.keepsTranscript = transcript
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
        if let goal {
            return try ShrinkRun.run(range.lowerBound, options, goal: .line(goal), output, json: json)
        }
        await simulate(options, soFar)
        let summary = soFar.summary.withLock { $0 }
        for line in summary.transcript { LineWriter.output.write(line, more: true) }
        if let trace { try Self.append(summary.trace, to: trace) }
        LineWriter.output.write(summary.report(json, since: begin, isInterrupted: false))
        if summary.violations.isEmpty { return }
        if shrink, let seed = summary.firstFailure {
            options.keepsTranscript = false
            try ShrinkRun.run(seed, options, goal: nil, output, json: json)
        }
        throw ExitCode(ExitStatus.failed)
    }

    private func simulate(_ options: SimulationOptions, _ soFar: SoFar) async {
        let progress = ProgressBar()
        defer { progress.clear() }
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
                let (seeds, violations) = soFar.summary.withLock { summary in
                    summary.add(report)
                    return (summary.seeds, summary.violations.count)
                }
                progress.show(
                    seeds, of: range.count, "\(seeds) of \(range.count) seeds, \(violations) violations")
            }
        }
    }

    /// Shared with the handler of signals.
    private final class SoFar: Sendable {
        let summary: Mutex<SimulationSummary>
        init(keepsTrace: Bool) { summary = Mutex(SimulationSummary(keepsTrace: keepsTrace)) }
    }

    static func append(_ bytes: [UInt8], to file: String) throws {
        guard let stream = OutputStream(toFileAtPath: file, append: true) else { throw Failure("cannot write \(file)") }
        stream.open()
        defer { stream.close() }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.map { stream.write($0, maxLength: buffer.count) } ?? 0
            }
            guard count > 0 else { throw Failure("cannot write \(file)") }
            rest = rest.dropFirst(count)
        }
    }
}

/// `A..B`, both included.
struct SeedRange: ExpressibleByArgument {
    let range: ClosedRange<UInt64>

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, let first = UInt64(parts[0]), let last = UInt64(parts[2]),
            first <= last, last - first < 1 << 32
        else { return nil }
        range = first...last
    }
}

/// What many seeds gave.
struct SimulationSummary: Sendable {
    private(set) var seeds = 0
    private(set) var violations: [(seed: UInt64, violation: Violation, reproduction: String)] = []
    private(set) var simulatedSeconds = 0.0
    private(set) var rare: [String: Int] = [:]
    private(set) var transcript: [String] = []
    private(set) var trace: [UInt8] = []
    private var digests: [UInt64: UInt64] = [:]
    private let keepsTrace: Bool
    /// Described at most; the number of seeds that fail is told beside.
    private static let limit = 1_000

    init(keepsTrace: Bool) { self.keepsTrace = keepsTrace }

    mutating func add(_ report: SimulationReport) {
        seeds += 1
        simulatedSeconds += report.simulatedSeconds
        for (name, times) in report.rare { rare[name, default: 0] += times }
        digests[report.seed] = UInt64(report.digest, radix: 16)
        transcript += report.transcript
        if keepsTrace { trace = report.trace }
        for violation in report.violations where violations.count < Self.limit {
            violations.append((report.seed, violation, report.reproduction))
        }
    }

    /// Of one seed its own; of many, theirs in the order of the seeds, whatever order they ended in.
    var digest: String {
        let sorted = digests.sorted { $0.key < $1.key }.map(\.value)
        let combined = sorted.count == 1 ? sorted[0] : sorted.reduce(0) { DeliveryDigest.mix($0 ^ $1) }
        let digits = String(combined, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    var firstFailure: UInt64? { violations.map(\.seed).min() }

    private var sorted: [(seed: UInt64, violation: Violation, reproduction: String)] {
        violations.sorted { ($0.seed, $0.violation.line) < ($1.seed, $1.violation.line) }
    }

    /// One JSON object, or text; `begin` is of the monotonic clock.
    func report(_ asJSON: Bool, since begin: Int64, isInterrupted: Bool) -> String {
        let realSeconds = Double(Monotonic.nanoseconds - begin) / 1e9
        return asJSON ? json(realSeconds, isInterrupted).line : text(realSeconds, isInterrupted)
    }

    private func json(_ realSeconds: Double, _ isInterrupted: Bool) -> JSON {
        [
            "seeds": .int(seeds),
            "violations": .array(
                sorted.map { entry in
                    guard case .object(let fields) = entry.violation.json else { return .null }
                    return .object(
                        [.init(key: "seed", value: .unsigned(entry.seed))] + fields
                            + [.init(key: "reproduction", value: .string(entry.reproduction))])
                }), "simulatedSeconds": .number(simulatedSeconds), "realSeconds": .number(realSeconds),
            "rare": .object(rare.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .int($0.value)) }),
            "digest": .string(digest), "interrupted": .bool(isInterrupted),
        ]
    }

    private func text(_ realSeconds: Double, _ isInterrupted: Bool) -> String {
        var lines = sorted.map { entry in
            "seed \(entry.seed): \(entry.violation.property) \(entry.violation.group) \(entry.violation.process), line "
                + "\(entry.violation.line): \(entry.violation.why)\n  \(entry.reproduction)"
        }
        for (name, times) in rare.sorted(by: { $0.key < $1.key }) { lines.append("  \(name) \(times)") }
        lines.append(
            "\(seeds) seeds, \(violations.count) violations, \(JSON.number(simulatedSeconds).line) simulated seconds in "
                + "\(JSON.number(realSeconds).line) s, digest \(digest)\(isInterrupted ? ", interrupted" : "")")
        return lines.joined(separator: "\n")
    }
}
