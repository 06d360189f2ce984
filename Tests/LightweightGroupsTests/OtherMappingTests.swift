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

    @Test("a group of one name on two heavyweight groups is two: its changes on the one touch nobody on the other")
    func apart() async throws {
        try await withNodes(
            3,
            { settings in
                settings.pins = [MappingPin(pattern: "x/*", group: "fast")]
                if settings.name == "n2" { settings.pins.append(MappingPin(pattern: "g", group: "fast")) }
            }
        ) { nodes in
            let (here, with) = (try await nodes[0].join("g"), try await nodes[1].join("g"))
            let (reader, other) = (EventReader(here), EventReader(with))
            await reader.until { $0.memberCount == 2 }
            await other.until { $0.memberCount == 2 }
            let shared = EventReader(try await nodes[0].join("x/1"))
            let sharer = try await nodes[2].join("x/1")
            await shared.until { $0.memberCount == 2 }
            let foreign = try await nodes[2].join("g")
            await EventReader(foreign).until { $0.memberCount == 1 }
            try await sharer.multicast(Array("behind the join".utf8), order: .total)
            #expect(await shared.texts(1) == ["behind the join"])
            #expect(here.ended == nil && here.view?.members.count == 2)
            try await with.multicast(Array("still here".utf8), order: .total)
            #expect(await reader.texts(1) == ["still here"])
            // And the other way: changes where the node is do not touch who is elsewhere.
            try await nodes[0].leave([here])
            await other.until { $0.memberCount == 1 }
            await EventReader(try await nodes[0].join("g")).until { $0.memberCount == 2 }
            #expect(foreign.ended == nil && foreign.view?.members.count == 1)
        }
    }
}
