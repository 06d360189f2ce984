import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Applications that answer Holds themselves", .serialized, .timeLimit(.minutes(5)))
struct SilentApplicationTests {
    @Test("who does not answer a Hold in time loses its seat and is told why; the others go on")
    func silent() async throws {
        try await withNodes(2, { $0.holdDeadline = .milliseconds(100) }) { nodes in
            let silent = try await nodes[0].endpoint("game", holds: .explicit).join("g")
            let events = EventReader(silent)
            await events.until { $0.memberCount == 1 }
            let other = EventReader(try await nodes[1].join("g"))
            await events.until { if case .hold = $0 { true } else { false } }
            #expect(silent.hold == silent.view?.id)
            // It never answers.
            let rest = await events.until { $0.reason != nil }
            #expect(rest.last?.reason == .holdExpired)
            await other.until { $0.memberCount == 1 }
            #expect(silent.ended == .holdExpired && silent.view == nil && silent.hold == nil)
            await #expect(throws: GroupError.notMember(group: "g", reason: .holdExpired)) {
                try await silent.multicast([1])
            }
            #expect(throws: GroupError.notMember(group: "g", reason: .holdExpired)) { try silent.tryMulticast([1]) }
            await #expect(throws: GroupError.notMember(group: "g", reason: .holdExpired)) {
                try await silent.send([1], to: silent.member)
            }
            await #expect(throws: GroupError.notMember(group: "g", reason: .holdExpired)) { try await silent.flush() }
            #expect(GroupError.notMember(group: "g", reason: .holdExpired).description.contains("flush.holdDeadline"))
            #expect(await nodes[0].statistics().holdsExpired == 1)
            // An answer after the end changes nothing, and the seat may be taken again.
            if let view = rest.lazy.compactMap({ $0.view }).last { try silent.holdOK(view.id) }
            let again = try await nodes[0].endpoint("game", holds: .library).join("g")
            let back = EventReader(again)
            await back.until { $0.memberCount == 2 }
        }
    }

    @Test("one silent application costs neither its node nor its node's other groups anything in a heavyweight flush")
    func heavyFlush() async throws {
        try await withNodes(3, { $0.holdDeadline = .milliseconds(100) }) { nodes in
            let silent = try await nodes[0].endpoint("game", holds: .explicit).join("silent")
            let events = EventReader(silent)
            var readers: [EventReader] = []
            for node in nodes { readers.append(EventReader(try await node.join("g"))) }
            for reader in readers { await reader.until { $0.memberCount == 3 } }
            nodes[2].crash()
            for reader in readers[0..<2] { await reader.until { $0.memberCount == 2 } }
            await events.until { $0.reason == .holdExpired }
            #expect(silent.ended == .holdExpired)
            #expect(await nodes[1].statistics().suspicions == 1, "of the node that crashed")
        }
    }
}

extension GroupEvent {
    var view: GroupView? { if case .view(let view) = self { view } else { nil } }
}
