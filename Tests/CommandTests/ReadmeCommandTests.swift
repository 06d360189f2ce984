import Foundation
import Testing

@testable import lwg

/// Every command of the README is run here, or by the tests that are named; one that is new must be added.
@Suite("The README's commands", .serialized)
struct ReadmeCommandTests {
    private enum Treatment {
        /// As it stands, or with less work.
        case run([String])
        /// The target exists and its recipe is sound; running it would be this test.
        case make(String)
        /// By the tests in this file of this target.
        case tests(String)
        /// How this executable was built.
        case built
    }

    private static let treatments: [String: Treatment] = [
        "make setup": .make("setup"), "make demo": .make("demo"), "make test": .make("test"),
        "make model": .make("model"), "make mutants": .make("mutants"), "make soak": .make("soak"),
        "make bench": .make("bench"),
        "make docs": .make("docs"), "make chaos": .make("chaos"), "make chaos-mutants": .make("chaos-mutants"),
        "make fuzz": .make("fuzz"),
        "swift build -c release --product lwg": .built,
        "swift run ExampleHello": .tests("ExampleTests"),
        "lwg demo --membership Examples/Data/debian-maintainers-8.csv": .tests("DemoProcessTests"),
        "lwg shell --name a --listen 127.0.0.1:7401": .tests("ReadmeCommandTests"),
        "lwg shell --name b --listen 127.0.0.1:7402": .tests("ReadmeCommandTests"),
        "lwg shell --json": .tests("ShellClusterTests"), "lwg shell": .tests("ShellClusterTests"),
        "lwg node": .tests("TroubleProcessTests"),
        "lwg check FILE…": .tests("UsageTests"),
        "lwg config defaults": .run(["config", "defaults"]),
        "lwg config defaults > lwg.yaml": .run(["config", "defaults"]),
        "lwg config check lwg.yaml": .tests("UsageTests"),
        "lwg config show --config lwg.yaml": .tests("UsageTests"),
        "lwg node --config lwg.yaml --join prices/ACME": .tests("ReadmeCommandTests"),
        "lwg node --name a --listen 127.0.0.1:7401 --metrics 9464 --join prices/ACME": .tests("TopTests"),
        "curl 127.0.0.1:9464/readyz": .tests("TopTests"),
        "lwg top 9464 9465": .tests("TopTests"),
        "lwg bench": .run(["bench", "--help"]),
        "lwg bench limit": .run(["bench", "limit", "--runs", "1", "--seconds", "0.3"]),
        "lwg bench status": .run(["bench", "status", "--runs", "1", "--seconds", "2", "--groups", "10"]),
        "lwg bench join --groups 1000": .run(["bench", "join", "--groups", "100", "--runs", "1"]),
        "lwg bench recovery --groups 1000": .run(["bench", "recovery", "--groups", "100", "--runs", "1"]),
        "lwg bench recovery --groups 200 --mode hwg":
            .run(["bench", "recovery", "--groups", "10", "--mode", "hwg", "--runs", "1"]),
        "lwg bench status --groups 10000 --seconds 8":
            .run(["bench", "status", "--groups", "1000", "--seconds", "2", "--runs", "1"]),
        "lwg bench throughput --size 64 --senders 1":
            .run(["bench", "throughput", "--size", "64", "--senders", "1", "--runs", "1", "--seconds", "0.3"]),
        "lwg bench limit --size 64 --senders 1":
            .run(["bench", "limit", "--size", "64", "--senders", "1", "--runs", "1", "--seconds", "0.3"]),
        "lwg explore": .run(["explore", "one", "join", "crashes"]),
        "lwg sim --seed 7": .run(["sim", "--seed", "7"]), "lwg sim --scenario": .tests("SimTests"),
    ]

    @Test func `no command is without a test, and no test without a command`() {
        #expect(Readme.commands.filter { Self.treatments[$0] == nil } == [])
        #expect(Self.treatments.keys.filter { !Readme.commands.contains($0) }.sorted() == [])
    }

    @Test(arguments: treatments.keys.sorted())
    func `it works`(_ command: String) throws {
        switch try #require(Self.treatments[command]) {
        case .run(let arguments):
            let outcome = try Executable.run(arguments, seconds: 120)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!outcome.output.isEmpty)
        case .make(let target):
            let outcome = try Executable.run(
                ["--dry-run", "--directory", Readme.repository.path, target], program: "/usr/bin/make")
            #expect(outcome.status == 0, "\(outcome.errors)")
        case .tests(let file):
            let path = Readme.repository.appendingPathComponent("Tests/CommandTests/\(file).swift").path
            #expect(FileManager.default.fileExists(atPath: path))
        case .built:
            #expect(FileManager.default.isExecutableFile(atPath: Executable.path))
        }
    }

    /// The session with two shells: the same views, members and messages as in the README's two columns.
    @Test func `the session goes as it is told`() async throws {
        let session = try #require(Readme.blocks("console").first)
        let directories = (try TemporaryDirectory(), try TemporaryDirectory())
        let state = { (directory: TemporaryDirectory) in ["--set", "node.stateDirectory=\(directory.path)"] }
        let a = try ShellProcess("a", cluster: "readme", arguments: state(directories.0))
        let address = try await a.listen
        a.command("join prices/ACME prices/EMCA")
        var shown: [String] = []
        for group in ["prices/ACME", "prices/EMCA"] {
            let view = try await a.view(group, nodes: ["a"])
            shown.append("\(group): view \(view["vid"] ?? "") of a.1/0")
        }
        let b = try ShellProcess("b", cluster: "readme", peers: [address], arguments: state(directories.1))
        _ = try await b.listen
        b.command("join prices/ACME")
        for shell in [a, b] {
            let view = try await shell.view("prices/ACME", nodes: ["a", "b"])
            shown.append("prices/ACME: view \(view["vid"] ?? "") of \(view.strings("members").joined(separator: " "))")
        }
        a.command("send --order total prices/ACME 17.35")
        for shell in [a, b] {
            let message = try await shell.event("message") { $0["text"] == "17.35" }
            shown.append("prices/ACME: \(message["from"] ?? "") (\(message["order"] ?? "")): 17.35")
        }
        b.command("send prices/ACME thanks")
        let thanks = try await a.event("message") { $0["text"] == "thanks" }
        shown.append("prices/ACME: \(thanks["from"] ?? ""): thanks")
        let before = a.events("view").count
        b.kill()
        let last = try await a.events("view", count: before + 1).last { $0["g"] == "lwg:prices/ACME" }
        shown.append("prices/ACME: view \(last?["vid"] ?? "") of a.1/0; left b.1/0")
        for line in shown { #expect(session.contains(line), "\(line)") }
        #expect(try await a.end() == 0)
    }

    @Test func `a node runs with the printed configuration`() async throws {
        let directory = try TemporaryDirectory()
        let defaults = try Executable.run(["config", "defaults"])
        let file = try directory.file("lwg.yaml", defaults.output)
        let node = try ShellProcess(
            "c", cluster: "readme-node", command: "node", arguments: ["--config", file, "--join", "prices/ACME"])
        try await node.view("prices/ACME", nodes: ["c"])
        node.terminate()
        #expect(try await node.end() == 0)
    }
}
