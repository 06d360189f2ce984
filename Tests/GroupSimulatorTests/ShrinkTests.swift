import GroupCore
import GroupSimulator
import Testing

/// What a seed did, as a script, and smaller.
@Suite struct ShrinkTests {
    @Test(arguments: 0..<20)
    func `the script of a seed does what the seed did, byte for byte`(_ batch: UInt64) throws {
        for seed in (10 * batch + 1)...(10 * batch + 10) {
            try repeats(seed, SimulationOptions(nodes: 3, groups: 3, seconds: 1))
        }
    }

    @Test(arguments: 0..<5)
    func `so it does of the mode primary`(_ batch: UInt64) throws {
        for seed in (10 * batch + 1)...(10 * batch + 10) {
            try repeats(seed, SimulationOptions(nodes: 3, groups: 2, seconds: 2, isPrimaryMode: true))
        }
    }

    private func repeats(_ seed: UInt64, _ options: SimulationOptions) throws {
        let scenario = try Scenario(Simulation.script(NodeCore.self, seed: seed, options: options))
        let report = scenario.run()
        #expect(report.failures.isEmpty)
        let lines = { (trace: [UInt8]) in String(decoding: trace, as: UTF8.self).split(separator: "\n") }
        let drawn = Simulation.run(seed: seed, options: options).trace
        guard drawn != report.trace else { return }
        let (first, other) = zip(lines(drawn), lines(report.trace)).first { $0 != $1 } ?? ("less", "or more")
        Issue.record("seed \(seed): \(first), \(other)")
    }

    /// The seed makes some hundred statements; who is left out needs a start, a join and a crash.
    @Test func `a seeded world shrinks to the few statements that a line of its timeline needs`() throws {
        let options = SimulationOptions(nodes: 3, groups: 2, seconds: 2, faults: [.crashes, .loss])
        let line = "* suspects n1"
        let seed = try #require((1...40 as ClosedRange<UInt64>).first { shows(line, $0, options) })
        let shrunk = try #require(
            Shrinker.run(NodeCore.self, seed: seed, options: options, goal: .line(line), limit: 400))
        #expect(shrunk.before > 50)
        #expect(shrunk.after <= 6, "\(shrunk.file)")
        #expect(shrunk.tries <= 400)
        let scenario = try Scenario(shrunk.file)
        let report = scenario.run()
        #expect(report.timeline == scenario.recorded)
        #expect(report.timeline.contains { $0.contains(" suspects n1 ") })
    }

    private func shows(_ line: String, _ seed: UInt64, _ options: SimulationOptions) -> Bool {
        var options = options
        options.keepsTranscript = true
        return Simulation.run(seed: seed, options: options).transcript.contains { $0.contains(" suspects n1 ") }
    }

    /// A core that delivers each message twice needs one join and one message.
    @Test func `the failure of a core with a flaw shrinks to what shows the flaw`() throws {
        let options = SimulationOptions(nodes: 2, groups: 4, seconds: 2)
        let shrunk = try #require(Shrinker.run(FlawedCore<Repeats>.self, seed: 1, options: options))
        #expect(shrunk.goal == .property("D2") || shrunk.goal == .property("liveness"))
        #expect(shrunk.before > 10)
        #expect(shrunk.after <= 4, "\(shrunk.file)")
        let report = try Scenario(shrunk.file).run(FlawedCore<Repeats>.self)
        #expect(report.violations.contains { .property($0.property) == shrunk.goal })
    }

    @Test func `nothing comes of a seed that does not fail`() {
        let options = SimulationOptions(nodes: 2, groups: 1, seconds: 0, faults: .none)
        #expect(Shrinker.run(NodeCore.self, seed: 1, options: options) == nil)
        #expect(Shrinker.run(NodeCore.self, seed: 1, options: options, goal: .line("n0 ends")) == nil)
    }
}
