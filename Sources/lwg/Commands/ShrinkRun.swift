import Foundation
import GroupCore
import GroupSimulator

/// `lwg sim --shrink`.
enum ShrinkRun {
    static func run(
        _ seed: UInt64, _ options: SimulationOptions, goal: ShrinkGoal?, _ output: String?, json: Bool
    ) throws {
        let file = output ?? "seed-\(seed).scenario"
        let bar = ProgressBar()
        let shrunk = Shrinker.run(NodeCore.self, seed: seed, options: options, goal: goal) { bar.show($0) }
        bar.clear()
        guard let shrunk else { throw Failure("seed \(seed) does not show what is to be made smaller") }
        guard !shrunk.file.isEmpty else {
            throw Failure("seed \(seed), which \(shrunk.goal), could not be turned into a script that does the same")
        }
        try OutputFile.write(shrunk.file.utf8, to: file)
        LineWriter.output.write(json ? self.json(shrunk, file).line : text(shrunk, file))
    }

    private static func text(_ shrunk: Shrunk, _ file: String) -> String {
        "\(file): \(shrunk.after) statements instead of \(shrunk.before), found with \(shrunk.tries) worlds; \(shrunk.goal)\n"
            + "  lwg sim --scenario \(file)"
    }

    private static func json(_ shrunk: Shrunk, _ file: String) -> JSON {
        [
            "file": .string(file), "goal": .string(shrunk.goal.description), "before": .int(shrunk.before),
            "after": .int(shrunk.after), "tries": .int(shrunk.tries),
        ]
    }
}
