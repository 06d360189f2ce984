import Foundation
import Testing

@testable import LightweightGroups

/// A state directory that goes while its node runs, or between two of its lives, in the mode `primary`.
@Suite("A lost state directory with partition: primary", .serialized, .timeLimit(.minutes(1)))
struct LostStateTests {
    private func settings(_ name: String, _ directory: String, peers: [GroupNode] = []) -> NodeSettings {
        var settings = NodeSettings(name: name)
        settings.cluster = "lost"
        settings.peers = peers.map(\.listenAddress)
        settings.partition = .primary
        settings.initialNodes = ["a"]
        settings.stateDirectory = "\(directory)/\(name)"
        return settings
    }

    @Test("while its node runs: the node takes part in no view, says so once, and goes on when it is back")
    func whileRunning() async throws {
        try await withDirectory { directory in
            let log = LogRecorder()
            let a = try await GroupNode.start(settings("a", directory), logger: log.logger)
            let reader = EventReader(try await a.join("g"))
            await reader.until { $0.memberCount == 1 }
            // A file that is being written makes the removal fail.
            while FileManager.default.fileExists(atPath: "\(directory)/a") {
                try? FileManager.default.removeItem(atPath: "\(directory)/a")
                await Task.yield()
            }
            let b = try await GroupNode.start(settings("b", directory, peers: [a]))
            let joining = Task { try await b.join("g") }
            _ = await log.await(.recordNotWritten)
            #expect(log.lines(.recordNotWritten)[0].contains("a.primary.new: No such file or directory"))
            #expect(log.lines(.recordWritten).isEmpty)
            try FileManager.default.createDirectory(atPath: "\(directory)/a", withIntermediateDirectories: true)
            await reader.until { $0.memberCount == 2 }
            _ = try await joining.value
            #expect(log.lines(.recordNotWritten).count == 1)
            #expect(log.lines(.recordWritten).count == 1)
            for node in [b, a] { await node.stop() }
            let again = try await GroupNode.start(settings("a", directory))
            #expect(again.memberID.incarnation == 2)
            await again.stop()
        }
    }

    @Test("between two lives: the node does not start under its old name, with a new directory nor with an old copy")
    func betweenLives() async throws {
        try await withDirectory { directory in
            let a = try await GroupNode.start(settings("a", directory))
            let reader = EventReader(try await a.join("g"))
            let copy = "\(directory)/copy"
            for life: UInt32 in 1...2 {
                let b = try await GroupNode.start(settings("b", directory, peers: [a]))
                #expect(b.memberID.incarnation == life)
                _ = try await b.join("g")
                await reader.until { $0.memberCount == 2 }
                if life == 1 { try FileManager.default.copyItem(atPath: "\(directory)/b", toPath: copy) }
                await b.stop()
                await reader.until { $0.memberCount == 1 }
            }
            for restored in [nil, copy] {
                try FileManager.default.removeItem(atPath: "\(directory)/b")
                if let restored { try FileManager.default.copyItem(atPath: restored, toPath: "\(directory)/b") }
                // Also the second time, when the directory has counted a start.
                for _ in 0..<2 {
                    let error = await #expect(throws: GroupError.self) {
                        try await GroupNode.start(settings("b", directory, peers: [a]))
                    }
                    guard case .lostState(_, let problem)? = error else {
                        Issue.record("\(String(describing: error))")
                        continue
                    }
                    #expect(problem.contains("a peer knew ‘b’ as incarnation 2"))
                }
            }
            let c = try await GroupNode.start(settings("c", directory, peers: [a]))
            _ = try await c.join("g")
            await reader.until { $0.memberCount == 2 }
            for node in [c, a] { await node.stop() }
        }
    }
}
