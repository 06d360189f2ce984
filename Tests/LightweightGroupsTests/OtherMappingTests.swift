import Testing

@testable import LightweightGroups

@Suite("Nodes whose mappings differ", .serialized, .timeLimit(.minutes(5)))
struct OtherMappingTests {
    private let pins = [MappingPin(pattern: "hot/*", group: "fast"), MappingPin(pattern: "hot/1", group: "second")]

    @Test("each says so of the other, once, and says when it is over; the statistics tell how many differ now")
    func told() async throws {
        let (first, second) = (LogRecorder(), LogRecorder())
        var settings = NodeSettings(name: "a")
        settings.heartbeatInterval = .milliseconds(10)
        settings.pins = pins
        let a = try await GroupNode.start(settings, logger: first.logger)
        settings = NodeSettings(name: "b")
        settings.heartbeatInterval = .milliseconds(10)
        settings.peers = [a.listenAddress]
        let b = try await GroupNode.start(settings, logger: second.logger)
        let atA = await first.await(.otherMapping)
        #expect(atA.count == 1 && atA[0].contains("b.") && atA[0].contains(".pins"))
        #expect(await second.await(.otherMapping).count == 1)
        #expect(await a.statistics().otherMapping == 1)

        // The first pattern that matches wins, so that their order counts.
        var wanted = b.settings
        wanted.pins = pins.reversed()
        try await b.reload(wanted)
        wanted.pins = pins
        try await b.reload(wanted)
        #expect(await first.await(.sameMapping).count == 1)
        #expect(await second.await(.sameMapping).count == 1)
        #expect(first.lines(.otherMapping).count == 1 && second.lines(.otherMapping).count == 1)
        #expect(await a.statistics().otherMapping == 0)
        #expect(await b.statistics().otherMapping == 0)
        await b.stop()
        await a.stop()
    }
}
