import GroupCore
import GroupModel

/// What an exhaustive search of a small world found.
public struct ExplorationReport: Sendable {
    public let plan: SmallWorldPlan
    /// States that differ in what some node can tell.
    public var states = 0
    /// Steps from one state to another.
    public var steps = 0
    /// States in which nothing but time passes; each is let come to rest, and its traces are judged.
    public var ends = 0
    /// False: the limit of states was reached first.
    public var isComplete = true
    /// The longest path.
    public var depth = 0
    public var violations: [Violation] = []
    /// The steps that led to the first violation; without one, those of a longest path.
    public var path: [String] = []
    /// The trace of the first violation.
    public var trace: [UInt8] = []
}

/// Visits every state of a small world, depth first.
public enum Explorer {
    public static func run(
        _ plan: SmallWorldPlan, states limit: Int = .max, progress: (ExplorationReport) -> Void = { _ in }
    ) -> ExplorationReport {
        var report = ExplorationReport(plan: plan)
        let start = SmallWorld(plan)
        var visited: Set<UInt64> = [start.key]
        var stack = [Branch(start)]
        var longest: [SmallWorld.Action] = []
        judge(start, { [] }, &report)
        report.states = 1
        while let top = stack.indices.last, report.violations.isEmpty {
            guard let action = stack[top].next() else {
                stack.removeLast()
                continue
            }
            var world = stack[top].world
            world.perform(action)
            report.steps += 1
            guard visited.insert(world.key).inserted else { continue }
            report.states += 1
            if report.states % 8_192 == 0 { progress(report) }
            if report.states >= limit {
                report.isComplete = false
                report.path = start.telling(longest)
                return report
            }
            let branch = Branch(world)
            if branch.isEnd { judge(world, { start.telling(stack.map(\.taken)) }, &report) }
            stack.append(branch)
            if stack.count - 1 > report.depth {
                report.depth = stack.count - 1
                longest = stack.dropLast().map(\.taken)
            }
        }
        if report.violations.isEmpty { report.path = start.telling(longest) }
        return report
    }

    private struct Branch {
        let world: SmallWorld
        private let actions: [SmallWorld.Action]
        private var place = 0

        init(_ world: SmallWorld) {
            self.world = world
            actions = world.actions()
        }

        /// Whatever else may happen there, it need not.
        var isEnd: Bool {
            actions.allSatisfy { action in
                switch action {
                case .crash, .tick: true
                case .suspect(let other, _): world.nodes[other].isAlive
                case .deliver, .lose, .request: false
                }
            }
        }

        /// The action that was taken last.
        var taken: SmallWorld.Action { actions[place - 1] }

        mutating func next() -> SmallWorld.Action? {
            guard place < actions.count else { return nil }
            place += 1
            return actions[place - 1]
        }
    }

    private static func judge(
        _ end: SmallWorld, _ path: () -> [String], _ report: inout ExplorationReport
    ) {
        report.ends += 1
        var world = end
        world.drain()
        var encoder = TraceEncoder()
        world.trace(into: &encoder)
        var check = TraceCheck()
        encoder.bytes.withUnsafeBytes { check.add($0, named: report.plan.name) }
        let found = check.report().violations
        guard !found.isEmpty else { return }
        report.violations = found
        report.path = path()
        report.trace = encoder.bytes
    }
}
