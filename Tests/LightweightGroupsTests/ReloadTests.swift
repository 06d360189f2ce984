import Foundation
import Logging
import Testing

@testable import LightweightGroups

@Suite("A new configuration at run time", .serialized, .timeLimit(.minutes(5)))
struct ReloadTests {
    private func started(
        _ log: LogRecorder, _ change: (inout NodeSettings) -> Void = { _ in }
    ) async throws -> GroupNode {
        var settings = NodeSettings(name: "n")
        change(&settings)
        return try await GroupNode.start(settings, logger: log.logger)
    }

    @Test("what can change is in force; what cannot is told to need a restart and stays")
    func applies() async throws {
        let log = LogRecorder()
        let node = try await started(log)
        var wanted = node.settings
        wanted.failureTimeout = .seconds(5)
        wanted.logLevel = .error
        wanted.packetBytes = 1_400
        wanted.cluster = "other"
        let reload = try await node.reload(wanted)
        #expect(reload.applied.map(\.key) == ["failureDetector.timeout", "log.level"])
        #expect(reload.needRestart.map(\.key) == ["node.cluster", "transport.packetBytes"])
        #expect(node.settings.failureTimeout == .seconds(5))
        #expect(node.settings.packetBytes == NodeSettings(name: "n").packetBytes)
        #expect(await node.statistics().reloads == 1)
        // The level is in force for the lines that tell of it.
        #expect(log.lines(.reloaded).isEmpty && log.lines(.needsRestart).isEmpty)
        wanted.logLevel = .debug
        try await node.reload(wanted)
        #expect(log.lines(.reloaded) == ["configuration: log.level from error to debug"])
        #expect(log.lines(.needsRestart).count == 2)
        #expect(log.lines(.needsRestart)[0].contains("node.cluster from default to other needs a restart"))
        await node.stop()
        #expect(try await node.reload(wanted).isEmpty)
    }

    @Test("a mapping is for groups that are joined from then on; a group keeps its heavyweight group")
    func mapping() async throws {
        let node = try await started(LogRecorder()) { $0.logLevel = .critical }
        _ = try await node.join("old")
        var wanted = node.settings
        wanted.defaultGroup = "second"
        wanted.pins = [MappingPin(pattern: "hot/*", group: "fast")]
        try await node.reload(wanted)
        _ = try await node.join(["new", "hot/1"])
        _ = try await node.endpoint("b").join("old")
        let map = Dictionary(uniqueKeysWithValues: await node.mapping().map { ($0.group, $0.hwg.description) })
        #expect(map == ["old": "main", "new": "second", "hot/1": "fast"])
        await node.stop()
    }

    @Test("settings that contradict themselves change nothing")
    func contradiction() async throws {
        let node = try await started(LogRecorder()) { $0.logLevel = .critical }
        var wanted = node.settings
        wanted.defaultGroup = "second"
        wanted.heartbeatInterval = .seconds(1)
        let error = await #expect(throws: ConfigurationError.self) { try await node.reload(wanted) }
        #expect(error?.problems.map(\.key) == ["failureDetector.timeout"])
        #expect(node.settings.defaultGroup == "main" && node.settings.heartbeatInterval == .milliseconds(100))
        wanted = node.settings
        wanted.defaultGroup = "no name"
        await #expect(throws: ConfigurationError.self) { try await node.reload(wanted) }
        _ = try await node.join("g")
        #expect(await node.mapping().map(\.hwg.description) == ["main"])
        await node.stop()
    }

    @Test("new times in the middle of traffic cost no message and no view")
    func underLoad() async throws {
        try await withNodes(2) { nodes in
            let sender = try await nodes[0].join("g")
            let reader = EventReader(try await nodes[1].join("g"))
            await reader.until { $0.memberCount == 2 }
            let own = EventReader(sender)
            let reading = Task { await own.texts(2_000).count }
            let sending = Task {
                for number in 0..<2_000 { try await sender.multicast(Array("\(number)".utf8), order: .total) }
            }
            for milliseconds in [50, 20, 200, 10, 100] {
                for node in nodes {
                    var wanted = node.settings
                    wanted.heartbeatInterval = .milliseconds(milliseconds)
                    wanted.failureTimeout = .seconds(20)
                    wanted.gather = .milliseconds(1)
                    wanted.resendInterval = .milliseconds(milliseconds)
                    try await node.reload(wanted)
                }
            }
            #expect(await reader.texts(2_000) == (0..<2_000).map { "\($0)" })
            // Past the time limit the reader has stopped, and the sender would wait for ever.
            try Task.checkCancellation()
            try await sending.value
            #expect(await reading.value == 2_000)
            #expect(sender.view?.members.count == 2)
            #expect(await nodes[0].statistics().suspicions == 0)
        }
    }

    @Test("a shorter time-out is in force at once: silence is noticed that the old one would have borne")
    func shorter() async throws {
        try await withNodes(2, { $0.failureTimeout = .seconds(300) }) { nodes in
            let reader = EventReader(try await nodes[0].join("g"))
            _ = try await nodes[1].join("g")
            await reader.until { $0.memberCount == 2 }
            var wanted = nodes[0].settings
            wanted.heartbeatInterval = .milliseconds(10)
            wanted.failureTimeout = .milliseconds(50)
            try await nodes[0].reload(wanted)
            // The other one goes on with its slow pace: this one takes it to have failed between two heartbeats.
            while await nodes[0].statistics().suspicions == 0 { await Task.yield() }
        }
    }

    @Test("the file is followed: changes, mistakes with line and nearest key, and its absence")
    func watch() async throws {
        try await withDirectory { directory in
            let file = "\(directory)/lwg.yaml"
            func write(_ text: String) throws { try text.write(toFile: file, atomically: true, encoding: .utf8) }
            try write("node:\n  name: n\n")
            let log = LogRecorder()
            let node = try await started(log)
            let group = try await node.join("g")
            let watch = ConfigurationWatch(node: node, file: file, environment: [:], interval: .milliseconds(5))
            let running = Task { try await watch.run() }

            try write("node:\n  name: n\nmapping:\n  default: second\n")
            #expect(await log.await(.reloaded) == ["configuration: mapping.default from main to second"])

            try write("node:\n  name: n\nmapping:\n  defualt: third\nlog:\n  level: loud\n")
            let refused = await log.await(.reloadRefused, count: 2)
            let words = "configuration not taken, the old values stay: \(file)"
            #expect(refused[0] == "\(words):4: mapping.defualt: unknown key; did you mean mapping.default?")
            #expect(refused[1].hasPrefix("\(words):6: log.level: ‘loud’ is not allowed"))
            #expect(node.settings.defaultGroup == "second")

            try FileManager.default.removeItem(atPath: file)
            #expect(await log.await(.reloadRefused, count: 3)[2].hasSuffix("cannot be read: No such file or directory"))
            #expect(node.settings.defaultGroup == "second")

            try write("node:\n  name: renamed\nmapping:\n  default: third\n")
            #expect(await log.await(.reloaded, count: 2)[1] == "configuration: mapping.default from second to third")
            #expect(log.lines(.needsRestart)[0].contains("node.name from n to renamed needs a restart"))
            #expect(await node.statistics().refusedReloads == 2)

            // Asked for, a reload says also that there was nothing to do.
            await watch.reload(isAsked: true)
            #expect(await log.await(.needsRestart, count: 2).count == 2)
            try write("node:\n  name: n\nmapping:\n  default: third\n")
            await watch.reload(isAsked: true)
            #expect(await log.await(.reloadUnchanged) == ["\(file) was read again; nothing changed"])

            // Nothing of this touched the group.
            #expect(group.view?.members == [group.member])
            running.cancel()
            try? await running.value
            await node.stop()
        }
    }

    @Test("a file without end is no configuration")
    func endless() {
        #expect(throws: ConfigurationError.self) { _ = try ResolvedConfiguration(file: "/dev/zero", environment: [:]) }
    }
}
