import Foundation
import GroupSimulator
import LightweightGroups

/// `lwg sim --churn N`: one long world, whose tables must stay flat.
struct ChurnRun {
    let seed: UInt64
    let nodes: Int
    let groups: Int
    let viewChanges: Int

    /// Looks at the tables, evenly over the run.
    private static let looks = 40

    func run(_ json: Bool) -> Bool {
        let begin = Monotonic.nanoseconds
        let progress = ProgressBar()
        var world = ChurnWorld(seed: seed, nodes: nodes, groups: groups)
        var samples: [ChaosSoak.Sample] = []
        for look in 1...Self.looks where world.violations.isEmpty {
            world.run(viewChanges: max(viewChanges * look / Self.looks - world.viewChanges, 0))
            var values = world.tables
            values["residentBytes"] = ProcessFigures.now().residentBytes ?? 0
            samples.append(ChaosSoak.Sample(at: Monotonic.nanoseconds, values: values))
            progress.show(world.viewChanges, of: viewChanges, "\(world.viewChanges) view changes")
        }
        world.settle()
        progress.clear()
        let soak = SoakJudgement(survivor: "n\(ChurnWorld.survivor)", samples)
        let wrong = world.violations.map { ChaosProblem("churn", $0) } + soak.problems
        if json {
            LineWriter.output.write([
                "seed": .unsigned(seed), "viewChanges": .int(world.viewChanges),
                "lwgViews": .int(world.lightweightViews), "delivered": .int(world.delivered),
                "compared": .int(world.compared), "realSeconds": .number(Monotonic.milliseconds(since: begin) / 1_000),
                "violations": .array(wrong.map(\.json)), "soak": soak.json,
            ])
        } else {
            for problem in wrong { LineWriter.output.write("seed \(seed): \(problem.text)", more: true) }
            for line in soak.text { LineWriter.output.write(line, more: true) }
            LineWriter.output.write(
                """
                \(wrong.isEmpty ? "ok" : "\(wrong.count) problems"): \(world.viewChanges) heavyweight view changes at \
                \(soak.survivor), \(world.lightweightViews) light-weight views, \(world.delivered) deliveries, \
                \(world.compared) passages compared, seed \(seed), \(Int(Monotonic.milliseconds(since: begin) / 1_000)) s
                """)
        }
        return wrong.isEmpty
    }
}
