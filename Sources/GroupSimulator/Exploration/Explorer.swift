import GroupCore
import GroupModel

/// What an exhaustive search of a small world found.
public struct ExplorationReport: Sendable {
    public let plan: SmallWorldPlan
    /// States of the world that differ in what a node is, has told or is about to get.
    public var states = 0
    /// States of single nodes.
    public var nodeStates = 0
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
    /// Hashes of the traces of all ends.
    var outcomes: Set<UInt64> = []
}

/// Visits every state of a small world, depth first.
public struct Explorer {
    /// What is done about the number of states.
    public enum Reduction: String, CaseIterable, Sendable {
        /// Nothing: states of nodes are told apart by all that has happened to them.
        case histories
        /// States that are alike are one.
        case alike
        /// Besides, of orders that make no difference one is visited.
        case full
    }

    private let plan: SmallWorldPlan
    private var table: LocalStates
    private var commutation = Commutation()
    private let start: WorldState
    private var report: ExplorationReport
    /// Ends that were judged.
    private var judged: Set<UInt64> = []

    public static func run(
        _ plan: SmallWorldPlan, states limit: Int = .max, _ reduction: Reduction = .full,
        progress: (ExplorationReport) -> Void = { _ in }
    ) -> ExplorationReport {
        var explorer = Explorer(plan, reduction)
        repeat {
            explorer.search(limit, progress)
        } while explorer.commutation.isRefuted && explorer.report.violations.isEmpty && explorer.report.isComplete
        explorer.report.nodeStates = explorer.table.states.count
        return explorer.report
    }

    private init(_ plan: SmallWorldPlan, _ reduction: Reduction) {
        self.plan = plan
        report = ExplorationReport(plan: plan)
        let world = SmallWorld(plan)
        table = LocalStates(world, reduction)
        start = WorldState(world, &table)
    }

    private mutating func search(_ limit: Int, _ progress: (ExplorationReport) -> Void) {
        commutation.searchBegins()
        report.states = 1
        report.steps = 0
        report.ends = 0
        report.depth = 0
        var visited: Set<UInt64> = [start.key(plan)]
        // States from which the search has not come back: what is left out is done later, which there must be.
        var path = visited
        var stack = [Branch(start, plan, &table, &commutation)]
        var longest: [WorldState.Action] = []
        judge(start, [])
        while let top = stack.indices.last, report.violations.isEmpty {
            guard let action = stack[top].next() else {
                path.remove(stack.removeLast().key)
                continue
            }
            var world = stack[top].world
            world.perform(action, &table)
            if table.isReduced { commutation.learn(&table) }
            report.steps += 1
            let key = world.key(plan)
            guard visited.insert(key).inserted else {
                precondition(!path.contains(key), "a world comes back to a state that it was in")
                continue
            }
            path.insert(key)
            report.states += 1
            if report.states % 8_192 == 0 { progress(report) }
            if report.states >= limit {
                report.isComplete = false
                break
            }
            let branch = Branch(world, plan, &table, &commutation)
            if branch.isEnd {
                report.ends += 1
                if judged.insert(key).inserted { judge(world, stack.map(\.taken)) }
            }
            stack.append(branch)
            if stack.count - 1 > report.depth {
                report.depth = stack.count - 1
                longest = stack.dropLast().map(\.taken)
            }
        }
        if report.violations.isEmpty { report.path = start.telling(longest, plan, &table) }
    }

    private struct Branch {
        let world: WorldState
        private let actions: [WorldState.Action]
        private var place = 0
        let isEnd: Bool
        let key: UInt64

        init(
            _ world: WorldState, _ plan: SmallWorldPlan, _ table: inout LocalStates, _ commutation: inout Commutation
        ) {
            self.world = world
            key = world.key(plan)
            let all = world.actions(plan, table)
            actions = world.persistent(all, plan, &table, &commutation)
            isEnd = world.isEnd(all, table)
        }

        /// The action that was taken last.
        var taken: WorldState.Action { actions[place - 1] }

        mutating func next() -> WorldState.Action? {
            guard place < actions.count else { return nil }
            place += 1
            return actions[place - 1]
        }
    }

    private mutating func judge(_ end: WorldState, _ path: [WorldState.Action]) {
        var world = end.world(plan, &table)
        world.drain()
        var encoder = TraceEncoder()
        world.trace(into: &encoder)
        // Many ends come to rest with the same traces.
        guard report.outcomes.insert(StableHash.of(encoder.bytes)).inserted else { return }
        var check = TraceCheck()
        encoder.bytes.withUnsafeBytes { check.add($0, named: plan.name) }
        let found = check.report().violations
        guard !found.isEmpty else { return }
        report.violations = found
        report.path = start.telling(path, plan, &table)
        report.trace = encoder.bytes
    }
}
