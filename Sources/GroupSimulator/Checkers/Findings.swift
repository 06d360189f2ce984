/// One thing that a history does and must not.
public struct Violation: Hashable, Sendable {
    /// `M1` … `L3` as in design.md, section 9; `primary`; `unchanged`; `liveness`; `trace` for a line that is none.
    public let property: String
    /// The group, as in the trace; empty where there is none.
    public let group: String
    /// The member that shows it.
    public let process: String
    public let file: String
    /// From 1, in `file`.
    public let line: Int
    public let why: String
}

extension Violation: Encodable {
    private enum CodingKeys: String, CodingKey {
        case property
        case group = "g"
        case process = "p"
        case line, why, file
    }
}

/// What the checkers found, at most `limit` described per property: one bug shows in a thousand lines.
struct Findings {
    static let limit = 20

    private(set) var violations: [Violation] = []
    private var counts: [String: Int] = [:]
    let history: TraceHistory

    init(history: TraceHistory) { self.history = history }

    var total: Int { counts.values.reduce(0, +) }

    /// `event`: the line that shows it.
    mutating func add(_ property: String, _ event: Int32, _ why: @autoclosure () -> String) {
        counts[property, default: 0] += 1
        guard counts[property, default: 0] <= Self.limit else { return }
        let line = history.events[Int(event)]
        let group = line.seat < 0 ? "" : history.name(group: history.group(seat: line.seat))
        let member = line.seat < 0 ? line.process : history.member(seat: line.seat)
        violations.append(
            Violation(
                property: property, group: group, process: history.name(member: member),
                file: history.files[Int(line.file)], line: Int(line.line), why: why()))
    }

    mutating func addWrongLines() {
        counts["trace"] = history.malformed == 0 ? nil : history.malformed
        for wrong in history.wrongLines.prefix(Self.limit) {
            let file = history.files[Int(wrong.file)]
            violations.append(
                Violation(
                    property: "trace", group: "", process: "", file: file, line: Int(wrong.line),
                    why: "\(file):\(wrong.line): \(wrong.why)"))
        }
    }
}
