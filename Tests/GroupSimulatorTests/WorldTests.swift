import GroupSimulator
import Testing

/// The world itself: repeatable, and not blind.
@Suite struct WorldTests {
    private static let alone = SimulationOptions(nodes: 1, groups: 3, seconds: 2)

    private func properties(_ report: SimulationReport) -> Set<String> { Set(report.violations.map(\.property)) }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a core that is right alone runs alone without a violation`(_ seed: UInt64) {
        let report = Simulation.run(LoneCore.self, seed: seed, options: Self.alone)
        // With two endpoints on its node, the lone core lets them miss each other.
        let tolerated: Set<String> = report.plan.contains("endpoints 2") ? ["liveness"] : []
        #expect(properties(report).subtracting(tolerated).isEmpty, "\(report.violations)")
        #expect(report.events > 10)
    }

    @Test func `a seed gives the same transcript every time, and another seed another`() {
        let options = SimulationOptions(nodes: 3, groups: 5, seconds: 2)
        let first = Simulation.run(LoneCore.self, seed: 7, options: options)
        let second = Simulation.run(LoneCore.self, seed: 7, options: options)
        #expect(first.digest == second.digest)
        #expect(first.trace == second.trace)
        #expect(first.rare == second.rare)
        #expect(Simulation.run(LoneCore.self, seed: 8, options: options).digest != first.digest)
    }

    @Test func `keeping the transcript changes nothing that happens`() {
        var options = SimulationOptions(nodes: 3, groups: 5, seconds: 2)
        let first = Simulation.run(LoneCore.self, seed: 7, options: options)
        options.keepsTranscript = true
        let second = Simulation.run(LoneCore.self, seed: 7, options: options)
        #expect(first.digest == second.digest)
        #expect(first.transcript.isEmpty)
        #expect(second.transcript.count > second.events / 2)
    }

    @Test func `members that never meet are no group`() {
        let report = Simulation.run(
            LoneCore.self, seed: 1, options: SimulationOptions(nodes: 2, groups: 1, seconds: 2, faults: .none))
        #expect(properties(report) == ["liveness"])
    }

    @Test func `cores with a flaw are found out`() {
        #expect(properties(Simulation.run(FlawedCore<Garbles>.self, seed: 1, options: Self.alone)).contains("D1"))
        #expect(properties(Simulation.run(FlawedCore<Repeats>.self, seed: 1, options: Self.alone)).contains("D2"))
        #expect(
            properties(Simulation.run(FlawedCore<HoldsForever>.self, seed: 1, options: Self.alone)).contains("liveness")
        )
        #expect(
            properties(Simulation.run(FlawedCore<NeverJoins>.self, seed: 1, options: Self.alone)).contains("liveness"))
    }

    @Test func `a report names the command that runs it again`() {
        let report = Simulation.run(
            LoneCore.self, seed: 42,
            options: SimulationOptions(nodes: 1, groups: 2, seconds: 0, faults: [.loss, .crashes]))
        #expect(report.reproduction == "lwg sim --seed 42 --nodes 1 --groups 2 --seconds 0 --faults loss,crashes")
        #expect(SimulatedFaults("loss,crashes") == [.loss, .crashes])
        #expect(SimulatedFaults("all") == .all)
        #expect(SimulatedFaults("none") == SimulatedFaults.none)
        #expect(SimulatedFaults("lossy") == nil)
    }

    @Test func `worlds of few faults are each a world of the faults that they name`() {
        var options = SimulationOptions(nodes: 1, groups: 2, seconds: 0)
        options.hasFewFaults = true
        var faults: Set<SimulatedFaults> = []
        for seed in 1...40 as ClosedRange<UInt64> {
            let report = Simulation.run(LoneCore.self, seed: seed, options: options)
            let words = report.reproduction.split(separator: " ")
            guard words.count == 12, let named = SimulatedFaults(String(words[11])) else {
                Issue.record("not a command: \(report.reproduction)")
                continue
            }
            #expect(words[11].split(separator: ",").count <= 4 && named != .none && named.isSubset(of: .all))
            faults.insert(named)
            let again = SimulationOptions(nodes: 1, groups: 2, seconds: 0, faults: named)
            #expect(Simulation.run(LoneCore.self, seed: seed, options: again).digest == report.digest)
        }
        #expect(faults.count > 20)
    }
}
