import Testing

@testable import LightweightGroups

/// Two processes with one node's name, one after the other or at once.
@Suite("Two lives of one name", .serialized, .timeLimit(.minutes(5)))
struct TwinTests {
    @Test("at once: the older is told that it has a namesake, once, and whoever met both says where they are")
    func atOnce() async throws {
        let log = LogRecorder()
        let meeting = LogRecorder()
        let a = try await GroupNode.start(NodeSettings(name: "a"), logger: meeting.logger)
        var settings = NodeSettings(name: "x")
        settings.peers = [a.listenAddress]
        let reader = EventReader(try await a.join("g"))
        let old = try await GroupNode.start(settings, logger: log.logger)
        _ = try await old.join("g")
        await reader.until { $0.memberCount == 2 }
        settings.logLevel = .critical
        let new = try await GroupNode.start(settings)
        let group = try await new.join("g")
        _ = await log.await(.namesake)
        // It dials again, and is refused again.
        while await old.statistics().refusedConnections["incarnation", default: 0] < 3 { await Task.yield() }
        #expect(log.lines(.namesake).count == 1)
        #expect(log.lines(.namesake)[0].contains("incarnation \(new.memberID.incarnation)"))
        let said = meeting.lines(.peerRefused)
        #expect(said.contains { $0.contains(old.listenAddress) && $0.contains(new.listenAddress) })
        await EventReader(group).until { $0.memberCount == 2 }
        for node in [old, new, a] { await node.stop() }
    }

    @Test("one after the other, at once and without a state directory: each has a larger incarnation")
    func oneAfterTheOther() async throws {
        var settings = NodeSettings(name: "x")
        settings.logLevel = .critical
        var lives: [UInt32] = []
        for _ in 0..<4 {
            let node = try await GroupNode.start(settings)
            lives.append(node.memberID.incarnation)
            await node.stop()
        }
        #expect(lives == lives.sorted() && Set(lives).count == 4)
    }

    @Test("the clock's incarnations are larger than the seconds since 2020 were, until they end in August 2039")
    func clock() {
        let day = 86_400 * 1_000_000_000
        func number(days: Int) -> UInt32 { Incarnation.number(at: days * day) }
        // From 1 November 2026 on.
        for days in 304...4_900 { #expect(Int(number(days: days)) > (2_192 + days) * 86_400) }
        #expect(number(days: 4_960) < number(days: 4_971))
        #expect(number(days: 4_972) == .max && number(days: 6_000) == .max && number(days: -1) == 1)
    }
}
