import Foundation
import Testing

@Suite("lwg sim")
struct SimTests {
    private static let world = ["--nodes", "4", "--groups", "5", "--seconds", "1"]

    @Test(arguments: ["5", "6"])
    func `a seed gives the same transcript and trace in two processes, byte for byte`(_ seed: String) throws {
        let directory = try TemporaryDirectory()
        var outputs: [[Substring]] = []
        var traces: [Data?] = []
        for run in ["one", "two"] {
            let file = "\(directory.path)/\(run)"
            let outcome = try Executable.run(
                ["sim", "--seed", seed, "--transcript", "--trace", file] + Self.world, seconds: 120)
            #expect(outcome.status == 0)
            // The last line tells how long it took.
            outputs.append(outcome.output.split(separator: "\n").dropLast())
            traces.append(FileManager.default.contents(atPath: file))
        }
        #expect(outputs[0].count > 200)
        #expect(outputs[0] == outputs[1])
        #expect((traces[0]?.count ?? 0) > 10_000)
        #expect(traces[0] == traces[1])
    }

    private static let script = """
        # A pair.
        nodes 2
        start n0 n1
        n0 n1 join g0
        run until quiet

        """

    @Test func `a scenario prints its timeline and ends with 0`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("pair.scenario", Self.script + "expect n0 view g0 * of n1 n0;\nconverge\n")
        let outcome = try Executable.run(["sim", "--scenario", file])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("n0 view g0"))
        #expect(outcome.output.contains("all converge"))
        let json = try Executable.run(["sim", "--scenario", file, "--json"]).objects.first
        #expect((json?["timeline"] as? [String])?.count ?? 0 > 20)
        #expect((json?["failures"] as? [String])?.isEmpty == true)
    }

    @Test func `a scenario whose file has another timeline ends with 1 and shows where they part`() throws {
        let directory = try TemporaryDirectory()
        let name = "leave-and-rejoin-alone.scenario"
        let text = try String(
            contentsOfFile: "\(Readme.repository.path)/Tests/ScenarioTests/Scenarios/\(name)", encoding: .utf8)
        let same = try directory.file(name, text)
        #expect(try Executable.run(["sim", "--scenario", same]).status == 0)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let last = try #require(lines.lastIndex { !$0.isEmpty })
        let line = lines.remove(at: last)
        let shorter = try directory.file("shorter", lines.joined(separator: "\n"))
        let outcome = try Executable.run(["sim", "--scenario", shorter])
        #expect(outcome.status == 1)
        let got = line.replacing(/^#? */, with: "")
        #expect(outcome.output.contains("expected: (the end)\n  got:      "), "\(outcome.output)")
        #expect(outcome.output.contains(got))
        let json = try Executable.run(["sim", "--scenario", shorter, "--json"])
        #expect(json.status == 1)
        let difference = json.objects.first?["difference"] as? [String: Any]
        #expect(difference?["line"] is Int && difference?["expected"] is NSNull && difference?["got"] is String)
    }

    @Test func `an expectation that is not met ends with 1, and a mistake in the script names its line`() throws {
        let directory = try TemporaryDirectory()
        let vain = try directory.file("vain.scenario", Self.script + "expect n0 ends\n")
        let outcome = try Executable.run(["sim", "--scenario", vain])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("line 6: expect n0 ends: `n0 ends` never came"))
        let wrong = try directory.file("wrong.scenario", "nodes 2\nstart n7\n")
        let told = try Executable.run(["sim", "--scenario", wrong])
        #expect(told.status == 1)
        #expect(told.errors.contains("line 2: n7 is none of the nodes n0 to n1"))
        #expect(try Executable.run(["sim", "--scenario", vain + ".absent"]).status == 1)
        #expect(try Executable.run(["sim", "--scenario", vain, "--seed", "1"]).status == 2)
    }

    @Test func `a goal becomes a scenario that shows it`() throws {
        let directory = try TemporaryDirectory()
        let file = "\(directory.path)/small.scenario"
        let outcome = try Executable.run(
            [
                "sim", "--seed", "1", "--nodes", "3", "--groups", "2", "--seconds", "1", "--faults", "none", "--shrink",
                "--goal", "* delivers g1", "--output", file,
            ], seconds: 300)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let scenario = try Executable.run(["sim", "--scenario", file])
        #expect(scenario.output.contains(" delivers g1 "))
    }

    @Test func `a file that is a link is written to, and not replaced`() throws {
        let directory = try TemporaryDirectory()
        let target = try directory.file("target", "before, and longer than nothing at all")
        let link = "\(directory.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        let outcome = try Executable.run(["sim", "--seed", "1", "--script", link] + Self.world, seconds: 60)
        #expect(outcome.status == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
        #expect(try String(contentsOfFile: target, encoding: .utf8).contains("nodes 4\n"))
        let full = try Executable.run(["sim", "--seed", "1", "--script", directory.path] + Self.world, seconds: 60)
        #expect(full.status == 1 && full.errors.contains("cannot write \(directory.path): Is a directory"))
    }
}
