import GroupSimulator
import Testing

/// What a part of the worlds draws beside faults is reached, and harmless.
@Suite struct OddWorldTests {
    private func rare(_ seeds: Range<UInt64>, _ options: SimulationOptions) -> [String: Int] {
        var rare: [String: Int] = [:]
        for seed in seeds {
            let report = Simulation.run(seed: seed, options: options)
            #expect(report.violations.isEmpty, "\(report.reproduction)")
            rare.merge(report.rare, uniquingKeysWith: +)
        }
        return rare
    }

    @Test func `applications do what few do, and cores have other times and bounds`() {
        let rare = rare(0..<60, SimulationOptions(nodes: 3, groups: 4, seconds: 2))
        for name in [
            "tuned", "tooManyGroups", "earlyLeave", "heldLeave", "rejoin", "sendWhileLeaving", "twoFlushes",
            "holdOKAgain", "toggledHolds", "allOrders", "sentOn", "emptyMessage", "tooLarge", "twinLeave", "reload",
            "farNode",
        ] {
            #expect(rare[name, default: 0] > 0, "\(name) never came about")
        }
    }

    @Test func `links that are dead from the start`() {
        let rare = rare(0..<40, SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: [.partitions, .slowness]))
        #expect(rare["deadDirection", default: 0] > 0 && rare["deadPair", default: 0] > 0)
    }

    @Test func `a script says what odd applications do`() throws {
        let scenario = try Scenario(
            """
            nodes 2
            holdDelay 1ms
            start n0 n1
            run until quiet
            n0 n1 join g0
            n0/b join g0
            n0/b leave g0
            run until quiet
            n0 holds explicit
            n0 send g0 bytes 0
            n0 flush g0
            n0 flush g0
            run until quiet
            reload least n0 n1
            n1 leave g0
            run until quiet
            n0 holdOK g0 again
            expect n0 flushed g0
            converge
            """)
        let report = scenario.run()
        #expect(report.failures.isEmpty && report.violations.isEmpty)
    }
}
