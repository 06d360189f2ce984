import Foundation
import Testing

@testable import LightweightGroups

/// A state directory that goes while its node runs, or between two of its lives, in the mode `primary`.
@Suite("A lost state directory with partition: primary", .serialized, .timeLimit(.minutes(5)))
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

    @Test("between two lives of all nodes: who is named in the others' record, and has none, takes part in nothing")
    func afterTotalRestart() async throws {
        try await withDirectory { directory in
            let a = try await GroupNode.start(settings("a", directory))
            let reader = EventReader(try await a.join("g"))
            let b = try await GroupNode.start(settings("b", directory, peers: [a]))
            let c = try await GroupNode.start(settings("c", directory, peers: [a]))
            for node in [b, c] { _ = try await node.join("g") }
            await reader.until { $0.memberCount == 3 }
            // `c` stays away, so that `a` has no majority without `b`.
            for node in [a, b, c] {
                node.crash()
                await node.stop()
            }
            let copy = "\(directory)/copy"
            try FileManager.default.moveItem(atPath: "\(directory)/b", toPath: copy)
            let again = try await GroupNode.start(settings("a", directory))
            let log = LogRecorder()
            let error = await #expect(throws: GroupError.self) {
                let lost = try await GroupNode.start(settings("b", directory, peers: [again]), logger: log.logger)
                _ = try? await lost.join("g")
                try await lost.run()
            }
            guard case .lostState(let path, let problem)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(path == "\(directory)/b/b.primary")
            #expect(problem.contains("names this node, and its record is new"))
            #expect(log.lines(.failed).count == 1)
            // With the right directory it is welcome.
            try FileManager.default.removeItem(atPath: "\(directory)/b")
            try FileManager.default.moveItem(atPath: copy, toPath: "\(directory)/b")
            let found = try await GroupNode.start(settings("b", directory, peers: [again]))
            let joined = EventReader(try await found.join("g"))
            let rejoined = EventReader(try await again.join("g"))
            for each in [joined, rejoined] { await each.until { $0.memberCount == 2 } }
            for node in [found, again] { await node.stop() }
        }
    }

    @Test("once without the directory: the next start with it says so, and does not speak of a namesake")
    func onceWithout() async throws {
        try await withDirectory { directory in
            let a = try await GroupNode.start(settings("a", directory))
            let first = try await GroupNode.start(settings("b", directory, peers: [a]))
            await first.stop()
            var careless = settings("b", directory, peers: [a])
            careless.partition = .all
            careless.stateDirectory = nil
            careless.initialNodes = []
            await (try await GroupNode.start(careless)).stop()
            let log = LogRecorder()
            let error = await #expect(throws: GroupError.self) {
                try await GroupNode.start(settings("b", directory, peers: [a]), logger: log.logger)
            }
            #expect("\(String(describing: error))".contains("the node ran without this state directory"))
            #expect(log.lines(.failed).count == 1 && log.lines(.namesake).isEmpty)
            await a.stop()
        }
    }

    @Test("several peers that know a later life are one failure, and no namesake")
    func severalPeers() async throws {
        try await withDirectory { directory in
            let log = LogRecorder()
            let a = try await GroupNode.start(settings("a", directory), logger: log.logger)
            let runtime = a.runtime
            a.onLoop { for _ in 0..<2 { runtime.outlived(by: 9) } }
            await #expect(throws: GroupError.self) { try await a.run() }
            #expect(log.lines(.failed).count == 1 && log.lines(.namesake).isEmpty)
        }
    }
}
