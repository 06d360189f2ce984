import Foundation
import Testing

@testable import LightweightGroups

/// What a node of the mode `primary` says while a majority is missing.
@Suite("A missing majority", .serialized, .timeLimit(.minutes(5)))
struct MajorityTests {
    private func settings(_ name: String, _ directory: String, peers: [GroupNode] = []) -> NodeSettings {
        var settings = NodeSettings(name: name)
        settings.cluster = "majority"
        settings.peers = peers.map(\.listenAddress)
        settings.partition = .primary
        settings.initialNodes = ["a", "b", "c"]
        settings.stateDirectory = "\(directory)/\(name)"
        settings.pins = [MappingPin(pattern: "pinned*", group: "side")]
        settings.metricsListen = "0"
        settings.logLevel = .critical
        return settings
    }

    @Test("at a cold start it says who is missing, once, and the join goes on when a majority is there")
    func coldStart() async throws {
        try await withDirectory { directory in
            let log = LogRecorder()
            var first = settings("a", directory)
            first.logLevel = .info
            first.failureTimeout = .milliseconds(500)
            let a = try await GroupNode.start(first, logger: log.logger)
            let joining = Task { try await a.join("g") }
            #expect(
                await log.await(.noMajority) == [
                    "main: in no primary view yet, because a majority of a, b, c has to be in it (not connected: b, c); "
                        + "joins wait"
                ])
            let b = try await GroupNode.start(settings("b", directory, peers: [a]))
            let other = EventReader(try await b.join("g"))
            await other.until { $0.memberCount == 2 }
            _ = try await joining.value
            #expect(log.lines(.noMajority).count == 1)
            for node in [b, a] { await node.stop() }
        }
    }

    @Test("a pinned group in a view does not make a node ready whose control group is held")
    func readiness() async throws {
        try await withDirectory { directory in
            let log = LogRecorder()
            let a = try await GroupNode.start(settings("a", directory))
            var second = settings("b", directory, peers: [a])
            second.logLevel = .info
            let b = try await GroupNode.start(second, logger: log.logger)
            let first = Task { try await a.join("g") }
            let reader = EventReader(try await b.join("g"))
            _ = try await first.value
            await reader.until { $0.memberCount == 2 }
            let pinned = EventReader(try await b.join("pinned"))
            await pinned.until { $0.memberCount == 1 }
            #expect(try await ask(b.metricsAddress, "/readyz").status == 200)
            #expect(await b.statistics().isReady)
            // Of two nodes the one of rank 0, whose name is the smaller one in the first view, would go on alone.
            a.crash()
            _ = await log.await(.noMajority)
            #expect(try await ask(b.metricsAddress, "/readyz").status == 503)
            #expect(await b.statistics().isReady == false)
            #expect(try await ask(b.metricsAddress, "/metrics").text.contains("\nlwg_ready 0\n"))
            for node in [a, b] {
                node.crash()
                await node.stop()
            }
        }
    }
}
