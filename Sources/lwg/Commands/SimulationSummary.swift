import GroupSimulator

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

    /// With those that are looked for and never came about.
    private var counts: [String: Int] {
        rare.merging(RareState.all.map { ($0.name, 0) }) { times, _ in times }
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
            "rare": .object(
                counts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .int($0.value)) }),
            "digest": .string(digest), "interrupted": .bool(isInterrupted),
        ]
    }

    private func text(_ realSeconds: Double, _ isInterrupted: Bool) -> String {
        var lines = sorted.map { entry in
            "seed \(entry.seed): \(entry.violation.property) \(entry.violation.group) \(entry.violation.process), line "
                + "\(entry.violation.line): \(entry.violation.why)\n  \(entry.reproduction)"
        }
        if seeds > 1 { lines += rareLines }
        lines.append(
            "\(seeds) \(seeds == 1 ? "seed" : "seeds"), \(violations.count) violations, "
                + "\(JSON.number(simulatedSeconds).line) simulated seconds in \(JSON.number(realSeconds).line) s "
                + "(\(Self.speed(simulatedSeconds, realSeconds)) times real time), "
                + "digest \(digest)\(isInterrupted ? ", interrupted" : "")")
        return lines.joined(separator: "\n")
    }

    static func speed(_ simulatedSeconds: Double, _ realSeconds: Double) -> Int {
        Int((simulatedSeconds / max(realSeconds, 0.001)).rounded())
    }

    /// How often each rare state came about, and which never did.
    private var rareLines: [String] {
        let reached = RareState.all.filter { rare[$0.name, default: 0] > 0 }
        let width = reached.map { "\(rare[$0.name, default: 0])".count }.max() ?? 0
        var lines = reached.map { state in
            let times = "\(rare[state.name, default: 0])"
            return "  " + String(repeating: " ", count: width - times.count) + "\(times) times: \(state.meaning)"
        }
        let others = RareState.all.filter { rare[$0.name, default: 0] == 0 }
        if !others.isEmpty {
            lines.append("  never reached: \(others.map(\.meaning).joined(separator: "; "))")
        }
        return lines
    }
}
