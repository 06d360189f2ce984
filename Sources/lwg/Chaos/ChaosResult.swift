import GroupSimulator

/// Something that must not be.
struct ChaosProblem: Hashable, Sendable {
    /// A property of design.md, section 9, or `crash`, `soak`.
    var property: String
    var why: String
    var group = ""
    var member = ""

    init(_ property: String, _ why: String) {
        self.property = property
        self.why = why
    }

    init(_ violation: Violation) {
        property = violation.property
        why = "\(violation.file):\(violation.line): \(violation.why)"
        group = violation.group
        member = violation.process
    }

    var json: JSON {
        ["property": .string(property), "g": .string(group), "p": .string(member), "why": .string(why)]
    }

    var text: String { [property, group, member].filter { !$0.isEmpty }.joined(separator: " ") + ": " + why }
}

/// What a chaos run came to.
struct ChaosResult: Sendable {
    let plan: ChaosPlan
    var acts: [String: Int] = [:]
    var incarnations = 0
    var faultSeconds = 0.0
    /// Of each round, from its last fault until everything was delivered that was sent afterwards.
    var convergedMilliseconds: [Double] = []
    var traceBytes = 0
    var events = 0
    var problems: [ChaosProblem] = []
    var violationCount = 0
    var soak = SoakJudgement()
    /// Where the traces are, when they are kept.
    var traces: String?

    init(plan: ChaosPlan) { self.plan = plan }

    var holds: Bool { problems.isEmpty }

    mutating func judge(_ traces: [String]) throws {
        let report: TraceCheck.Report
        do {
            report = try TraceCheck.run(files: traces)
        } catch {
            throw Failure(error.description)
        }
        events = report.events
        violationCount = report.violationCount
        problems += report.violations.map { ChaosProblem($0) }
    }

    var json: JSON {
        [
            "seed": .unsigned(plan.seed), "nodes": .int(plan.nodes), "groups": .int(plan.groups),
            "seconds": .number(faultSeconds),
            "acts": .object(acts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .int($0.value)) }),
            "incarnations": .int(incarnations), "rounds": .int(convergedMilliseconds.count),
            "convergedMs": .array(convergedMilliseconds.map(JSON.number)), "events": .int(events),
            "traceBytes": .int(traceBytes), "ok": .bool(holds), "violations": .array(problems.map(\.json)),
            "violationCount": .int(violationCount),
            "soak": soak.json,
            "traces": .optional(traces),
        ]
    }

    var text: String {
        var lines = problems.map { "seed \(plan.seed): \($0.text)" }
        let all = acts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        lines.append("acts: \(all)")
        lines += soak.text
        lines.append(
            """
            \(holds ? "ok" : "\(problems.count) problems"): \(plan.nodes) nodes, \(plan.groups) groups, seed \(plan.seed), \
            \(acts.values.reduce(0, +)) acts in \(Int(faultSeconds)) s, \(incarnations) incarnations, \(events) trace lines, \
            \(convergedMilliseconds.count) times converged, in \(JSON.number((convergedMilliseconds.max() ?? 0) / 1_000).line) s at most
            """)
        if let traces { lines.append("traces, logs and what was done: \(traces)") }
        return lines.joined(separator: "\n")
    }
}
