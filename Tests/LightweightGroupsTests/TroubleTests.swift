import Foundation
import Testing

@testable import LightweightGroups

@Suite("Trouble that a node survives", .serialized, .timeLimit(.minutes(5)))
struct TroubleTests {
    @Test("a line of the log stays one line, whatever names are in it")
    func logLines() {
        let recorder = LogRecorder()
        NodeLog(recorder.logger, node: "a", level: .info).write(.groupLeft, "left ‘x\n\u{1B}[2Jerror: y’")
        #expect(recorder.lines(.groupLeft) == ["left ‘x\\x0A\\x1B[2Jerror: y’"])
    }

    @Test("a trace on a full disk is said once and counted; every message arrives")
    func fullDisk() async throws {
        let log = LogRecorder()
        try await withNodes(1) { nodes in
            var settings = NodeSettings(name: "full")
            settings.peers = [nodes[0].listenAddress]
            settings.traceFile = "/dev/full"
            let full = try await GroupNode.start(settings, logger: log.logger)
            let sender = try await full.join("g")
            let reader = EventReader(try await nodes[0].join("g"))
            await reader.until { $0.memberCount == 2 }
            for number in 0..<500 { try await sender.multicast(Array("\(number)".utf8), order: .total) }
            #expect(await reader.texts(500) == (0..<500).map { "\($0)" })
            let statistics = await full.statistics()
            #expect(statistics.lostTraceLines > 500 && statistics.traceLines == 0)
            await full.stop()
        }
        #expect(log.lines(.traceFailed).count == 1)
        #expect(log.lines(.traceFailed)[0].hasPrefix("write the trace /dev/full: No space left on device"))
    }

    @Test("a state directory that cannot be made or written is an error with advice, and nothing was started")
    func unwritable() async throws {
        try await withDirectory { directory in
            try "x".write(toFile: "\(directory)/file", atomically: true, encoding: .utf8)
            // As root everything may be written, but not below a file, nor where a directory stands in the way.
            try FileManager.default.createDirectory(
                atPath: "\(directory)/state/n.incarnation.new", withIntermediateDirectories: true)
            for (path, operation, reason) in [
                ("\(directory)/file/state", "create \(directory)/file/state", "Not a directory"),
                ("\(directory)/state", "write \(directory)/state/n.incarnation.new", "Is a directory"),
            ] {
                var settings = NodeSettings(name: "n")
                settings.stateDirectory = path
                await #expect(
                    throws: GroupError.system(
                        operation: operation, error: reason, advice: "Check the state directory and its permissions.")
                ) { _ = try await GroupNode.start(settings) }
            }
            try FileManager.default.removeItem(atPath: "\(directory)/state")
        }
    }

    @Test(
        "a lost state directory costs nothing while a peer remembers: the node takes a newer incarnation, and says so")
    func lostState() async throws {
        try await withNodes(1) { nodes in
            try await withDirectory { directory in
                let log = LogRecorder()
                var settings = NodeSettings(name: "again")
                settings.peers = [nodes[0].listenAddress]
                settings.stateDirectory = directory
                let reader = EventReader(try await nodes[0].join("g"))
                for life: UInt32 in 1...3 {
                    let node = try await GroupNode.start(settings, logger: log.logger)
                    #expect(node.memberID.incarnation == life)
                    _ = try await node.join("g")
                    await reader.until { $0.memberCount == 2 }
                    await node.stop()
                    await reader.until { $0.memberCount == 1 }
                }
                try FileManager.default.removeItem(atPath: "\(directory)/again.incarnation")
                let node = try await GroupNode.start(settings, logger: log.logger)
                #expect(node.memberID.incarnation == 4)
                #expect(contents(of: "\(directory)/again.incarnation") == "4\n")
                let group = try await node.join("g")
                await reader.until { $0.memberCount == 2 }
                try await group.multicast(Array("here".utf8))
                #expect(await reader.texts(1) == ["here"])
                #expect(log.lines(.incarnationRaised) == ["took incarnation 4, because a peer knows 3"])
                await node.stop()
            }
        }
    }

    @Test("a peer whose host is unknown is said once, and the node works without it")
    func unknownHost() async throws {
        let log = LogRecorder()
        var settings = NodeSettings(name: "n")
        settings.peers = ["no-such-host.invalid:7400"]
        settings.joinGather = .zero
        let node = try await GroupNode.start(settings, logger: log.logger)
        let group = try await node.join("g")
        let reader = EventReader(group)
        try await group.multicast(Array("alone".utf8), order: .total)
        #expect(await reader.texts(1) == ["alone"])
        let said = "the host of peer no-such-host.invalid:7400 has no address yet; trying on"
        #expect(await log.await(.peerUnresolved) == [said])
        await node.stop()
        #expect(log.lines(.peerUnresolved).count == 1)
    }
}
