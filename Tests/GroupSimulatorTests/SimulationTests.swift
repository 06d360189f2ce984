import GroupSimulator
import Testing

/// Seeded worlds of real cores. A failure prints the command that runs the seed again.
@Suite struct SimulationTests {
    private func check(_ seeds: some Sequence<UInt64>, _ options: SimulationOptions) {
        for seed in seeds {
            let report = Simulation.run(seed: seed, options: options)
            #expect(
                report.violations.isEmpty,
                "\(report.reproduction)\n\(report.violations.map { "\($0.property) \($0.group) \($0.process) \($0.why)" })"
            )
        }
    }

    private static func batch(_ number: Int, of size: UInt64) -> Range<UInt64> {
        UInt64(number) * size..<UInt64(number + 1) * size
    }

    @Test(arguments: 0..<4)
    func `worlds of two nodes without faults`(_ batch: Int) {
        check(Self.batch(batch, of: 10), SimulationOptions(nodes: 2, groups: 2, seconds: 1, faults: .none))
    }

    @Test(arguments: 0..<4)
    func `worlds with loss, duplicates, disorder and foreign datagrams`(_ batch: Int) {
        check(
            Self.batch(batch, of: 10),
            SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: [.loss, .duplication, .reordering, .foreign]))
    }

    @Test(arguments: 0..<4)
    func `worlds with crashes and stops`(_ batch: Int) {
        check(
            Self.batch(batch, of: 10),
            SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: [.crashes, .stops, .strangers]))
    }

    @Test(arguments: 0..<4)
    func `worlds with partitions`(_ batch: Int) {
        check(Self.batch(batch, of: 10), SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: .partitions))
    }

    @Test(arguments: 0..<4)
    func `worlds with pauses and clogged links`(_ batch: Int) {
        check(Self.batch(batch, of: 10), SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: [.pauses, .clogs]))
    }

    @Test(arguments: 0..<8)
    func `worlds where everything may fail`(_ batch: Int) {
        check(Self.batch(batch, of: 10), SimulationOptions(nodes: 3, groups: 4, seconds: 1))
    }

    @Test(arguments: 0..<2)
    func `bytes changed on the way do not stop a node`(_ batch: Int) {
        var corrupted = 0
        for seed in Self.batch(batch, of: 5) {
            let report = Simulation.run(
                seed: seed, options: SimulationOptions(nodes: 3, groups: 3, seconds: 1, faults: [.corruption, .loss]))
            corrupted += report.rare["corrupted", default: 0]
        }
        #expect(corrupted > 0)
    }

    // F4 knows from these lines who may have tried to merge.
    @Test func `each life of a node begins with a line in the trace`() throws {
        let report = Simulation.run(seed: 3, options: SimulationOptions(nodes: 3, groups: 2, seconds: 2))
        var lives: Set<Substring> = []
        for line in String(decoding: report.trace, as: UTF8.self).split(separator: "\n") {
            let member = try #require(line.split(separator: "\"p\":\"").last?.prefix { $0 != "\"" && $0 != "/" })
            #expect(lives.insert(member).inserted == line.hasPrefix("{\"ev\":\"start\""), "\(line)")
        }
        #expect(lives.count > 3)
    }

    @Test func `a world of real cores is the same every time`() {
        let options = SimulationOptions(nodes: 3, groups: 4, seconds: 2)
        let first = Simulation.run(seed: 11, options: options)
        let second = Simulation.run(seed: 11, options: options)
        #expect(first.digest == second.digest)
        #expect(first.trace == second.trace)
        #expect(first.rare == second.rare)
        #expect(first.events > 100)
    }

    /// The rare states that the driver exists for are reached.
    @Test func `a few worlds see crashes, partitions, pauses, take-overs, merges and transitional deliveries`() {
        var rare: [String: Int] = [:]
        for seed in 0..<32 as Range<UInt64> {
            let report = Simulation.run(seed: seed, options: SimulationOptions(nodes: 4, groups: 6, seconds: 5))
            #expect(report.violations.isEmpty, "\(report.reproduction)")
            rare.merge(report.rare, uniquingKeysWith: +)
        }
        for name in [
            "crash", "pause", "partition", "isolation", "asymmetricPartition", "oneWayLink", "clog", "stop", "foreign",
            "duplicated", "hwg.tookOver", "hwg.restarted", "hwg.excluded", "lwgMerge", "lateHoldOK", "flush", "direct",
        ] {
            #expect(rare[name, default: 0] > 0, "\(name) never came about: \(rare)")
        }
    }
}
