import GroupCore

/// A script for a world of real cores, and the timeline that it gives.
public struct Scenario: Sendable {
    /// The line that parts the script from its timeline in a file.
    static let separator = "--- timeline"

    var settings: ScenarioSettings
    var steps: [ScenarioStep]
    /// As it was written.
    public let script: String
    /// The timeline that the file has; nil when it has none.
    public let recorded: [String]?

    /// A whole file, or a script alone.
    public init(_ file: String) throws(ScenarioMistake) {
        var lines = file.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if let place = lines.firstIndex(of: Self.separator) {
            var timeline = Array(lines[(place + 1)...])
            while timeline.last?.isEmpty == true { timeline.removeLast() }
            recorded = timeline
            lines.removeSubrange(place...)
        } else {
            recorded = nil
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        script = lines.joined(separator: "\n") + "\n"
        let parser = try ScenarioParser(script)
        settings = parser.settings
        steps = parser.steps
    }

    public func run() -> ScenarioReport { run(NodeCore.self) }

    /// With another core than the real one.
    public func run<Core: SimulatedCore>(_ core: Core.Type) -> ScenarioReport {
        var world = World<Core>(seed: settings.seed, options: settings.options, plan: settings.plan)
        let failures = world.play(steps)
        var check = TraceCheck(isPrimaryMode: settings.isPrimaryMode)
        world.trace.bytes.withUnsafeBytes { check.add($0, named: "scenario") }
        let isCorrupted = settings.plan.corruption > 0
        return ScenarioReport(
            timeline: world.transcript, failures: failures,
            violations: isCorrupted ? [] : check.report().violations + world.violations, rare: world.rare,
            trace: world.trace.bytes, simulatedSeconds: Double(world.now) / 1e9)
    }

    /// The file with this timeline.
    public func file(with timeline: [String]) -> String {
        script + "\n" + Self.separator + "\n" + timeline.joined(separator: "\n") + "\n"
    }
}

/// What a script gave.
public struct ScenarioReport: Sendable {
    /// One line for each thing that happened, with its virtual time in milliseconds.
    public let timeline: [String]
    /// Expectations that were not met, and what was waited for in vain.
    public let failures: [ScenarioFailure]
    /// What the checkers of traces found.
    public let violations: [Violation]
    /// How often what is rare came about.
    public let rare: [String: Int]
    /// The trace, as JSON lines.
    public let trace: [UInt8]
    /// Virtual time.
    public let simulatedSeconds: Double
}
