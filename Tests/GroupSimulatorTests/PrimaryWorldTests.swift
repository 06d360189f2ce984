import GroupSimulator
import Testing

/// Seeded worlds in the mode `partition: primary`: disks survive, whole clusters die and start again.
@Suite struct PrimaryWorldTests {
    private func check(_ seeds: some Sequence<UInt64>, _ options: SimulationOptions) -> [String: Int] {
        var rare: [String: Int] = [:]
        for seed in seeds {
            let report = Simulation.run(seed: seed, options: options)
            #expect(
                report.violations.isEmpty,
                "\(report.reproduction)\n\(report.violations.map { "\($0.property) \($0.group) \($0.process) \($0.why)" })"
            )
            rare.merge(report.rare, uniquingKeysWith: +)
        }
        return rare
    }

    private static func batch(_ number: Int, of size: UInt64) -> Range<UInt64> {
        UInt64(number) * size..<UInt64(number + 1) * size
    }

    @Test(arguments: 0..<4) func `worlds of three nodes without faults`(_ batch: Int) {
        let rare = check(
            Self.batch(batch, of: 10),
            SimulationOptions(nodes: 3, groups: 2, seconds: 1, faults: .none, isPrimaryMode: true))
        #expect(rare["chainLength", default: 0] > 0)
    }

    @Test(arguments: 0..<6) func `worlds of three nodes where everything may fail`(_ batch: Int) {
        _ = check(
            Self.batch(batch, of: 10), SimulationOptions(nodes: 3, groups: 3, seconds: 2, isPrimaryMode: true))
    }

    @Test(arguments: 0..<4) func `worlds of five nodes where everything may fail`(_ batch: Int) {
        _ = check(
            Self.batch(batch, of: 10), SimulationOptions(nodes: 5, groups: 3, seconds: 2, isPrimaryMode: true))
    }

    @Test(arguments: 0..<4) func `worlds of two nodes where processes and links fail`(_ batch: Int) {
        _ = check(
            Self.batch(batch, of: 10),
            SimulationOptions(
                nodes: 2, groups: 2, seconds: 2, faults: [.crashes, .stops, .partitions], isPrimaryMode: true))
    }

    /// Found by seeds: see the protocol page.
    @Test func `seeds that once failed`() {
        for (seed, nodes, groups) in [
            (3, 5, 6), (46, 5, 6), (113, 3, 4), (280, 5, 6), (488, 5, 6), (583, 5, 6), (597, 5, 6), (1_134, 5, 6),
            (1_905, 5, 6), (537, 5, 4), (3_807, 3, 4),
        ] as [(UInt64, Int, Int)] {
            _ = check(
                [seed], SimulationOptions(nodes: nodes, groups: groups, seconds: 3, isPrimaryMode: true))
        }
    }

    @Test func `a few worlds see what the mode is about`() {
        let rare = check(
            100..<140 as Range<UInt64>, SimulationOptions(nodes: 4, groups: 2, seconds: 4, isPrimaryMode: true))
        for name in [
            "totalCrash", "massCrash", "lostWrite", "hwg.noMajority", "hwg.gaveUp", "hwg.adopted", "partition", "crash",
            "birth",
        ] {
            #expect(rare[name, default: 0] > 0, "\(name) never came about: \(rare)")
        }
    }

    @Test func `a world of this mode is the same every time`() {
        let options = SimulationOptions(nodes: 3, groups: 4, seconds: 2, isPrimaryMode: true)
        let first = Simulation.run(seed: 11, options: options)
        let second = Simulation.run(seed: 11, options: options)
        #expect(first.digest == second.digest)
        #expect(first.reproduction.hasSuffix("--partition primary"))
    }
}

/// The checker of what may happen in a view that is not primary.
@Suite struct HeldCheckTests {
    private func report(_ lines: String...) -> Set<String> {
        var check = TraceCheck(isPrimaryMode: true)
        var bytes = Array(lines.joined(separator: "\n").utf8)
        bytes.append(10)
        bytes.withUnsafeBytes { check.add($0, named: "test") }
        return Set(check.report().violations.map(\.property))
    }

    private func view(primary: Bool) -> String {
        """
        {"ev":"view","t":2,"p":"a.1/0","g":"lwg:g","vid":"1@a.1","members":["a.1/0"],"prev":null,"trans":["a.1/0"],\
        "primary":\(primary),"unchanged":false}
        """
    }
    private let join = #"{"ev":"join","t":1,"p":"a.1/0","g":"lwg:g"}"#
    private let hold = #"{"ev":"hold","t":3,"p":"a.1/0","g":"lwg:g","vid":"1@a.1"}"#
    private let send = #"{"ev":"send","t":4,"p":"a.1/0","g":"lwg:g","m":"a.1/0#1","vid":"1@a.1","order":"fifo"}"#
    private let deliver =
        #"{"ev":"deliver","t":5,"p":"a.1/0","g":"lwg:g","m":"a.1/0#1","vid":"1@a.1","order":"fifo","trans":false}"#

    @Test func `sending and delivering in a view that is not primary is found, and so is one that is not held`() {
        #expect(report(join, view(primary: true), send, deliver).isEmpty)
        #expect(report(join, view(primary: false), hold).isEmpty)
        #expect(report(join, view(primary: false)) == ["primary"])
        #expect(report(join, view(primary: false), send, hold, deliver).contains("primary"))
        var check = TraceCheck()
        Array([join, view(primary: false), send, deliver, ""].joined(separator: "\n").utf8).withUnsafeBytes {
            check.add($0, named: "test")
        }
        #expect(check.report().ok, "the mode all allows it")
    }
}
