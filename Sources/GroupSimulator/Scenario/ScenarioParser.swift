import GroupModel

/// Reads scripts: one statement a line, `#` before comments. The language is described in `Sources/GroupSimulator/GroupSimulator.docc/Scenarios.md`.
struct ScenarioParser {
    private(set) var settings = ScenarioSettings()
    private(set) var steps: [ScenarioStep] = []
    private var line = 0

    init(_ text: String) throws(ScenarioMistake) {
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            line = index + 1
            let words = Self.words(raw)
            guard !words.isEmpty else { continue }
            if steps.isEmpty, try setting(words) { continue }
            for statement in try statements(words) {
                steps.append(
                    ScenarioStep(line: line, text: words.joined(separator: " "), statement: statement))
            }
        }
    }

    private static func words(_ raw: Substring) -> [Substring] {
        let code = raw.hasPrefix("#") ? "" : raw
        return code.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }).prefix { $0 != "#" }.map { $0 }
    }

    func mistake(_ why: String) -> ScenarioMistake { ScenarioMistake(line: line, why: why) }

    // MARK: Settings

    /// Whether the line is one.
    private mutating func setting(_ words: [Substring]) throws(ScenarioMistake) -> Bool {
        switch (words[0], words.count) {
        case ("nodes", 2): settings.nodes = try number(words[1], 1...64)
        case ("groups", 2): settings.groups = try number(words[1], 1...100_000)
        case ("seed", 2):
            guard let seed = UInt64(words[1]) else { throw mistake("\(words[1]) is no seed") }
            settings.seed = seed
        case ("faults", 2):
            guard let faults = SimulatedFaults(String(words[1])) else { throw mistake("unknown faults \(words[1])") }
            settings.faults = faults
        case ("mode", 2):
            guard ["all", "primary"].contains(words[1]) else { throw mistake("`mode all` or `mode primary`") }
            settings.isPrimaryMode = words[1] == "primary"
        case ("strangers", 1): settings.plan.knowsAll = false
        case ("deliveries", 2) where words[1] == "together": settings.plan.carriesAtOnce = false
        case ("holds", 3) where words[1] == "by" && words[2] == "hand":
            settings.plan.holdsByHand = true
            settings.plan.holdDelay = 1
        default:
            guard words.count == 2, let key = ScenarioSettings.keys.first(where: { $0.name == words[0] }) else {
                return false
            }
            key.set(&settings.plan, key.isTime ? try span(words[1]) : Int64(try number(words[1], 0...1 << 30)))
        }
        return true
    }

    // MARK: Statements

    func statements(_ words: [Substring]) throws(ScenarioMistake) -> [ScenarioStatement] {
        let rest = Array(words.dropFirst())
        switch words[0] {
        case "at":
            guard rest.count >= 2 else { throw mistake("`at TIME STATEMENT`") }
            let isExact = rest.count >= 4 && rest[1] == "after" && rest[3] == "events"
            let moment = WorldMoment(
                time: try span(rest[0]), events: isExact ? try number(rest[2], 0...1_000_000) : nil)
            return [.at(moment)] + (try statements(Array(rest.dropFirst(isExact ? 4 : 1))))
        case "luck":
            guard rest.count == 1, let state = UInt64(rest[0], radix: 16) else { throw mistake("`luck HEXADECIMAL`") }
            return [.luck(state)]
        case "when": return [try when(rest)]
        case "run": return [try run(rest)]
        case "expect": return [.expect(try expectation(rest))]
        case "converge": return [.converge]
        case "drop", "hold", "delay": return [.rule(try rule(words[0], rest))]
        case "pass": return [.pass]
        case "scene": return [.scene]
        case "release": return [.release(try rule("hold", rest.isEmpty ? ["*"] : rest))]
        default: return try acts(words).map { .act($0) }
        }
    }

    private func when(_ words: [Substring]) throws(ScenarioMistake) -> ScenarioStatement {
        guard let place = words.lastIndex(of: "do"), place > 0, place + 1 < words.count else {
            throw mistake("`when PATTERN do STATEMENT`")
        }
        let statements = try statements(Array(words[(place + 1)...]))
        guard statements.count == 1 else { throw mistake("one statement follows `do`") }
        return .when(pattern(words[..<place]), statements[0])
    }

    private func run(_ words: [Substring]) throws(ScenarioMistake) -> ScenarioStatement {
        if words.count == 1 { return .run(try span(words[0])) }
        guard words.first == "until", words.count >= 2 else { throw mistake("`run TIME` or `run until …`") }
        return words == ["until", "quiet"] ? .runUntilQuiet : .runUntil(pattern(words.dropFirst()))
    }

    private func expectation(_ words: [Substring]) throws(ScenarioMistake) -> Expectation {
        var words = words[...]
        var expectation = Expectation(count: .some, patterns: [], after: nil)
        if let place = words.lastIndex(of: "after") {
            expectation.after = pattern(words[(place + 1)...])
            words = words[..<place]
        }
        if words.first == "no" {
            expectation.count = .none
            words = words.dropFirst()
        } else if let first = words.first, let count = Int(first), words.dropFirst().first == "times" {
            expectation.count = .exactly(count)
            words = words.dropFirst(2)
        }
        expectation.patterns = words.split(separator: "then").map(pattern)
        guard !expectation.patterns.isEmpty, expectation.count == .some || expectation.patterns.count == 1 else {
            throw mistake("`expect [no | N times] PATTERN [then PATTERN…] [after PATTERN]`")
        }
        return expectation
    }

    private func pattern(_ words: some Sequence<Substring>) -> TimelinePattern {
        TimelinePattern(words.joined(separator: " "))
    }

    /// `FRAME… [FROM -> TO] [by TIME] [N times]`
    private func rule(_ verb: Substring, _ words: [Substring]) throws(ScenarioMistake) -> PacketRule {
        var words = words[...]
        var rule = PacketRule(action: verb == "drop" ? .drop : .hold, frame: TimelinePattern("*"))
        if words.last == "times" || words.last == "time" {
            guard words.count >= 2, let count = Int(words[words.endIndex - 2]), count > 0 else {
                throw mistake("`N times`")
            }
            rule.times = count
            words = words.dropLast(2)
        }
        if verb == "delay" {
            guard words.count >= 2, words[words.endIndex - 2] == "by" else { throw mistake("`delay FRAME … by TIME`") }
            rule.action = .delay(try span(words[words.endIndex - 1]))
            words = words.dropLast(2)
        }
        if let arrow = words.firstIndex(of: "->") {
            guard arrow > words.startIndex, arrow + 2 == words.endIndex else { throw mistake("`FRAME FROM -> TO`") }
            rule.from = words[arrow - 1] == "*" ? nil : try node(words[arrow - 1])
            rule.to = words[arrow + 1] == "*" ? nil : try node(words[arrow + 1])
            words = words[..<(arrow - 1)]
        }
        if !words.isEmpty { rule.frame = pattern(words) }
        return rule
    }

    // MARK: Values

    func number(_ word: Substring, _ range: ClosedRange<Int>) throws(ScenarioMistake) -> Int {
        guard let value = Int(word), range.contains(value) else {
            throw mistake("\(word) is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `30us`, `1.5s`: up to nine decimals.
    func span(_ word: Substring) throws(ScenarioMistake) -> Int64 {
        let unit = word.drop { $0.isNumber || $0 == "." }
        let scales: [Substring: Int64] = ["ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000]
        let parts = word[..<unit.startIndex].split(separator: ".", omittingEmptySubsequences: false)
        guard let scale = scales[unit], (1...2).contains(parts.count), let whole = Int64(parts[0]),
            whole < Int64.max / 4 / scale
        else {
            throw mistake("\(word) is no length of time such as 20ms")
        }
        var time = whole * scale
        if parts.count == 2 {
            let digits = String(String(scale).dropFirst()).count
            guard let fraction = Int64(parts[1]), parts[1].count <= digits else {
                throw mistake("\(word) is too exact")
            }
            time += (0..<(digits - parts[1].count)).reduce(fraction) { value, _ in value * 10 }
        }
        return time
    }

    func node(_ word: Substring) throws(ScenarioMistake) -> Int {
        guard word.first == "n", let index = Int(word.dropFirst()), (0..<settings.nodes).contains(index) else {
            throw mistake("\(word) is none of the nodes n0 to n\(settings.nodes - 1)")
        }
        return index
    }
}

/// What is wrong with a script.
public struct ScenarioMistake: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    public let why: String
    public var description: String { "line \(line): \(why)" }
}
