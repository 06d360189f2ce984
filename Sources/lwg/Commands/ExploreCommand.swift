import ArgumentParser
import Foundation
import GroupModel
import GroupSimulator

extension Explorer.Reduction: ExpressibleByArgument {}

/// `lwg explore`: every interleaving of a small world.
struct ExploreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Visit every interleaving of what may happen in a small world, and judge each end.",
        discussion: SmallWorldPlan.all.map { "  \($0.name)\n      \($0.summary)" }.joined(separator: "\n"))

    @Argument(help: "The worlds; all when none is named.")
    var worlds: [String] = []

    @Option(help: ArgumentHelp("States after which a search is given up.", valueName: "count"))
    var states = 20_000_000

    @Option(
        help: "full: of orders that make no difference one is visited; alike: all; histories: and no states are merged."
    )
    var reduction = Explorer.Reduction.full

    @Option(help: ArgumentHelp("Write the trace of the first violation.", valueName: "file"))
    var trace: String?

    #if MUTANTS
        @Option(help: "Plant this protocol bug.") var mutant: String?
    #endif

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        for world in worlds where SmallWorldPlan.named(world) == nil {
            let known = SmallWorldPlan.all.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no world '\(world)'; there are \(known).")
        }
        guard states > 0 else { throw ValidationError("--states must be at least 1.") }
    }

    func run() throws {
        #if MUTANTS
            Mutant.active = mutant.flatMap(Mutant.init(rawValue:))
        #endif
        var results: [JSON] = []
        var isClean = true
        for plan in worlds.isEmpty ? SmallWorldPlan.all : worlds.compactMap(SmallWorldPlan.named) {
            let clock = ContinuousClock()
            let start = clock.now
            let progress = ProgressBar()
            let report = Explorer.run(plan, states: states, reduction) { soFar in
                progress.show("\(plan.name): \(soFar.states) states, \(soFar.ends) ends")
            }
            progress.clear()
            let elapsed = clock.now - start
            isClean = isClean && report.violations.isEmpty
            if let trace, !report.trace.isEmpty { try OutputFile.write(report.trace, to: trace) }
            if json { results.append(Self.json(report, elapsed)) } else { Self.show(report, elapsed) }
        }
        if json { LineWriter.output.write((["worlds": .array(results)] as JSON).line) }
        if !isClean { throw ExitCode(ExitStatus.failed) }
    }

    private static func show(_ report: ExplorationReport, _ elapsed: Duration) {
        LineWriter.output.write(
            """
            \(report.plan.name): \(report.plan.summary)
              \(report.states) states\(report.isComplete ? "" : " (given up)") of \(report.nodeStates) of single nodes, \(report.steps) steps, \(report.ends) ends, \
            at most \(report.depth) steps deep, in \(elapsed.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1))))
              \(report.violations.isEmpty ? "no violation; a longest path:" : "\(report.violations.count) violations, after these steps:")
            """)
        for step in report.path { LineWriter.output.write("    \(step)") }
        for each in report.violations {
            LineWriter.output.write("  \(each.property) \(each.group) \(each.process): \(each.why)")
        }
    }

    private static func json(_ report: ExplorationReport, _ elapsed: Duration) -> JSON {
        [
            "world": .string(report.plan.name), "states": .int(report.states), "nodeStates": .int(report.nodeStates),
            "steps": .int(report.steps),
            "ends": .int(report.ends), "depth": .int(report.depth), "complete": .bool(report.isComplete),
            "seconds": .number(elapsed / .seconds(1)), "path": .strings(report.path),
            "violations": .array(
                report.violations.map {
                    [
                        "property": .string($0.property), "g": .string($0.group), "p": .string($0.process),
                        "why": .string($0.why),
                    ]
                }),
        ]
    }
}
