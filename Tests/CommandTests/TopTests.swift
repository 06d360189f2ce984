import Foundation
import Testing

@testable import lwg

@Suite("lwg top")
struct TopTests {
    private func page(_ member: String, _ values: [String: Double]) throws -> MetricsPage {
        let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return try #require(
            MetricsPage(
                "# HELP lwg_info x\nlwg_info{node=\"a b\",member=\"\(member)\"} 1\n" + lines.joined(separator: "\n")))
    }

    @Test func `a page is read: labels are summed, buckets left out, values of labels taken as they are`() throws {
        let page = try #require(
            MetricsPage(
                """
                # TYPE lwg_info gauge
                lwg_info{node="a",member="a.1",cluster="x } \\"y\\" \\\\"} 1
                lwg_rejected_datagrams_total{reason="malformed"} 3
                lwg_rejected_datagrams_total{reason="stray"} 4
                lwg_hwg_flush_seconds_bucket{le="+Inf"} 2
                lwg_hwg_flush_seconds_sum 0.5
                """))
        #expect(page["lwg_rejected_datagrams_total"] == 7)
        #expect(page["lwg_hwg_flush_seconds_sum"] == 0.5)
        #expect(page.values["lwg_hwg_flush_seconds_bucket"] == nil)
        #expect(page.identity == ["node": "a", "member": "a.1", "cluster": "x } \"y\" \\"])
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan, 1e300, -1e300])
    func `a value that is no count is shown as unknown, and ends nothing`(_ value: Double) throws {
        let page = try #require(
            MetricsPage("lwg_info{node=\"a\"} 1\nlwg_hwg_flushes_total \(value)\nlwg_live_peers \(value)"))
        let row = TopRow(endpoint: "e", look: .init(at: 1, page: page), previous: nil)
        #expect(TopReport.short(row[.flushes]) == "-")
        #expect(TopReport.short(row[.peers]) == "-")
        #expect(TopReport.short(9.9e15) == "9900000G")
    }

    @Test func `what is no node's metrics is not taken, however long it is`() {
        #expect(MetricsPage("") == nil)
        #expect(MetricsPage("<html>hello</html>") == nil)
        #expect(MetricsPage("up 1") == nil)
        #expect(MetricsPage("lwg_info{node=\"a\" 1") == nil)
        let many = (0..<10_000).map { "x\($0) 1" }.joined(separator: "\n")
        #expect(MetricsPage("lwg_info{node=\"a\"} 1\n" + many) == nil)
    }

    @Test func `rates are over the time between two looks, and unknown across a restart`() throws {
        let first = try page(
            "a.1",
            ["lwg_messages_delivered_total": 100, "lwg_hwg_flush_seconds_sum": 1, "lwg_hwg_flush_seconds_count": 2])
        let second = try page(
            "a.1",
            [
                "lwg_messages_delivered_total": 300, "lwg_hwg_flush_seconds_sum": 1.5, "lwg_hwg_flush_seconds_count": 4,
                "lwg_ready": 1,
            ])
        let row = TopRow(
            endpoint: "e", look: .init(at: 3_000_000_000, page: second), previous: .init(at: 1_000_000_000, page: first)
        )
        #expect(row.node == "a b" && row.state == "ready")
        #expect(row[.deliveredPerSecond] == 100)
        #expect(row[.flushMs] == 250)
        let restarted = TopRow(
            endpoint: "e", look: .init(at: 2, page: try page("a.2", ["lwg_messages_delivered_total": 1])),
            previous: .init(at: 1, page: first))
        #expect(restarted[.deliveredPerSecond] == nil && restarted[.lwgs] == 0)
        let down = TopRow(
            endpoint: "e", look: .init(at: 2, failure: "no answer"), previous: .init(at: 1, page: first))
        #expect(down.node == "a b" && down.state == "down" && down[.lwgs] == nil)
        #expect(TopRow.total(.deliveredPerSecond, [row, restarted, down]) == 100)
        #expect(TopRow.total(.lwgs, [row]) == nil)
    }

    @Test func `a table fits the screen, and tells what does not`() throws {
        let row = TopRow(endpoint: "127.0.0.1:1", look: .init(at: 1, failure: "no answer"), previous: nil)
        let lines = TopReport(rows: Array(repeating: row, count: 30)).lines(width: 40, height: 12)
        #expect(lines.allSatisfy { $0.count <= 40 })
        #expect(lines.contains("and 23 more"))
        #expect(lines[0] == "lwg top: 30 nodes, 0 ready")
    }

    @Test(arguments: [(0, "0"), (3.44, "3.4"), (812.4, "812"), (12_345, "12.3k"), (1_200_000, "1.2M"), (4e9, "4G")])
    func `numbers are short`(_ value: Double, _ text: String) {
        #expect(TopReport.short(value) == text)
    }

    @Test func `nobody there ends with 1, and a wrong address too`() throws {
        let nobody = try Executable.run(["top", "127.0.0.1:9", "--once"])
        #expect(nobody.status == 1)
        #expect(nobody.errors.contains("no node answered"))
        #expect(nobody.output.contains("no answer: nobody listens there"))
        #expect(try Executable.run(["top", "nowhere", "--once"]).status == 1)
        #expect(try Executable.run(["top", "--once"]).status == 2)
        #expect(try Executable.run(["top", "9", "--interval", "0"]).status == 2)
    }
}

@Suite("lwg top of real nodes", .serialized)
struct TopProcessTests {
    @Test func `two nodes and one that is down are shown with their groups; SIGINT ends it with 0`() async throws {
        let a = try ShellProcess("a", cluster: "top", arguments: ["--metrics", "0"])
        let b = try ShellProcess("b", cluster: "top", peers: [try await a.listen], arguments: ["--metrics", "0"])
        let addresses = [
            try #require(try await a.event("ready")["metrics"]), try #require(try await b.event("ready")["metrics"]),
        ]
        a.command("join x y z")
        b.command("join x")
        try await a.view("x", nodes: ["a", "b"])
        try await b.view("x", nodes: ["a", "b"])
        let once = try Executable.run(
            ["top", "--once", "--json", "--interval", "0.1"] + addresses + ["127.0.0.1:9", "nosuch.invalid:1"])
        #expect(once.status == 0)
        let nodes = try #require(once.objects.first?["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["node"] as? String } == ["a", "b", "127.0.0.1:9", "nosuch.invalid:1"])
        #expect(nodes.map { $0["state"] as? String } == ["ready", "ready", "down", "down"])
        #expect(nodes.map { $0["lwgs"] as? Int } == [3, 1, nil, nil])
        #expect(nodes[0]["hwgs"] as? Int == 1 && nodes[0]["peers"] as? Int == 1)
        #expect(nodes[0]["deliveredPerSecond"] as? Double != nil)
        #expect(nodes[2]["reason"] as? String != nil)
        #expect(nodes[3]["reason"] as? String == "the host is not known")

        // Live, into a file: plain text without a terminal's controls.
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Executable.path)
        process.arguments = ["top", "--interval", "0.1"] + addresses
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let lines = LineReader(descriptor: output.fileHandleForReading.fileDescriptor)
        var headings = 0
        while headings < 3, let line = await lines.next() {
            #expect(!line.contains("\u{1B}"))
            if line.hasPrefix("NODE") { headings += 1 }
        }
        process.interrupt()
        while await lines.next() != nil {}
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
        #expect(try await a.end() == 0)
        #expect(try await b.end() == 0)
    }

    @Test func `a name cannot speak to the terminal, and a number stays JSON`() throws {
        let page = try #require(MetricsPage("lwg_info{node=\"\u{1b}[31mred\"} 1\nlwg_live_peers 1"))
        let row = TopRow(endpoint: "e", look: .init(at: 1, page: page), previous: nil)
        #expect(TopReport(rows: [row]).lines().allSatisfy { !$0.contains("\u{1b}") })
        for value in [1e308, -1e308, 9.1e12, 1.5] {
            let line = JSON.number(value).line
            #expect(Double(line) == value, "\(line)")
        }
    }
}
