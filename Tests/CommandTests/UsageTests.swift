import Foundation
import Testing

@Suite("Exit statuses and what is printed")
struct UsageTests {
    @Test(arguments: [
        ["nonsense"], ["shell", "--nonsense"], ["check"], ["bench"], ["bench", "nonsense"], ["demo", "--nodes", "x"],
        ["demo", "--nodes", "1"], ["bench", "join", "--senders", "9"], ["shell", "--listen", "nowhere"],
        ["node", "--listen", "0.0.0.0:7400"], ["shell", "--set", "mapping.polcy=static"],
        ["config", "show", "--set", "x"], ["node", "--join", ""],
        ["node", "--join", String(repeating: "g", count: 256)], ["node", "--join", "g", "--join", "g"],
        ["sim", "--seeds", "5..2"], ["sim", "--faults", "bogus"],
    ])
    func `wrong usage is told on standard error and ends with 2`(_ arguments: [String]) throws {
        let outcome = try Executable.run(arguments)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(!outcome.errors.isEmpty)
    }

    @Test(arguments: [["--help"], ["shell", "--help"], ["help", "bench"], ["--version"]])
    func `help ends with 0 on standard output`(_ arguments: [String]) throws {
        let outcome = try Executable.run(arguments)
        #expect(outcome.status == 0)
        #expect(!outcome.output.isEmpty)
    }

    @Test func `the printed defaults are a configuration without mistakes`() throws {
        let directory = try TemporaryDirectory()
        let defaults = try Executable.run(["config", "defaults"])
        let file = try directory.file("lwg.yaml", defaults.output)
        let outcome = try Executable.run(["config", "check", file, "--json"])
        #expect(outcome.status == 0)
        #expect(outcome.objects.first?["ok"] as? Bool == true)
    }

    @Test func `a broken configuration is told with all its lines and ends with 1`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("lwg.yaml", "node:\n  nam: x\nlog:\n  level: loud\n")
        let outcome = try Executable.run(["config", "check", file, "--json"])
        #expect(outcome.status == 1)
        let problems = outcome.objects.first?["problems"] as? [[String: String]]
        #expect(problems?.map { $0["source"] } == ["\(file):2", "\(file):4"])
        #expect(try Executable.run(["node", "--config", file]).status == 1)
        #expect(try Executable.run(["node", "--config", file + ".absent"]).status == 1)
    }

    @Test(arguments: [
        (["node", "--join", ""], "--join ‘’: a group's name has 1 to 255 bytes."),
        (["node", "--join", "g", "--join", "g"], "--join ‘g’ is there twice."),
        (["sim", "--seeds", "5..2"], "A must not exceed B"), (["sim", "--seeds", "5"], "write A..B"),
        (["sim", "--faults", "loss,bogus"], "‘bogus’ is unknown; known are all, none, few, loss, "),
        (["sim", "--scenario", "nosuch"], "cannot read nosuch: No such file or directory"),
        (["demo", "--membership", "nosuch.csv"], "cannot read nosuch.csv: No such file or directory"),
    ])
    func `a mistake is named`(_ arguments: [String], _ text: String) throws {
        #expect(try Executable.run(arguments).errors.contains(text))
    }

    @Test func `the mistakes of a file are in the order of its lines, and what it lacks comes last`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file(
            "lwg.yaml",
            """
            mapping:
              pins: ["a/*=waytoolongforaname"]
            membership:
              partition: primary
              initial: [a, a]
            nod:
              name: x
            failureDetector:
              timeout: 0ms
            """)
        let outcome = try Executable.run(["config", "check", file, "--json"])
        #expect(outcome.status == 1)
        let problems = outcome.objects.first?["problems"] as? [[String: String]] ?? []
        #expect(
            problems.map { $0["source"] } == ["\(file):2", "\(file):5", "\(file):7", "\(file):9", "\(file)"])
        #expect(problems.first?["reason"]?.contains("1 to 15 of [A-Za-z0-9_.-]") == true)
        #expect(problems.dropFirst().first?["reason"]?.contains("‘a’ is there twice") == true)
        #expect(problems.last?["key"] == "node.stateDirectory")
    }

    @Test func `variables and flags stand above the file`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("lwg.yaml", "node:\n  name: a\n  cluster: a\nlog:\n  level: error\n")
        let outcome = try Executable.run(
            ["config", "show", "--json", "--config", file, "--name", "c"],
            environment: ["LWG_NODE_NAME": "b", "LWG_NODE_CLUSTER": "b"])
        let values = outcome.objects.first?.compactMapValues { ($0 as? [String: Any])?["value"] as? String }
        #expect(values?["node.name"] == "c")
        #expect(values?["node.cluster"] == "b")
        #expect(values?["log.level"] == "error")
    }
}

@Suite("lwg check")
struct CheckTests {
    private let legal = #"""
        {"ev":"start","t":1,"p":"a.1"}
        {"ev":"join","t":2,"p":"a.1/0","g":"lwg:x"}
        {"ev":"view","t":3,"p":"a.1/0","g":"lwg:x","vid":"1@a.1","members":["a.1/0"],"prev":null,"trans":["a.1/0"],"primary":true,"unchanged":false,"hwg":"main","hvid":"1@a.1"}
        {"ev":"send","t":4,"p":"a.1/0","g":"lwg:x","m":"a.1/0#1","vid":"1@a.1","order":"fifo"}
        {"ev":"deliver","t":5,"p":"a.1/0","g":"lwg:x","m":"a.1/0#1","vid":"1@a.1","order":"fifo","trans":false}

        """#

    @Test func `a legal trace ends with 0`() throws {
        let directory = try TemporaryDirectory()
        let outcome = try Executable.run(["check", "--json", try directory.file("a.jsonl", legal)])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.objects.first?["ok"] as? Bool == true)
        #expect(outcome.objects.first?["events"] as? Int == 5)
    }

    @Test(arguments: ["", "\n\n"]) func `a file without any event is not judged`(_ text: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("a.jsonl", text)
        let outcome = try Executable.run(["check", file])
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors == "lwg: no events in \(file)\n")
    }

    @Test func `one violation is one`() throws {
        let directory = try TemporaryDirectory()
        let alien = legal + legal.split(separator: "\n")[4].replacing("#1", with: "#2") + "\n"
        let outcome = try Executable.run(["check", try directory.file("a.jsonl", alien)])
        #expect(outcome.output.hasSuffix("\n1 violation in 6 events\n"), "\(outcome.output)")
    }

    @Test func `a message delivered twice is a violation of D2, with its line, and ends with 1`() throws {
        let directory = try TemporaryDirectory()
        let again = legal + legal.split(separator: "\n")[4].replacing("\"t\":5", with: "\"t\":6") + "\n"
        let file = try directory.file("a.jsonl", again)
        let outcome = try Executable.run(["check", "--json", file])
        #expect(outcome.status == 1)
        let violations = outcome.objects.first?["violations"] as? [[String: Any]]
        #expect(violations?.contains { $0["property"] as? String == "D2" && $0["line"] as? Int == 6 } == true)
        #expect(try Executable.run(["check", file]).output.contains("D2"))
    }

    @Test func `a file that cannot be read ends with 1`() throws {
        let outcome = try Executable.run(["check", "/nonexistent/trace"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/nonexistent/trace"))
    }
}
