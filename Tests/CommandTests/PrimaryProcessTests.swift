import Foundation
import GroupSimulator
import Testing

/// `partition: primary` with real processes, their disks and their signals.
@Suite("Shells with partition: primary", .serialized)
struct PrimaryProcessTests {
    private static let names = ["a", "b", "c"]

    /// Three nodes, their state directories and traces.
    private final class Three {
        let traces: TemporaryDirectory
        let state: TemporaryDirectory
        let cluster = "primary-\(UUID().uuidString)"
        init() throws { (traces, state) = (try TemporaryDirectory(), try TemporaryDirectory()) }

        func start(
            _ name: String, peers: [String], initial: String = "a,b,c", settings: [String] = []
        ) throws -> ShellProcess {
            try ShellProcess(
                name, cluster: cluster, peers: peers, trace: traces,
                arguments: settings.flatMap { ["--set", $0] } + [
                    "--set", "membership.partition=primary", "--set", "membership.initial=\(initial)", "--set",
                    "node.stateDirectory=\(state.path)/\(name)", "--set", "failureDetector.timeout=2s",
                ])
        }

        func startAll() async throws -> [ShellProcess] {
            let first = try start("a", peers: [])
            let listen = try await first.listen
            let shells = [first, try start("b", peers: [listen]), try start("c", peers: [listen])]
            for shell in shells { shell.command("join g") }
            for shell in shells { try await shell.view("g", nodes: names) }
            return shells
        }

        /// The text at everybody.
        func tell(
            _ text: String, in group: String = "g", from shell: ShellProcess, to shells: [ShellProcess]
        ) async throws {
            shell.command("send --order total \(group) \(text)")
            for shell in shells { try await shell.event("message") { $0["text"] == text } }
        }

        func expectLegal() throws {
            let report = try TraceCheck.run(files: traces.files, isPrimaryMode: true)
            #expect(report.ok, "\(report.violations)")
            #expect(report.events > 0)
        }
    }

    private func seen(_ shells: [ShellProcess]) -> [Set<String>] {
        shells.map { Set($0.events("view").compactMap { $0["vid"] }) }
    }

    /// The first view of just these nodes that is not among those `seen`.
    private func newView(_ shell: ShellProcess, _ nodes: [String], after seen: Set<String>) async throws
        -> ShellProcess.Event
    {
        try await shell.event("view") { event in
            let names = event.strings("members").compactMap { $0.split(separator: ".").first.map(String.init) }
            return !seen.contains(event["vid"] ?? "") && names.sorted() == nodes
        }
    }

    @Test func `one of three is paused: two go on, and it comes back by a view of itself that is held and not primary`()
        async throws
    {
        let three = try Three()
        let shells = try await three.startAll()
        try await three.tell("one", from: shells[0], to: shells)
        let before = seen(shells)
        shells[2].pause()
        for index in 0..<2 {
            let view = try await newView(shells[index], ["a", "b"], after: before[index])
            #expect(view.fields["primary"] as? Bool == true)
        }
        try await three.tell("two", from: shells[0], to: Array(shells[..<2]))
        shells[2].resume()
        for (index, shell) in shells.enumerated() { _ = try await newView(shell, Self.names, after: before[index]) }
        let alone = try await newView(shells[2], ["c"], after: before[2])
        #expect(alone.fields["primary"] as? Bool == false)
        #expect(
            shells[2].events("message").contains { $0["text"] == "two" } == false, "it is of a view that it was not in")
        try await three.tell("three", from: shells[2], to: shells)
        for shell in shells { #expect(try await shell.end() == 0) }
        try three.expectLegal()
    }

    @Test func `two of three are paused: the third is held, and what it sends goes out when they are back`()
        async throws
    {
        let three = try Three()
        let shells = try await three.startAll()
        let before = seen(shells)
        shells[1].pause()
        shells[2].pause()
        _ = try await shells[0].counter("heldForMajority", atLeast: 1)
        #expect(try await shells[0].counter("lacksMajority", atLeast: 1) == 1)
        shells[0].command("send --order total g waits")
        // Nothing but answers to the commands came while it was held.
        _ = try await shells[0].counter("lacksMajority", atLeast: 1)
        #expect(shells[0].events("view").count == before[0].count)
        #expect(shells[0].events("message").contains { $0["text"] == "waits" } == false)
        shells[1].resume()
        shells[2].resume()
        // With one of them it may go on before the other is awake.
        for (index, shell) in shells.enumerated() {
            let view = try await newView(shell, Self.names, after: before[index])
            #expect(view.fields["primary"] as? Bool == true)
        }
        let waited = try await shells[0].event("message") { $0["text"] == "waits" }
        #expect(shells[0].events("view")[before[0].count...].contains { $0["vid"] == waited["vid"] })
        try await three.tell("after", from: shells[2], to: shells)
        for shell in shells { #expect(try await shell.end() == 0) }
        try three.expectLegal()
    }

    @Test func `all are killed: two of them go on with the chain, and the third comes to them`() async throws {
        let three = try Three()
        let shells = try await three.startAll()
        try await three.tell("before", from: shells[1], to: shells)
        let old = try #require(shells[0].events("view").last?["hvid"])
        for shell in shells { shell.kill() }
        for shell in shells { await #expect(throws: ShellProcess.TimedOut.self) { try await shell.event("never") } }
        let b = try three.start("b", peers: [])
        let c = try three.start("c", peers: [try await b.listen])
        b.command("join g")
        c.command("join g")
        for shell in [b, c] {
            let view = try await shell.view("g", nodes: ["b", "c"])
            #expect(view.fields["primary"] as? Bool == true)
            #expect(epoch(view["hvid"]) > epoch(old))
        }
        let a = try three.start("a", peers: [try await b.listen])
        a.command("join g")
        for shell in [a, b, c] { try await shell.view("g", nodes: Self.names) }
        try await three.tell("after", from: a, to: [a, b, c])
        for shell in [a, b, c] { #expect(try await shell.end() == 0) }
        try three.expectLegal()
    }

    @Test func `pinned groups live through the death of one node, and of all`() async throws {
        let three = try Three()
        let pins = ["mapping.pins=p*=east"]
        func startAll() async throws -> [ShellProcess] {
            let first = try three.start("a", peers: [], settings: pins)
            let listen = try await first.listen
            let others = try ["b", "c"].map { try three.start($0, peers: [listen], settings: pins) }
            for shell in [first] + others { shell.command("join g p1") }
            for shell in [first] + others {
                for group in ["g", "p1"] {
                    let view = try await shell.view(group, nodes: Self.names)
                    #expect(view.fields["primary"] as? Bool == true)
                    #expect(view["hwg"] == (group == "g" ? "main" : "east"))
                }
            }
            return [first] + others
        }
        let shells = try await startAll()
        try await three.tell("before", in: "p1", from: shells[1], to: shells)
        shells[2].kill()
        for shell in shells[..<2] {
            let view = try await shell.view("p1", nodes: ["a", "b"])
            #expect(view.fields["primary"] as? Bool == true)
        }
        try await three.tell("two", in: "p1", from: shells[0], to: Array(shells[..<2]))
        for shell in shells { shell.kill() }
        for shell in shells { await #expect(throws: ShellProcess.TimedOut.self) { try await shell.event("never") } }
        let again = try await startAll()
        try await three.tell("after", in: "p1", from: again[2], to: again)
        for shell in again { #expect(try await shell.end() == 0) }
        try three.expectLegal()
    }

    private func epoch(_ view: String?) -> Int { view.flatMap { Int($0.prefix { $0 != "@" }) } ?? -1 }

    @Test func `a state directory that is damaged or whose record is gone stops the node with what to do`() async throws
    {
        let three = try Three()
        let a = try three.start("a", peers: [], initial: "a")
        a.command("join g")
        try await a.view("g", nodes: ["a"])
        #expect(try await a.end() == 0)
        let record = "\(three.state.path)/a/a.primary"
        try Data([0, 1, 2]).write(to: URL(fileURLWithPath: record))
        for reason in ["damaged", "missing"] {
            let outcome = try Executable.run([
                "shell", "--name", "a", "--cluster", three.cluster, "--set", "membership.partition=primary", "--set",
                "membership.initial=a", "--set", "node.stateDirectory=\(three.state.path)/a",
            ])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains(reason), "\(outcome.errors)")
            #expect(outcome.errors.contains("new name"))
            try? FileManager.default.removeItem(atPath: record)
        }
    }

    @Test func `nodes with other initial nodes do not meet`() async throws {
        let three = try Three()
        let a = try three.start("a", peers: [], initial: "a")
        let b = try three.start("b", peers: [try await a.listen], initial: "b")
        for shell in [a, b] {
            shell.command("join g")
            try await shell.view("g", nodes: [shell.name])
            _ = try await shell.counter("otherInitial", atLeast: 1)
        }
        for shell in [a, b] {
            #expect(shell.events("view").allSatisfy { $0.strings("members").count == 1 })
            #expect(try await shell.end() == 0)
        }
    }
}
