import GroupCore
import GroupModel

/// What the smaller world must still show.
public enum ShrinkGoal: Hashable, Sendable, CustomStringConvertible {
    /// A violation of this property.
    case property(String)
    /// A line of the timeline that matches this pattern.
    case line(String)

    public var description: String {
        switch self {
        case .property(let name): "violates \(name)"
        case .line(let pattern): "has a line `\(pattern)`"
        }
    }
}

/// A script that shows what a seed showed.
public struct Shrunk: Hashable, Sendable {
    /// A scenario file: script and timeline.
    public let file: String
    public let goal: ShrinkGoal
    /// Statements of the script that the seed made, and of the smaller one.
    public let before: Int
    public let after: Int
    /// Worlds that were tried.
    public let tries: Int
}

/// Makes a seed's failure smaller: fewer nodes, groups, seconds and kinds of faults first, then what was done to the world
/// as a script, without whatever the failure does not need (Zeller's ddmin), in a network without whatever it does not need.
public struct Shrinker<Core: SimulatedCore> {
    let seed: UInt64
    var options: SimulationOptions
    var goal: ShrinkGoal
    private let progress: (String) -> Void
    private(set) var tries = 0
    /// Worlds that are tried at most.
    let limit: Int

    /// - Parameters:
    ///   - goal: nil: the first property that the seed violates.
    ///   - limit: worlds that are tried at most; the result is then not as small as it could be.
    /// - Returns: nil when the seed does not show the goal.
    public static func run(
        _ core: Core.Type, seed: UInt64, options: SimulationOptions, goal: ShrinkGoal? = nil, limit: Int = 5_000,
        progress: @escaping (String) -> Void = { _ in }
    ) -> Shrunk? {
        guard let goal = goal ?? firstViolation(seed, options).map({ .property($0) }) else { return nil }
        var shrinker = Shrinker(seed: seed, options: options, goal: goal, limit: limit, progress: progress)
        return shrinker.shrink()
    }

    private init(
        seed: UInt64, options: SimulationOptions, goal: ShrinkGoal, limit: Int, progress: @escaping (String) -> Void
    ) {
        self.seed = seed
        self.options = options.drawn(by: seed)
        self.goal = goal
        self.limit = limit
        self.progress = progress
    }

    private static func firstViolation(_ seed: UInt64, _ options: SimulationOptions) -> String? {
        Simulation.run(Core.self, seed: seed, options: options).violations.first?.property
    }

    private mutating func shrink() -> Shrunk? {
        guard shows(options) else { return nil }
        shrinkOptions()
        var script = recorded()
        let before = script.items.count
        guard shows(script) else { return Shrunk(file: "", goal: goal, before: before, after: before, tries: tries) }
        var size = 0
        repeat {
            size = script.size
            shrinkItems(&script)
            shrinkWorld(&script)
            simplifyActs(&script)
        } while script.size < size && tries < limit
        return Shrunk(
            file: file(of: script), goal: goal, before: before, after: script.items.count, tries: tries)
    }

    private func file(of script: DrawnScript) -> String {
        let title = """
            # Seed \(seed), made smaller; \(goal).
            # \(options.reproduction(seed: seed))

            """
        guard let scenario = try? Scenario(title + script.text) else { return title + script.text }
        return scenario.file(with: scenario.run(Core.self).timeline)
    }

    // MARK: Trying

    private mutating func shows(_ options: SimulationOptions) -> Bool {
        tries += 1
        var options = options
        if case .line = goal {
            options.keepsTranscript = true
            options.isBrief = false
        }
        let report = Simulation.run(Core.self, seed: seed, options: options)
        // A script does not show how the world converges in the end.
        let timeline = report.transcript.lazy.map(Self.withoutTime).prefix { $0 != World<Core>.restLine }
        return isShown(report.violations, Array(timeline))
    }

    mutating func shows(_ script: DrawnScript) -> Bool {
        guard tries < limit else { return false }
        tries += 1
        if tries % 20 == 0 { progress("\(tries) worlds tried, \(script.items.count) statements") }
        var options = script.settings.options
        if case .property = goal { options.keepsTranscript = false }
        var world = World<Core>(seed: script.settings.seed, options: options, plan: script.settings.plan)
        _ = world.play(script.steps)
        let judged = TraceCheck.report(on: world.trace.history, isPrimaryMode: script.settings.isPrimaryMode)
        return isShown(judged.violations + world.violations, world.transcript.map(Self.withoutTime))
    }

    private func isShown(_ violations: [Violation], _ timeline: [String]) -> Bool {
        switch goal {
        case .property(let name): return violations.contains { $0.property == name }
        case .line(let text):
            let pattern = TimelinePattern(text)
            return timeline.contains(where: pattern.matches)
        }
    }

    private static func withoutTime(_ line: String) -> String {
        String(line.drop { $0 == " " }.drop { $0 != " " }.drop { $0 == " " })
    }

    // MARK: The seed itself

    /// Whether a seed still shows the goal in a smaller world is luck; each that does makes what follows faster.
    private mutating func shrinkOptions() {
        func smaller(_ value: Int, _ least: Int) -> [Int] {
            [value / 2, value * 3 / 4, value - 1].filter { $0 >= least && $0 < value }
        }
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            var candidates: [SimulationOptions] = []
            for nodes in smaller(options.nodes, 1) { candidates.append(with { $0.nodes = nodes }) }
            for groups in smaller(options.groups, 1) { candidates.append(with { $0.groups = groups }) }
            for seconds in smaller(options.seconds, 0) { candidates.append(with { $0.seconds = seconds }) }
            for fault in options.faults.single { candidates.append(with { $0.faults.remove(fault) }) }
            for candidate in candidates where shows(candidate) {
                options = candidate
                hasChanged = true
                progress(options.reproduction(seed: seed))
                break
            }
        }
    }

    private func with(_ change: (inout SimulationOptions) -> Void) -> SimulationOptions {
        var copy = options
        change(&copy)
        return copy
    }

    /// What the seed draws, as a script.
    private func recorded() -> DrawnScript { DrawnScript(Core.self, seed: seed, options: options) }
}

extension Simulation {
    /// The script that does what this seed does, statement by statement.
    public static func script<Core: SimulatedCore>(
        _ core: Core.Type, seed: UInt64, options: SimulationOptions = SimulationOptions()
    ) -> String {
        DrawnScript(core, seed: seed, options: options).text
    }
}
