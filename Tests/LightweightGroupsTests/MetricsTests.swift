import EventLoop
import Foundation
import MetricsTestKit
import Testing

@testable import LightweightGroups

@Suite("Metrics", .serialized, .timeLimit(.minutes(5)))
struct MetricsTests {
    private static let identity = Exposition.Identity(node: "n", member: "n.1", cluster: "c\"\\\n")

    @Test("every metric has its help, its type and a value")
    func exposition() {
        var statistics = NodeStatistics()
        statistics.messagesDelivered = 7
        statistics.rejected = ["malformed": 3]
        statistics.refusedConnections = ["cluster": 1]
        let lines = Exposition.text(statistics, Self.identity, .now()).split(separator: "\n")
        for metric in MetricTable.metrics {
            #expect(lines.contains("# HELP \(metric.name) \(metric.text)"))
            #expect(lines.contains("# TYPE \(metric.name) \(metric.kind.rawValue)"))
            #expect(lines.contains { !$0.hasPrefix("#") && $0.hasPrefix(metric.name) }, "\(metric.name)")
        }
        #expect(lines.contains("lwg_messages_delivered_total 7"))
        #expect(lines.contains("lwg_rejected_datagrams_total{reason=\"malformed\"} 3"))
        #expect(lines.contains("lwg_info{node=\"n\",member=\"n.1\",cluster=\"c\\\"\\\\\\n\"} 1"))
        #expect(Set(MetricTable.metrics.map(\.name)).count == MetricTable.metrics.count)
    }

    @Test("the counts of times are cumulative, and what is over the last bound counts too")
    func histogram() {
        var statistics = NodeStatistics()
        for nanoseconds: Int64 in [0, 500_000, 500_001, 20_000_000_000, -5] {
            statistics.hwgFlushTimes.record(nanoseconds)
        }
        let lines = Exposition.text(statistics, Self.identity, .now()).split(separator: "\n")
        #expect(lines.contains("lwg_hwg_flush_seconds_bucket{le=\"0.0005\"} 3"))
        #expect(lines.contains("lwg_hwg_flush_seconds_bucket{le=\"10\"} 4"))
        #expect(lines.contains("lwg_hwg_flush_seconds_bucket{le=\"+Inf\"} 5"))
        #expect(lines.contains("lwg_hwg_flush_seconds_count 5"))
    }

    @Test("the endpoint says when the node is ready, and what it counts; a group more is no line more")
    func endpoint() async throws {
        try await withNodes(2, { $0.metricsListen = "0" }) { nodes in
            let address = nodes[0].metricsAddress
            let early = try await ask(address, "/readyz")
            #expect(early.status == 503)
            #expect(early.text == "not ready: in no heavyweight group yet; join a group\n")
            #expect(try await ask(address, "/livez").text == "alive\n")
            #expect(try await ask(address, "/").status == 404)

            let sender = try await nodes[0].join("g")
            let own = EventReader(sender)
            await own.until { $0.memberCount == 1 }
            #expect(try await ask(address, "/readyz") == HTTPResponse(status: 200, line: "ready"))
            let before = try await ask(address, "/metrics")
            #expect(before.contentType == "text/plain; version=0.0.4; charset=utf-8")

            for number in 0..<10 { try await sender.multicast([UInt8(number)]) }
            _ = await own.texts(10)
            _ = try await nodes[0].join((0..<50).map { "more-\($0)" })
            let after = try await ask(address, "/metrics").text.split(separator: "\n")
            #expect(after.contains("lwg_messages_delivered_total 10"))
            #expect(after.contains("lwg_lightweight_groups 51"))
            #expect(after.count == before.text.split(separator: "\n").count)
        }
    }

    @Test("a metrics port in use is a typed error with advice, and takes nothing with it")
    func portInUse() async throws {
        try await withNodes(1, { $0.metricsListen = "127.0.0.1:0" }) { nodes in
            let taken = try #require(nodes[0].metricsAddress)
            var settings = NodeSettings(name: "other")
            settings.logLevel = .critical
            settings.metricsListen = taken
            await #expect(
                throws: GroupError.system(
                    operation: "listen on TCP \(taken)", error: "Address already in use",
                    advice: "Choose another metrics.listen address, or end what uses this one.")
            ) { _ = try await GroupNode.start(settings) }
            #expect(try await ask(taken, "/livez").status == 200)
            // The address for datagrams that the refused node had is free again.
            let probe = try await GroupNode.start(NodeSettings(name: "probe"))
            settings.listen = probe.listenAddress
            await probe.stop()
            await #expect(throws: GroupError.self) { _ = try await GroupNode.start(settings) }
            settings.metricsListen = nil
            let second = try await GroupNode.start(settings)
            #expect(second.metricsAddress == nil)
            await second.stop()
        }
    }

    @Test(
        "a metrics address that others reach needs to be allowed",
        arguments: ["0.0.0.0:0", "[::]:0", "nonsense", "127.0.0.1:99999", "no-such-host.invalid:1"])
    func exposed(_ address: String) async {
        var settings = NodeSettings(name: "n")
        settings.metricsListen = address
        do {
            let node = try await GroupNode.start(settings)
            await node.stop()
            Issue.record("\(address) was accepted")
        } catch {
            guard case .setting("metrics.listen", _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test("a bootstrapped backend is told of counters, present values and times, with the node's name")
    func backend() async throws {
        let backend = TestMetrics()
        var settings = NodeSettings(name: "n")
        settings.logLevel = .critical
        let node = try await GroupNode.start(settings, metrics: backend)
        let group = try await node.join("g")
        let reader = EventReader(group)
        for number in 0..<5 { try await group.multicast([UInt8(number)]) }
        _ = await reader.texts(5)
        await node.stop()
        let dimensions = [("node", "n")]
        #expect(try backend.expectCounter("lwg_messages_delivered_total", dimensions).totalValue == 5)
        #expect(try backend.expectCounter("lwg_lwg_views_total", dimensions).totalValue == 1)
        #expect(try backend.expectRecorder("lwg_ready", dimensions).lastValue == 0)
        #expect(try backend.expectTimer("lwg_join_seconds", dimensions).values.count == 1)
    }

    @Test("a Hold of a heavyweight group is timed until its view")
    func flushTimes() async throws {
        try await withNodes(2) { nodes in
            let reader = EventReader(try await nodes[0].join("g"))
            await reader.until { $0.memberCount == 1 }
            _ = try await nodes[1].join("g")
            await reader.until { $0.memberCount == 2 }
            let times = await nodes[0].statistics().hwgFlushTimes
            #expect(times.count >= 1 && times.sumNanoseconds > 0)
        }
    }
}

@Suite("Operations.md")
struct OperationsTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let page = try? String(
        contentsOf: root.appendingPathComponent("Design/Operations.md"), encoding: .utf8)

    @Test("has every metric, every log line and every reloadable key")
    func complete() throws {
        let page = try #require(Self.page)
        for metric in MetricTable.metrics { #expect(page.contains("`\(metric.name)`"), "\(metric.name)") }
        for metric in ProcessFigures.names { #expect(page.contains("`\(metric.name)`"), "\(metric.name)") }
        #expect(page.contains("`\(Exposition.Identity.name)`"))
        for line in LogLine.allCases {
            #expect(page.contains("| `\(line.rawValue)` | \(line.level) |"), "\(line.rawValue), \(line.level)")
        }
        for key in SettingTable.keys where key.isReloadable { #expect(page.contains("`\(key.path)`"), "\(key.path)") }
    }

    @Test("has no metric and no log line that does not exist")
    func exact() throws {
        let page = try #require(Self.page)
        let known = Set(
            MetricTable.metrics.map(\.name) + ProcessFigures.names.map(\.name) + [Exposition.Identity.name])
        for match in page.matches(of: /`((?:lwg|process)_[a-z_]+)`/) {
            #expect(known.contains(String(match.1)), "\(match.1)")
        }
        for match in page.matches(of: /\n\| `([a-zA-Z]+)` \| (?:debug|info|notice|warning|error) \|/) {
            #expect(LogLine(rawValue: String(match.1)) != nil, "\(match.1)")
        }
    }

    @Test("is told of every line: the library logs through NodeLog alone")
    func onlyNamedLines() throws {
        let sources = Self.root.appendingPathComponent("Sources/LightweightGroups")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files
        where file.pathExtension == "swift" && file.lastPathComponent != "NodeLog.swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            count += 1
            let unnamed = text.matches(of: /logger\.(trace|debug|info|notice|warning|error|critical|log)\(/)
            #expect(unnamed.isEmpty, "\(file.lastPathComponent)")
        }
        #expect(count > 50)
    }
}
