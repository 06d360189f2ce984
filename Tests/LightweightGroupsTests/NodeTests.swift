import Testing

@testable import LightweightGroups

@Suite("Real nodes", .serialized, .timeLimit(.minutes(2)))
struct NodeTests {
    @Test("two nodes join, see one view, exchange messages and leave")
    func twoNodes() async throws {
        try await withNodes(2) { nodes in
            let first = try await nodes[0].join("prices/ACME")
            let second = try await nodes[1].join("prices/ACME")
            let one = EventReader(first)
            let two = EventReader(second)
            let start = await one.until { $0.memberCount == 2 }
            #expect(start.contains { $0.memberCount != nil })
            await two.until { $0.memberCount == 2 }
            try await first.multicast(Array("hello".utf8))
            try await second.multicast(Array("there".utf8), order: .total)
            #expect(await Set(one.texts(2)) == ["hello", "there"])
            #expect(await Set(two.texts(2)) == ["hello", "there"])
            try await second.leave()
            let rest = await two.until { $0.reason != nil }
            #expect(rest.last?.reason == .requested)
            let after = await two.next()
            #expect(after == nil)
            await one.until { $0.memberCount == 1 }
        }
    }
}
