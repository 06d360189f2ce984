import Foundation
import Synchronization

/// What the node that lives through the whole run uses, at intervals: it must stay flat while nodes and groups come and go.
actor ChaosSoak {
    struct Sample: Sendable {
        var at: Int64
        var values: [String: Int]
    }

    /// From the third quarter of the run to the fourth a median may grow by this part, and by so much besides: heaps and
    /// tables breathe, and memory comes in arenas.
    static let growth = 0.15
    static let slack = ["residentBytes": 24 << 20, "descriptors": 8]
    static let tableSlack = 64
    /// Fewer samples say nothing.
    static let samplesNeeded = 16

    private let survivor: String
    private var samples: [Sample] = []
    private var isAsking = false

    init(survivor: String) { self.survivor = survivor }

    func sample(_ cluster: ChaosCluster) async {
        guard !isAsking, let node = await cluster.awake.first(where: { $0.name == survivor }) else { return }
        isAsking = true
        defer { isAsking = false }
        // A paused node answers when it wakes.
        guard case .standing(let standing) = try? await node.ask(.standing) else { return }
        var values = standing.tables
        values["residentBytes"] = standing.residentBytes
        values["waiting"] = standing.unfinished.count
        samples.append(Sample(at: Monotonic.nanoseconds, values: values))
    }

    func judgement() -> SoakJudgement { SoakJudgement(survivor: survivor, samples) }
}

/// Each table's medians in the run's third and fourth quarter, and what grew.
struct SoakJudgement: Sendable {
    struct Line: Sendable {
        var name: String
        var first: Int
        var third: Int
        var fourth: Int
    }
    var survivor = ""
    var samples = 0
    var lines: [Line] = []

    init() {}

    init(survivor: String, _ samples: [ChaosSoak.Sample]) {
        self.survivor = survivor
        self.samples = samples.count
        let quarter = samples.count / 4
        guard quarter > 0 else { return }
        func median(_ name: String, _ part: ArraySlice<ChaosSoak.Sample>) -> Int {
            Int(lwg.Sample.median(part.map { Double($0.values[name] ?? 0) }) ?? 0)
        }
        for name in Set(samples.flatMap(\.values.keys)).sorted() {
            lines.append(
                Line(
                    name: name, first: median(name, samples[..<quarter]),
                    third: median(name, samples[(2 * quarter)..<(3 * quarter)]),
                    fourth: median(name, samples[(3 * quarter)...])))
        }
    }

    var problems: [ChaosProblem] {
        guard samples >= ChaosSoak.samplesNeeded else { return [] }
        return lines.filter { line in
            let slack = ChaosSoak.slack[line.name] ?? ChaosSoak.tableSlack
            return Double(line.fourth) > Double(line.third) * (1 + ChaosSoak.growth) + Double(slack)
        }.map {
            ChaosProblem(
                "soak", "\($0.name) of \(survivor) grew from \($0.third) to \($0.fourth) in the run's last quarter")
        }
    }

    var json: JSON {
        [
            "node": .string(survivor), "samples": .int(samples),
            "medians": .object(
                lines.map { .init(key: $0.name, value: .array([.int($0.first), .int($0.third), .int($0.fourth)])) }),
        ]
    }

    var text: [String] {
        ["of \(survivor), which lives through it all: medians of the first, third and fourth quarter"]
            + lines.map { "  \($0.name): \($0.first), \($0.third), \($0.fourth)" }
    }
}
