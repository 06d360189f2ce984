/// One statement of a script.
indirect enum ScenarioStatement: Hashable, Sendable {
    case act(WorldAct)
    /// Time goes on until this point.
    case at(WorldMoment)
    /// The world's generator goes on from here.
    case luck(UInt64)
    case rule(PacketRule)
    /// No rule holds any more; what is held back stays so.
    case pass
    /// What is held back goes on its way.
    case release(PacketRule)
    case when(TimelinePattern, ScenarioStatement)
    case run(Int64)
    case runUntilQuiet
    case runUntil(TimelinePattern)
    /// What came before is not what the script is about: expectations look at what follows.
    case scene
    case expect(Expectation)
    /// Everything heals, and all must come together again.
    case converge

    /// Done by the script itself, and shown in the timeline as the acts are.
    var isDirection: Bool {
        switch self {
        case .rule, .pass, .release, .when, .luck, .scene: true
        case .act, .at, .run, .runUntilQuiet, .runUntil, .expect, .converge: false
        }
    }

    /// The node that it crashes.
    var crashed: Int? {
        if case .act(let act) = self { act.crashed } else { nil }
    }
}

/// What must have come about so far.
struct Expectation: Hashable, Sendable {
    enum Count: Hashable {
        case some, none
        case exactly(Int)
    }
    var count: Count
    /// One after the other.
    var patterns: [TimelinePattern]
    /// Only what follows the first such line counts.
    var after: TimelinePattern?

    /// Nil when it has.
    func failure(in lines: [String]) -> String? {
        var start = 0
        if let after {
            guard let first = lines.firstIndex(where: after.matches) else { return "`\(after)` never came" }
            start = first + 1
        }
        switch count {
        case .none:
            return lines[start...].first(where: patterns[0].matches).map { "it did: \($0)" }
        case .exactly(let wanted):
            let found = lines[start...].count(where: patterns[0].matches)
            return found == wanted ? nil : "it came \(found) times"
        case .some:
            for pattern in patterns {
                guard let found = lines[start...].firstIndex(where: pattern.matches) else {
                    return "`\(pattern)` never came\(start > 0 ? " after `\(lines[start - 1])`" : "")"
                }
                start = found + 1
            }
            return nil
        }
    }
}

/// A statement and where it stands.
struct ScenarioStep: Hashable, Sendable {
    /// From 1.
    var line: Int
    var text: String
    var statement: ScenarioStatement
}
