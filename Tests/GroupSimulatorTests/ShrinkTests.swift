import GroupCore
import GroupSimulator
import Testing

/// What a seed did, as a script, and smaller.
@Suite struct ShrinkTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `the script of a seed does what the seed did, byte for byte`(_ seed: UInt64) throws {
        // With the newer kinds of faults one seed in ten goes another way after it has healed (Sources/GroupSimulator/GroupSimulator.docc/Scenarios.md).
        let faults = SimulatedFaults.all.subtracting([.replays, .drift, .slowness, .restarts, .ambushes])
        let options = SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: faults)
        let scenario = try Scenario(Simulation.script(NodeCore.self, seed: seed, options: options))
        let report = scenario.run()
        #expect(report.failures.isEmpty)
        let lines = { (trace: [UInt8]) in String(decoding: trace, as: UTF8.self).split(separator: "\n") }
        let (drawn, scripted) = (lines(Simulation.run(seed: seed, options: options).trace), lines(report.trace))
        let first = zip(drawn, scripted).first { $0 != $1 }
        #expect(first == nil, "seed \(seed): \(first?.0 ?? ""), \(first?.1 ?? "")")
        #expect(drawn.count == scripted.count, "seed \(seed)")
    }

    /// Nodes that start in the same nanosecond look for the control group at once: a script lets them do that one after the other.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `the script of a seed of the mode primary does what the seed did, but for the order within a nanosecond`(
        _ seed: UInt64
    ) throws {
        let faults = SimulatedFaults.all.subtracting([.replays, .drift, .slowness, .restarts, .ambushes])
        let options = SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: faults, isPrimaryMode: true)
        let script = Simulation.script(NodeCore.self, seed: seed, options: options)
        #expect(script.contains("mode primary\n"))
        let report = try Scenario(script).run()
        #expect(report.failures.isEmpty && report.violations.isEmpty)
        let lines = { (trace: [UInt8]) in String(decoding: trace, as: UTF8.self).split(separator: "\n").sorted() }
        let (drawn, scripted) = (lines(Simulation.run(seed: seed, options: options).trace), lines(report.trace))
        let first = zip(drawn, scripted).first { $0 != $1 }
        #expect(first == nil, "seed \(seed): \(first?.0 ?? ""), \(first?.1 ?? "")")
        #expect(drawn.count == scripted.count, "seed \(seed)")
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
