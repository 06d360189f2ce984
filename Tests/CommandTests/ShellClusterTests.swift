import Foundation
import GroupSimulator
import Testing

/// Few, because they are real processes; one after the other, because the machine has few processors.
@Suite("Shells as processes", .serialized)
struct ShellClusterTests {
    /// What the traces of a run say; the files of all its processes.
    private func expectLegal(_ traces: TemporaryDirectory) throws {
        let report = try TraceCheck.run(files: traces.files)
        #expect(report.ok, "\(report.violations)")
        #expect(report.events > 0)
    }

    private func cluster() -> String { "test-\(UUID().uuidString)" }

    @Test func `one node joins, sends to itself, leaves at the end of input and exits 0`() async throws {
        let traces = try TemporaryDirectory()
        let shell = try ShellProcess("a", cluster: cluster(), trace: traces)
        #expect(try await shell.event("ready")["p"]?.hasPrefix("a.") == true)
        shell.command("join g h")
        for group in ["g", "h"] { try await shell.view(group, nodes: ["a"]) }
        shell.command("send g hello world")
        shell.command("send --order total g second")
        let message = try await shell.event("message") { $0["text"] == "hello world" }
        #expect(message["g"] == "lwg:g")
        #expect(message["order"] == "fifo")
        let sent = try await shell.event("sent")
        #expect(sent["m"] == message["m"])
        try await shell.event("message") { $0["order"] == "total" && $0["text"] == "second" }
        #expect(try await shell.end() == 0)
        #expect(Set(shell.events("left").compactMap { $0["g"] }) == ["lwg:g", "lwg:h"])
        try expectLegal(traces)
    }

    @Test func `mistakes are errors with a code and end nothing`() async throws {
        let shell = try ShellProcess("a", cluster: cluster())
        let cases = [
            ("nonsense", "usage"), ("send", "usage"), ("send nowhere hello", "notMember"),
            ("leave nowhere", "notMember"),
            ("holdok nowhere", "notMember"), ("switch g fast", "notSupported"),
        ]
        for (line, code) in cases {
            shell.command(line)
            let verb = String(line.prefix { $0 != " " })
            let error = try await shell.event("error") { $0["cmd"] == verb && $0["code"] == code }
            #expect(error["message"]?.isEmpty == false)
        }
        shell.command("join g")
        try await shell.view("g", nodes: ["a"])
        shell.command("join g")
        try await shell.event("error") { $0["code"] == "alreadyJoined" }
        shell.command("sendto x.1/0 g hello")
        try await shell.event("error") { $0["code"] == "unknownMember" }
        shell.command("map")
        let map = try await shell.event("map").fields["map"] as? [[String: Any]]
        #expect(map?.first?["g"] as? String == "lwg:g")
        shell.command("why g")
        #expect(try await shell.event("why")["rule"]?.contains("mapping.default") == true)
        shell.command("views")
        let views = try await shell.event("views").fields["views"] as? [[String: Any]]
        #expect(views?.count == 1)
        shell.command("stats")
        let counters = try await shell.event("stats").fields["counters"] as? [String: Any]
        #expect(counters?["lwgViews"] != nil)
        shell.command("quit")
        #expect(try await shell.end() == 0)
    }

    @Test func `two nodes see one another, exchange messages in all orders, and one leaves`() async throws {
        let (traces, cluster) = (try TemporaryDirectory(), cluster())
        let a = try ShellProcess("a", cluster: cluster, trace: traces)
        let b = try ShellProcess("b", cluster: cluster, peers: [try await a.listen], trace: traces)
        for shell in [a, b] { shell.command("join g") }
        let view = try await a.view("g", nodes: ["a", "b"])
        #expect(try await b.view("g", nodes: ["a", "b"])["vid"] == view["vid"])
        for order in ["fifo", "total", "safe"] {
            a.command("send --order \(order) g from a by \(order)")
            b.command("send --order \(order) g from b by \(order)")
            for (shell, sender) in [(a, "a"), (a, "b"), (b, "a"), (b, "b")] {
                let message = try await shell.event("message") { $0["text"] == "from \(sender) by \(order)" }
                #expect(message["from"]?.hasPrefix("\(sender).") == true)
                #expect(message["order"] == order)
            }
        }
        let member = try #require(view.strings("members").first { $0.hasPrefix("b.") })
        a.command("sendto \(member) g only for you")
        try await b.event("message") { $0["text"] == "only for you" }
        a.command("burst g 1000 100 total")
        a.command("flush g")
        try await a.event("done") { $0["cmd"] == "burst" }
        try await a.event("done") { $0["cmd"] == "flush" }
        b.command("leave g")
        try await b.event("left") { $0["reason"] == "requested" }
        try await a.event("view") { $0.strings("members").count == 1 && $0["prev"] == view["vid"] }
        #expect(b.events("message").filter { $0["text"]?.hasPrefix("xxx") == true }.count == 1_000)
        for shell in [a, b] { #expect(try await shell.end() == 0) }
        try expectLegal(traces)
    }

    @Test func `one of four is killed, the others go on, and it comes back as a new incarnation`() async throws {
        let (traces, state, cluster) = (try TemporaryDirectory(), try TemporaryDirectory(), cluster())
        let names = ["a", "b", "c", "d"]
        func start(_ name: String, _ peers: [String]) throws -> ShellProcess {
            let directory = "node.stateDirectory=\(state.path)/\(name)"
            return try ShellProcess(
                name, cluster: cluster, peers: peers, trace: traces,
                arguments: ["--set", directory, "--set", "membership.initial=\(names.joined(separator: ","))"])
        }
        let first = try start("a", [])
        var shells = [first]
        for name in names.dropFirst() { shells.append(try start(name, [try await first.listen])) }
        for shell in shells { shell.command("join g h") }
        for shell in shells { try await shell.view("g", nodes: names) }
        for (index, shell) in shells.enumerated() { shell.command("send --order total g before \(index)") }
        for shell in shells {
            for index in shells.indices { try await shell.event("message") { $0["text"] == "before \(index)" } }
        }
        let old = try #require(try await shells[1].event("ready")["p"])
        shells[1].kill()
        let survivors = [shells[0], shells[2], shells[3]]
        for group in ["g", "h"] {
            for shell in survivors { try await shell.view(group, nodes: ["a", "c", "d"]) }
        }
        survivors[1].command("send g after")
        for shell in survivors { try await shell.event("message") { $0["text"] == "after" } }

        let again = try start("b", [try await first.listen])
        let new = try #require(try await again.event("ready")["p"])
        #expect(new != old)
        again.command("join g")
        let view = try await again.view("g", nodes: names)
        #expect(view.strings("members").contains { $0.hasPrefix(new + "/") })
        for shell in survivors {
            try await shell.event("view") { $0["g"] == "lwg:g" && $0["vid"] == view["vid"] }
        }
        again.command("send --order total g back")
        for shell in survivors + [again] { try await shell.event("message") { $0["text"] == "back" } }
        for shell in survivors + [again] { #expect(try await shell.end() == 0) }
        try expectLegal(traces)
    }

    /// A view of just these nodes that is not among those `seen`.
    private func newView(_ shell: ShellProcess, of nodes: [String], after seen: Set<String>) async throws {
        try await shell.event("view") { event in
            let names = event.strings("members").compactMap { $0.split(separator: ".").first.map(String.init) }
            return !seen.contains(event["vid"] ?? "") && names.sorted() == nodes
        }
    }

    @Test func `a paused node comes back by itself; all leave, one rejoins alone, then the others`() async throws {
        let (traces, cluster) = (try TemporaryDirectory(), cluster())
        let names = ["a", "b", "c"]
        // On a busy machine two may meet before they reach the first, which would be primary without this.
        let initial = ["--set", "membership.initial=\(names.joined(separator: ","))"]
        let first = try ShellProcess("a", cluster: cluster, trace: traces, arguments: initial)
        var shells = [first]
        for name in names.dropFirst() {
            let peers = [try await first.listen]
            shells.append(try ShellProcess(name, cluster: cluster, peers: peers, trace: traces, arguments: initial))
        }
        for shell in shells { shell.command("join g") }
        for shell in shells { try await shell.view("g", nodes: names) }
        var seen = Set(shells.flatMap { $0.events("view") }.compactMap { $0["vid"] })
        shells[2].pause()
        for shell in shells.prefix(2) { try await newView(shell, of: ["a", "b"], after: seen) }
        shells[2].resume()
        for shell in shells { try await newView(shell, of: names, after: seen) }
        for shell in shells { shell.command("leave g") }
        for shell in shells { try await shell.event("left") }
        seen.formUnion(shells.flatMap { $0.events("view") }.compactMap { $0["vid"] })
        shells[1].command("join g")
        try await newView(shells[1], of: ["b"], after: seen)
        for shell in [shells[0], shells[2]] { shell.command("join g") }
        for shell in shells { try await newView(shell, of: names, after: seen) }
        for shell in shells { #expect(try await shell.end() == 0) }
        try expectLegal(traces)
    }

    @Test func `with explicit holds nothing changes before the application answers`() async throws {
        let (traces, cluster) = (try TemporaryDirectory(), cluster())
        let a = try ShellProcess("a", cluster: cluster, trace: traces, arguments: ["--holds", "explicit"])
        a.command("join g")
        try await a.view("g", nodes: ["a"])
        let b = try ShellProcess("b", cluster: cluster, peers: [try await a.listen], trace: traces)
        b.command("join g")
        let hold = try await a.event("hold") { $0["g"] == "lwg:g" }
        #expect(hold["vid"] == a.events("view").last?["vid"])
        // Commands that do not need the group are answered while it is held.
        a.command("stats")
        try await a.event("stats")
        #expect(a.events("view").count == 1)
        answerHolds(a)
        try await a.view("g", nodes: ["a", "b"])
        try await b.view("g", nodes: ["a", "b"])
        b.command("quit")
        #expect(try await b.end() == 0)
        a.command("quit")
        #expect(try await a.end() == 0)
        try expectLegal(traces)
    }

    @Test func `who is silent past the deadline loses its seat, and the others do not wait for it again`() async throws
    {
        let (traces, cluster) = (try TemporaryDirectory(), cluster())
        let a = try ShellProcess(
            "a", cluster: cluster, trace: traces,
            arguments: ["--holds", "explicit", "--set", "flush.holdDeadline=300ms"])
        a.command("join g")
        try await a.view("g", nodes: ["a"])
        a.command("holdok g")
        try await a.event("error") { $0["code"] == "noHold" }
        let b = try ShellProcess("b", cluster: cluster, peers: [try await a.listen], trace: traces)
        b.command("join g")
        try await a.event("hold") { $0["g"] == "lwg:g" }
        try await a.event("left") { $0["g"] == "lwg:g" && $0["reason"] == "holdExpired" }
        try await b.view("g", nodes: ["b"])
        a.command("send g too late")
        try await a.event("error") { $0["cmd"] == "send" && $0["code"] == "notMember" }
        b.command("send g alone")
        try await b.event("message") { $0["text"] == "alone" }
        for shell in [b, a] { #expect(try await shell.end() == 0) }
        try expectLegal(traces)
    }

    /// Answers each Hold of `g`, those to come too, until the shell ends.
    private func answerHolds(_ shell: ShellProcess) {
        Task {
            var answered = 0
            while true {
                let next = answered + 1
                _ = try await shell.events("hold", count: next)
                shell.command("holdok g")
                answered = next
            }
        }
    }

    @Test func `SIGTERM leaves all groups and exits 0`() async throws {
        let cluster = cluster()
        let a = try ShellProcess("a", cluster: cluster)
        let b = try ShellProcess("b", cluster: cluster, peers: [try await a.listen])
        for shell in [a, b] { shell.command("join g") }
        for shell in [a, b] { try await shell.view("g", nodes: ["a", "b"]) }
        b.terminate()
        try await a.event("view") { $0.strings("members").count == 1 && $0["prev"] != nil }
        #expect(try await b.end() == 0)
        #expect(try await a.end() == 0)
    }

    @Test func `a node joins what it is told to and leaves at SIGTERM`() async throws {
        let (traces, cluster) = (try TemporaryDirectory(), cluster())
        let shell = try ShellProcess("a", cluster: cluster, trace: traces)
        let node = try ShellProcess(
            "b", cluster: cluster, peers: [try await shell.listen], trace: traces, command: "node",
            arguments: ["--join", "g", "--join", "h"])
        shell.command("join g")
        for each in [shell, node] { try await each.view("g", nodes: ["a", "b"]) }
        shell.command("send g hello")
        try await node.event("message") { $0["text"] == "hello" }
        node.terminate()
        try await shell.event("view") { $0.strings("members").count == 1 && $0["prev"] != nil }
        #expect(try await node.end() == 0)
        #expect(node.events("left").count == 2)
        #expect(try await shell.end() == 0)
        try expectLegal(traces)
    }

    @Test func `thousands of groups are joined, used and left`() async throws {
        let (traces, cluster) = (try TemporaryDirectory(), cluster())
        let a = try ShellProcess("a", cluster: cluster, trace: traces)
        let b = try ShellProcess("b", cluster: cluster, peers: [try await a.listen], trace: traces)
        let names = (0..<1_500).map { "group-\($0)" }
        for shell in [a, b] { shell.command("join " + names.joined(separator: " ")) }
        for shell in [a, b] {
            for name in [names[0], names[1_499]] { try await shell.view(name, nodes: ["a", "b"]) }
        }
        for name in names { a.command("send \(name) x") }
        _ = try await b.events("message", count: names.count)
        for shell in [a, b] { #expect(try await shell.end() == 0) }
        #expect(a.events("left").count == names.count)
        try expectLegal(traces)
    }
}
