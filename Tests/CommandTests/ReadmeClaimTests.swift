import Foundation
import GroupModel
import LightweightGroups
import Testing

@testable import lwg

/// What the README says, shown to be so. Each test quotes a sentence, which must stand there.
@Suite("The README's claims", .serialized)
struct ReadmeClaimTests {
    private static func settings(_ cluster: String) -> NodeSettings {
        var settings = NodeSettings(name: "a")
        settings.cluster = cluster
        settings.logLevel = .critical
        return settings
    }

    private func shown(_ arguments: [String], _ environment: [String: String] = [:]) throws -> [String: [String: Any]] {
        let outcome = try Executable.run(["config", "show", "--json"] + arguments, environment: environment)
        let object = try #require(outcome.objects.first)
        return object.compactMapValues { $0 as? [String: Any] }
    }

    private func value(_ key: String, _ arguments: [String] = [], _ environment: [String: String] = [:]) throws
        -> String
    {
        "\(try shown(arguments, environment)[key]?["value"] ?? "")"
    }

    // MARK: Limits

    @Test func `nodes, groups and bytes`() {
        Readme.claims(
            "At most 256 nodes in one heavyweight group, 4,194,304 groups on one, 16 MiB in a message.")
        #expect(Limits.viewMembers == 256)
        #expect(Limits.groupsPerHWG == 4_194_304)
        #expect(Limits.messageBytes == 16 << 20)
    }

    @Test func `a message over the limit is refused, and the largest is taken`() async throws {
        Readme.claims("16 MiB in a message")
        let node = try await GroupNode.start(Self.settings("readme-size"))
        let group = try await node.join("g")
        await #expect(throws: GroupError.self) {
            try await group.multicast([UInt8](repeating: 0, count: Limits.messageBytes + 1))
        }
        try await group.multicast([UInt8](repeating: 7, count: Limits.messageBytes))
        var largest = 0
        for await event in group.events {
            guard case .message(let message) = event else { continue }
            largest = message.bytes.count
            break
        }
        #expect(largest == Limits.messageBytes)
        await node.stop()
    }

    @Test func `causal order is refused`() async throws {
        Readme.claims("No causal order")
        let node = try await GroupNode.start(Self.settings("readme-causal"))
        let group = try await node.join("g")
        await #expect(throws: GroupError.self) { try await group.multicast([1], order: .causal) }
        await node.stop()
    }

    @Test func `another address than loopback needs the word insecure`() throws {
        Readme.claims("a `listen` address that is not loopback needs `transport.insecure: true`")
        let arguments = ["config", "show", "--set", "transport.listen=0.0.0.0:7400"]
        let refused = try Executable.run(arguments)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("transport.insecure"))
        #expect(try Executable.run(arguments + ["--set", "transport.insecure=true"]).status == 0)
    }

    // MARK: In Swift

    @Test func `the first event is the view, and orders are as sent`() async throws {
        Readme.claims("// always the first event")
        Readme.claims("Orders are `fifo`, `total`, and `safe`")
        let node = try await GroupNode.start(Self.settings("readme-first"))
        let group = try await node.join("prices/ACME")
        for (text, order) in [("1", Order.fifo), ("2", .total), ("3", .safe)] {
            try await group.multicast(Array(text.utf8), order: order)
        }
        var seen: [String] = []
        for await event in group.events {
            switch event {
            case .view(let view): seen.append("members: \(view.members.map(node.text))")
            case .message(let message): seen.append(String(decoding: message.bytes, as: UTF8.self))
            default: break
            }
            if seen.count == 4 { break }
        }
        #expect(seen.first?.hasPrefix("members: [\"a.") == true)
        #expect(seen.dropFirst() == ["1", "2", "3"])
        await node.stop()
    }

    // MARK: Configuration

    @Test func `the example is a configuration without mistakes`() throws {
        Readme.claims("One YAML file")
        let directory = try TemporaryDirectory()
        let example = try #require(Readme.blocks("yaml").first)
        let outcome = try Executable.run(["config", "check", try directory.file("lwg.yaml", example)])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `environment above the file, flags above both`() throws {
        Readme.claims("One YAML file; environment variables above it, flags above those.")
        let directory = try TemporaryDirectory()
        let file = try directory.file("lwg.yaml", "node:\n  cluster: file\n")
        let environment = ["LWG_NODE_CLUSTER": "environment"]
        #expect(try value("node.cluster", ["--config", file]) == "file")
        #expect(try value("node.cluster", ["--config", file], environment) == "environment")
        #expect(try value("node.cluster", ["--config", file, "--cluster", "flag"], environment) == "flag")
    }

    @Test func `each key says what is allowed, and whether it can change`() throws {
        Readme.claims("Every key has a default, a unit and a range.")
        Readme.claims("`lwg config defaults` says it of each key")
        let lines = try Executable.run(["config", "defaults"]).output.split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let keys = lines.filter { !$0.hasPrefix("#") && !$0.hasPrefix("-") && $0.contains(": ") }
        let ranges = lines.filter { $0.contains("Allowed: ") }
        let changes = lines.filter {
            $0.hasSuffix("A change needs a restart.") || $0.hasSuffix("Can change while the node runs.")
        }
        #expect(keys.count > 30)
        #expect(ranges.count == keys.count)
        #expect(changes.count == keys.count)
    }

    @Test func `all mistakes at once, with lines and the nearest key`() throws {
        Readme.claims("all that is wrong at once, with lines")
        let directory = try TemporaryDirectory()
        let file = try directory.file(
            "lwg.yaml", "node:\n  nmae: a\nmapping:\n  km: 4000000\n  polcy: static\nflush:\n  timeout: soon\n")
        let outcome = try Executable.run(["config", "check", file])
        #expect(outcome.status == 1)
        let told = outcome.output + outcome.errors
        for line in [2, 5, 7] { #expect(told.contains("lwg.yaml:\(line)"), "\(told)") }
        #expect(told.contains("node.name"))
        #expect(told.contains("mapping.policy"))
    }

    @Test func `where a value comes from`() throws {
        Readme.claims("what is in force, and where each value comes from")
        let outcome = try Executable.run(
            ["config", "show", "--set", "mapping.default=pool"], environment: ["LWG_NODE_CLUSTER": "x"])
        #expect(outcome.output.contains("LWG_NODE_CLUSTER"))
        #expect(outcome.output.contains("--set"))
    }

    @Test func `a list from the environment`() throws {
        Readme.claims(
            "`LWG_MEMBERSHIP_PEERS=127.0.0.1:7402,127.0.0.1:7403` sets a list from the environment")
        let peers = try value("membership.peers", [], ["LWG_MEMBERSHIP_PEERS": "127.0.0.1:7402,127.0.0.1:7403"])
        #expect(peers.contains("127.0.0.1:7402"))
        #expect(peers.contains("127.0.0.1:7403"))
    }

    @Test func `the deadline of a Hold`() throws {
        Readme.claims("Who does not answer within `flush.holdDeadline` (2 s) loses its seat")
        #expect(try Executable.run(["config", "show"]).output.contains("flush.holdDeadline: 2s "))
    }

    @Test func `the mode primary asks for what it needs, and takes pins`() throws {
        Readme.claims("With `membership.partition: all`, the default, every side goes on")
        #expect(try value("membership.partition") == "all")
        let directory = try TemporaryDirectory()
        let mode = ["config", "show", "--set", "membership.partition=primary"]
        let state = ["--set", "node.stateDirectory=\(directory.path)"]
        let initial = ["--set", "membership.initial=a,b,c"]
        Readme.claims("It needs `node.stateDirectory`")
        let stateless = try Executable.run(mode + initial)
        #expect(stateless.status != 0)
        #expect(stateless.errors.contains("node.stateDirectory"))
        Readme.claims("and `membership.initial`, the same on all nodes for ever")
        let nameless = try Executable.run(mode + state)
        #expect(nameless.status != 0)
        #expect(nameless.errors.contains("membership.initial"))
        #expect(try Executable.run(mode + state + initial).status == 0)
        let pinned = try Executable.run(mode + state + initial + ["--set", "mapping.pins=x*=fast"])
        #expect(pinned.status == 0)
    }

    @Test func `metrics are off`() throws {
        Readme.claims("`metrics.listen` is off by default.")
        #expect(try value("metrics.listen") == "")
    }

    // MARK: Processes

    @Test func `the incarnation is 1 with a state directory, 2 at the next start, and from the clock without`()
        async throws
    {
        Readme.claims("The incarnation is 1 with `--set node.stateDirectory=DIR`, and from the clock without.")
        let directory = try TemporaryDirectory()
        for life in 1...2 {
            let shell = try ShellProcess(
                "a", cluster: "readme-life", arguments: ["--set", "node.stateDirectory=\(directory.path)"])
            #expect(try await shell.event("ready")["p"] == "a.\(life)")
            #expect(try await shell.end() == 0)
        }
        let shell = try ShellProcess("a", cluster: "readme-life")
        let name = try #require(try await shell.event("ready")["p"])
        #expect((name.split(separator: ".").last.flatMap { UInt32($0) } ?? 0) > 1_000_000)
        #expect(try await shell.end() == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal leaves all groups in one flush`(_ signal: Int32) async throws {
        Readme.claims("SIGTERM and SIGINT leave all groups in one flush.")
        let a = try ShellProcess("a", cluster: "readme-end")
        let b = try ShellProcess(
            "b", cluster: "readme-end", peers: [try await a.listen], command: "node",
            arguments: ["--join", "g1", "--join", "g2", "--join", "g3"])
        a.command("join g1 g2 g3")
        var both: [String] = []
        for group in ["g1", "g2", "g3"] { both.append(try await a.view(group, nodes: ["a", "b"])["vid"] ?? "") }
        let before = try await a.counter("hwgFlushes", atLeast: 1)
        b.signal(signal)
        #expect(try await b.end() == 0)
        for view in both { try await a.event("view") { $0["prev"] == view && $0.strings("members").count == 1 } }
        let after = try await a.counter("hwgFlushes", atLeast: before + 1)
        #expect(after == before + 1)
        #expect(try await a.end() == 0)
    }

    @Test func `one object per line`() async throws {
        Readme.claims("`lwg shell --json` prints one object per line for programs")
        let outcome = try Executable.run(["shell", "--json", "--name", "a", "--listen", "127.0.0.1:0"])
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(!lines.isEmpty)
        #expect(outcome.objects.count == lines.count)
        #expect(outcome.objects.allSatisfy { $0["ev"] is String })
    }

    @Test func `traces of all processes are judged`() async throws {
        Readme.claims("`--trace FILE` records what happens, and `lwg check FILE…` judges the traces of all processes")
        let traces = try TemporaryDirectory()
        let a = try ShellProcess("a", cluster: "readme-trace", trace: traces)
        let b = try ShellProcess("b", cluster: "readme-trace", peers: [try await a.listen], trace: traces)
        for shell in [a, b] { shell.command("join g") }
        for shell in [a, b] { try await shell.view("g", nodes: ["a", "b"]) }
        a.command("send --order safe g x")
        try await b.event("message")
        for shell in [a, b] { #expect(try await shell.end() == 0) }
        #expect(traces.files.count == 2)
        let outcome = try Executable.run(["check"] + traces.files)
        #expect(outcome.status == 0, "\(outcome.output)")
        // What one of them delivered and nobody sent is found.
        let tampered = try String(contentsOfFile: traces.files[1], encoding: .utf8)
            .replacing("\"m\":\"a.", with: "\"m\":\"b.")
        let file = try traces.file("tampered.jsonl", tampered)
        #expect(try Executable.run(["check", traces.files[0], file]).status == 1)
    }

    @Test func `one crash is one flush, however many groups`() throws {
        Readme.claims(
            "one crash is one flush of each of those, however many groups the dead process was in")
        let outcome = try Executable.run(["demo", "--groups", "300", "--json"], seconds: 120)
        let report = try #require(outcome.objects.last)
        let recovery = try #require(report["recovery"] as? [String: Any])
        #expect(recovery["hwgFlushes"] as? Int == recovery["hwgsOfDead"] as? Int)
        #expect((recovery["lwgViews"] as? Int ?? 0) > 300)
        Readme.claims("whether all survivors had delivered the same in every view that they shared")
        #expect(report["survivorsAgree"] as? Bool == true)
    }

    @Test func `the seed of the reading path is the same each time`() throws {
        Readme.claims("`lwg sim --seed 7`: a seeded world in which everything fails, and then nothing may")
        let runs = try (0..<2).map { _ in try Executable.run(["sim", "--seed", "7", "--seconds", "1"]) }
        #expect(runs[0].status == 0)
        #expect(runs[0].output.contains(" view pool "))
        #expect(runs[0].output.contains(" * calm\n"))
        let lines = runs.map { $0.output.split(separator: "\n").dropLast() }
        #expect(lines[0] == lines[1])
    }

    @Test func `files of the reading path are there`() {
        let paths = Readme.text.matches(of: /`((?:Sources|Design|Models|Examples|Tests)[A-Za-z0-9_\/.+-]*)`/).map {
            String($0.1)
        }
        #expect(paths.count >= 8)
        for path in paths {
            #expect(
                FileManager.default.fileExists(atPath: Readme.repository.appendingPathComponent(path).path), "\(path)")
        }
    }
}
