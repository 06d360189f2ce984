import LightweightGroups

struct BenchParameters: Sendable {
    var kind: BenchKind
    var nodes: Int
    var groups: Int
    var idleGroups: Int
    var mode: BenchMode
    var size: Int
    var senders: Int
    var order: Order
    var rate: Double
    var seconds: Double
    var cold: Bool
    var config: String?
    var trace: String?
}

/// What one run measured: keys with numbers, or with further keys.
indirect enum Measured: Hashable, Sendable {
    case number(Double?)
    case keys([Entry])

    struct Entry: Hashable, Sendable {
        var name: String
        var value: Measured
    }

    var json: JSON {
        switch self {
        case .number(let value): .optional(value)
        case .keys(let keys): .object(keys.map { JSON.Field(key: $0.name, value: $0.value.json) })
        }
    }

    /// Key by key; a run without a value is left out of that key's median.
    static func median(_ runs: [Measured]) -> Measured {
        guard let first = runs.first else { return .keys([]) }
        switch first {
        case .number:
            return .number(Sample.median(runs.compactMap { if case .number(let value) = $0 { value } else { nil } }))
        case .keys(let keys):
            return .keys(
                keys.map { key in
                    let values = runs.compactMap { run -> Measured? in
                        guard case .keys(let others) = run else { return nil }
                        return others.first { $0.name == key.name }?.value
                    }
                    return Entry(name: key.name, value: median(values))
                })
        }
    }

    /// `handler.p50us 12.3`, one line each.
    func lines(_ prefix: String = "") -> [String] {
        switch self {
        case .number(let value): ["\(prefix) \(value.map { JSON.number($0).line } ?? "not measured")"]
        case .keys(let keys):
            keys.flatMap { $0.value.lines(prefix.isEmpty ? $0.name : "\(prefix).\($0.name)") }
        }
    }
}

extension Measured: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, Measured)...) {
        self = .keys(elements.map { Entry(name: $0, value: $1) })
    }
}

/// Why a run could not do what was asked, and how far it came.
struct StoppedEarly: Hashable, Sendable {
    var groupsReached: Int
    var reason: String
}

/// What one run gives.
struct BenchOutcome: Sendable {
    var measured: Measured?
    var stoppedEarly: StoppedEarly?
    /// The share of one processor that other processes used meanwhile, in percent.
    var foreignCpu: Double
}

/// A benchmark's parameters and runs; the keys are design.md's, section 8.
struct BenchReport: Sendable {
    let parameters: BenchParameters
    private(set) var runs: [Measured] = []
    private(set) var foreign: [Double] = []
    private(set) var stoppedEarly: StoppedEarly?

    init(parameters: BenchParameters) { self.parameters = parameters }

    mutating func add(_ outcome: BenchOutcome) {
        if let measured = outcome.measured { runs.append(measured) }
        foreign.append(outcome.foreignCpu)
        stoppedEarly = outcome.stoppedEarly
    }

    var json: JSON {
        var fields: [JSON.Field] = [
            .init(key: "kind", value: .string(parameters.kind.rawValue)),
            .init(key: "mode", value: .string(parameters.mode.rawValue)),
            .init(key: "nodes", value: .int(parameters.nodes)), .init(key: "groups", value: .int(parameters.groups)),
            .init(key: "idleGroups", value: .int(parameters.idleGroups)),
            .init(key: "size", value: .int(parameters.size)), .init(key: "senders", value: .int(parameters.senders)),
            .init(key: "order", value: .string(parameters.order.word)),
            .init(key: "rate", value: .number(parameters.rate)),
            .init(key: "seconds", value: .number(parameters.seconds)),
            .init(key: "cold", value: .bool(parameters.cold)),
            .init(key: "config", value: .optional(parameters.config)),
            .init(key: "runs", value: .array(runs.map(\.json))),
            .init(key: "median", value: Measured.median(runs).json),
            .init(key: "foreignCpu", value: .optional(Sample.median(foreign))),
        ]
        if let stoppedEarly {
            fields.append(.init(key: "groupsReached", value: .int(stoppedEarly.groupsReached)))
            fields.append(.init(key: "reason", value: .string(stoppedEarly.reason)))
        }
        return .object(fields)
    }

    var text: String {
        var lines = [
            "\(parameters.kind.rawValue): \(parameters.nodes) nodes, \(parameters.groups) groups"
                + (parameters.idleGroups > 0 ? " and \(parameters.idleGroups) idle ones" : "")
                + (parameters.mode == .hwg ? ", each its own heavyweight group" : "")
                + "; the median of \(runs.count) runs"
        ]
        lines += Measured.median(runs).lines().map { "  " + $0 }
        if let stoppedEarly {
            lines.append("  stopped early at \(stoppedEarly.groupsReached) groups: \(stoppedEarly.reason)")
        }
        lines.append("  other processes used \(JSON.optional(Sample.median(foreign)).line) % of one processor")
        return lines.joined(separator: "\n")
    }
}
