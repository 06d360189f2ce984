import GroupSimulator
import Testing

/// The language of scenarios.
@Suite struct LanguageTests {
    private static let pair = """
        nodes 2
        start n0 n1
        n0 n1 join g0
        run until quiet

        """

    private func report(_ script: String) throws -> ScenarioReport { try Scenario(Self.pair + script).run() }

    @Test func `a script gives the same timeline every time`() throws {
        let first = try report("n0 send g0 total x 3\nrun until quiet\n")
        let second = try report("n0 send g0 total x 3\nrun until quiet\n")
        #expect(first.failures.isEmpty && first.violations.isEmpty)
        #expect(first.timeline == second.timeline)
        #expect(first.trace == second.trace)
    }

    @Test(arguments: [
        "expect n0 view g0 * of n0 n1 n2", "expect no n0 view pool", "expect 7 times n0 view pool",
        "expect n1 ends", "expect n0 starts then n0 starts", "expect n0 starts after n0 starts",
        "run until n0 ends", "when n0 ends do crash n1", "scene\nexpect n0 starts",
    ])
    func `what does not come about fails, with its line`(_ statement: String) throws {
        let report = try report(statement + "\n")
        #expect(report.failures.count == 1)
        // A `when` that is never set off is told at the end.
        let line = statement.hasPrefix("when") ? 0 : 4 + statement.split(separator: "\n").count
        #expect(report.failures.first?.line == line)
    }

    @Test(arguments: [
        "expect n0 starts then n1 starts", "expect 1 times n0 starts", "expect no n2 starts",
        "expect * view g0 * of * *",
        "expect n1 view pool after n0 starts", "expect n0 < n1 heartbeat", "scene\ncrash n1\nexpect n1 ends",
    ])
    func `what comes about does not`(_ statement: String) throws {
        let report = try report(statement + "\n")
        #expect(report.failures.isEmpty, "\(report.failures)")
    }

    @Test(arguments: [
        ("nodes 0", 1), ("start n3", 1), ("start", 1), ("n0 jump g0", 1), ("nodes 2\n\nn0 join g1", 3), ("run", 1),
        ("run 5", 1), ("run 1.0001us", 1), ("drop data n0 ->", 1), ("delay data n0 -> n1", 1),
        ("when n0 starts crash n0", 1),
        ("expect", 1), ("expect no n0 then n1", 1), ("n0 send g0 causal", 1), ("n0 send g0 x 0", 1), ("loss many", 1),
        ("n0/c join g0", 1), ("luck xyz", 1), ("clog n0->n1", 1), ("start n0\nnodes 3", 2),
    ])
    func `a mistake is told with its line`(_ script: String, _ line: Int) {
        let mistake = #expect(throws: ScenarioMistake.self) { try Scenario(script) }
        #expect(mistake?.line == line)
    }

    @Test func `a node that a script crashes while it sends has sent what came before, and no more`() throws {
        let report = try report("stop n0\nwhen n1 > n0 propose do crash n1\nrun until n1 ends\nrun 5ms\n")
        let crash = try #require(report.timeline.firstIndex { $0.hasSuffix("* crash n1") })
        #expect(report.timeline[crash - 1].contains("n1 > n0 propose"))
        #expect(!report.timeline[crash...].contains { $0.contains("  n1 > ") })
    }

    @Test func `what is held back arrives when it is released, also from the dead`() throws {
        let report = try report(
            """
            hold data n0 -> n1
            n0 send g0
            run 5ms
            crash n0
            run 5ms
            expect no n1 < n0 data*fifo
            release
            run 5ms
            expect n1 < n0 data*fifo

            """)
        #expect(report.failures.isEmpty, "\(report.failures)")
    }

    @Test func `a rule covers so many frames as it says`() throws {
        let report = try report(
            "scene\ndrop heartbeat n0 -> n1 2 times\nrun 400ms\nexpect 2 times n0 > n1 heartbeat (dropped)\nexpect n1 < n0 heartbeat\n"
        )
        #expect(report.failures.isEmpty, "\(report.failures)")
    }

    @Test func `a file keeps its script and takes another timeline`() throws {
        let text = "# A title.\nnodes 1\nstart n0\n\n--- timeline\n     0.000  * start n0\n"
        let scenario = try Scenario(text)
        #expect(scenario.recorded == ["     0.000  * start n0"])
        #expect(scenario.file(with: ["     0.000  * start n0"]) == text)
        #expect(scenario.file(with: ["other"]) == "# A title.\nnodes 1\nstart n0\n\n--- timeline\nother\n")
    }
}
