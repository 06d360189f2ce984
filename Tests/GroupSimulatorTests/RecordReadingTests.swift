import GroupCore
import GroupModel
import GroupSimulator
import Testing

/// The worlds' records go to the checkers as they are, the lines of real processes as text: both show the same.
@Suite struct RecordReadingTests {
    private func compare<Core: SimulatedCore>(
        _ core: Core.Type, _ seeds: ClosedRange<UInt64>, _ options: SimulationOptions, sees property: String? = nil
    ) {
        var properties: Set<String> = []
        for seed in seeds {
            let report = Simulation.run(Core.self, seed: seed, options: options)
            var check = TraceCheck(isPrimaryMode: options.isPrimaryMode)
            report.trace.withUnsafeBytes { check.add($0, named: "seed \(seed)") }
            let read = check.report()
            #expect(report.events == read.events)
            // The world's own findings follow.
            #expect(Array(report.violations.prefix(read.violations.count)) == read.violations, "seed \(seed)")
            #expect(report.violations.dropFirst(read.violations.count).allSatisfy { $0.file.isEmpty }, "seed \(seed)")
            properties.formUnion(read.violations.map(\.property))
        }
        if let property { #expect(properties.contains(property), "\(properties)") } else { #expect(properties.isEmpty) }
    }

    @Test func `of right cores`() {
        compare(NodeCore.self, 1...20, SimulationOptions(nodes: 4, groups: 4, seconds: 1))
        compare(NodeCore.self, 1...5, SimulationOptions(nodes: 4, groups: 4, seconds: 1, isPrimaryMode: true))
    }

    @Test func `of cores with a flaw, violation by violation`() {
        let options = SimulationOptions(nodes: 3, groups: 2, seconds: 1, faults: .none)
        compare(FlawedCore<Repeats>.self, 1...5, options, sees: "D2")
        compare(FlawedCore<HoldsForever>.self, 1...5, options, sees: "liveness")
    }
}
