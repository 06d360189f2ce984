import Testing

@testable import GroupSimulator

/// Every interleaving of worlds that are small enough for a debug build; `lwg explore` visits larger ones.
@Suite struct ExplorationTests {
    @Test(arguments: ["one", "onecrash", "join", "crash", "mistakes"])
    func `no interleaving of a small world violates a property`(_ name: String) throws {
        let plan = try #require(SmallWorldPlan.named(name))
        let report = Explorer.run(plan)
        #expect(report.isComplete)
        #expect(report.violations.isEmpty, "\(report.violations) after \(report.path)")
        #expect(report.ends > 1)
        #expect(report.states > report.ends)
    }

    /// Two orders of events that leave a node the same are one state: nothing that comes of either may be missed.
    @Test(arguments: ["one", "join", "onecrash", "crash", "mistakes"])
    func `what comes of states that are alike is what comes of all histories`(_ name: String) throws {
        let plan = try #require(SmallWorldPlan.named(name))
        let (alike, apart) = (Explorer.run(plan, .alike), Explorer.run(plan, .histories))
        #expect(alike.outcomes == apart.outcomes)
        #expect(alike.states <= apart.states)
        #expect(alike.nodeStates <= apart.nodeStates)
    }

    /// Of orders that make no difference one is visited: all that comes of the others comes of it.
    @Test(arguments: ["one", "join", "onecrash", "crash", "mistakes", "mistake", "enter"])
    func `what comes of some orders is what comes of all`(_ name: String) throws {
        let plan = try #require(SmallWorldPlan.named(name))
        let (some, all) = (Explorer.run(plan, .full), Explorer.run(plan, .alike))
        #expect(some.outcomes == all.outcomes)
        #expect(some.violations.isEmpty)
        #expect(all.violations.isEmpty)
    }

    @Test func `the same world has the same number of states every time`() throws {
        let plan = try #require(SmallWorldPlan.named("one"))
        let (one, other) = (Explorer.run(plan), Explorer.run(plan))
        #expect(one.states == other.states)
        #expect(one.steps == other.steps)
    }

    @Test func `a search that is given up says so`() throws {
        let plan = try #require(SmallWorldPlan.named("takeover"))
        let report = Explorer.run(plan, states: 500)
        #expect(!report.isComplete)
        #expect(report.states == 500)
    }
}
