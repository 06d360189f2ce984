import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Tasks that are cancelled", .serialized, .timeLimit(.minutes(2)))
struct CancellationTests {
    /// Runs `body` in a task that is cancelled already.
    private func cancelled<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await body()
        }.value
    }

    @Test("are told what the node knows, and can reload")
    func asking() async throws {
        try await withNodes(1) { nodes in
            let node = nodes[0]
            let group = try await node.join("g")
            await EventReader(group).until { $0.memberCount == 1 }
            var wanted = node.settings
            wanted.failureTimeout = .seconds(5)
            let settings = wanted
            #expect(try await cancelled { await node.views() }.map(\.group) == ["g"])
            #expect(try await cancelled { await node.mapping() }.map(\.group) == ["g"])
            #expect(try await cancelled { await node.statistics() }.seats == 1)
            let reload = try await cancelled { try await node.reload(settings) }
            #expect(reload.applied.map(\.key) == ["failureDetector.timeout"])
        }
    }

    @Test("wait for the node's end, so that what was accepted arrives", arguments: [false, true])
    func stopping(byRun: Bool) async throws {
        try await withNodes(2) { nodes in
            let node = nodes[1]
            let reader = EventReader(try await nodes[0].join("g"))
            let sender = try await node.join("g")
            await reader.until { $0.memberCount == 2 }
            for number in 0..<2_000 { try await sender.multicast(Array("\(number)".utf8)) }
            try await cancelled { if byRun { try await node.run() } else { await node.stop() } }
            #expect(!node.onLoop {}, "the loop has ended")
            let read = await reader.until { $0.memberCount == 1 }
            #expect(read.compactMap(\.text).count == 2_000)
        }
    }

    @Test("do not join")
    func joining() async throws {
        try await withNodes(1) { nodes in
            let node = nodes[0]
            await #expect(throws: GroupError.cancelled) { try await cancelled { try await node.join("g") } }
            #expect(await node.statistics().seats == 0)
            _ = try await node.join("g")
        }
    }

    @Test("leave again what they have joined meanwhile", arguments: [["g"], ["g", "h", "i"]])
    func joined(names: [String]) async throws {
        try await withNodes(2) { nodes in
            let node = nodes[1]
            let reader = EventReader(try await nodes[0].join("g"))
            await reader.until { $0.memberCount == 1 }
            let answer = Answer<[Group]>()
            answer.resolve(.failure(.cancelled))
            node.onLoop { [runtime = node.runtime] in
                let call = JoinCall(names: names, sink: nil, answer: answer, at: runtime.now)
                runtime.join(call, at: Endpoint.defaultName)
            }
            // The seats come at the end of the loop's turn, the last of them go when the others have agreed.
            _ = await node.statistics()
            while await node.statistics().seats > 0, !Task.isCancelled { await Task.yield() }
            #expect(try await node.join(names).count == names.count)
            await reader.until { $0.memberCount == 2 }
        }
    }
}
