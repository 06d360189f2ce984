import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Names and mistakes", .serialized, .timeLimit(.minutes(5)))
struct MistakeTests {
    @Test("a group's name has 1 to 255 bytes of UTF-8, of any characters")
    func groupNames() async throws {
        try await withNodes(2) { nodes in
            for name in ["", String(repeating: "x", count: 256), String(repeating: "é", count: 128)] {
                await #expect(throws: GroupError.badName(name)) { try await nodes[0].join(name) }
                await #expect(throws: GroupError.badName(name)) { try await nodes[0].join(["ok", name]) }
            }
            let names = [String(repeating: "x", count: 255), "é/\u{1F600}\n\u{0}", " "]
            _ = try await nodes[0].join(names)
            for name in names {
                let reader = EventReader(try await nodes[1].join(name))
                await reader.until { $0.memberCount == 2 }
            }
        }
    }

    @Test("endpoints' names are short words, and a node has many", arguments: ["", "a b", "sixteen-bytes-ab", "é"])
    func endpointNames(_ bad: String) async throws {
        try await withNodes(1) { nodes in
            #expect(throws: GroupError.badName(bad)) { _ = try nodes[0].endpoint(bad) }
            let endpoint = try nodes[0].endpoint("fifteen.bytes-a")
            #expect(endpoint.name == "fifteen.bytes-a")
        }
    }

    @Test(
        "a node's name is checked before anything is opened", arguments: ["", "a.b", String(repeating: "x", count: 64)])
    func nodeNames(_ bad: String) async {
        await #expect(throws: GroupError.badName(bad)) { _ = try await GroupNode.start(NodeSettings(name: bad)) }
    }

    @Test("joining twice, in one call or two, while the first is under way or done, is refused")
    func twice() async throws {
        try await withNodes(1) { nodes in
            await #expect(throws: GroupError.alreadyJoined(group: "g", endpoint: "0")) {
                try await nodes[0].join(["g", "h", "g"])
            }
            let node = nodes[0]
            let attempts = (0..<2).map { _ in
                Task { () async -> Result<Group, GroupError> in
                    do throws(GroupError) {
                        return .success(try await node.join("g"))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var refusals: [GroupError] = []
            for attempt in attempts {
                if case .failure(let error) = await attempt.value { refusals.append(error) }
            }
            #expect(refusals == [.alreadyJoined(group: "g", endpoint: "0")])
        }
    }

    @Test("after leaving everything is refused with the reason, and leaving again is done already")
    func afterLeaving() async throws {
        try await withNodes(1) { nodes in
            let group = try await nodes[0].join("g")
            try await group.leave()
            try await group.leave()
            let expected = GroupError.notMember(group: "g", reason: .requested)
            #expect(group.ended == .requested && group.view == nil)
            await #expect(throws: expected) { try await group.multicast([1]) }
            await #expect(throws: expected) { try await group.multicastNumbered([1]) }
            await #expect(throws: expected) { try await group.send([1], to: group.member) }
            await #expect(throws: expected) { try await group.flush() }
            #expect(throws: expected) { try group.tryMulticast([1]) }
            var batch = OutgoingBatch()
            batch.append([1])
            await #expect(throws: expected) { try await group.multicast(batch) }
            #expect(expected.description.contains("Join again"))
        }
    }

    @Test("a point-to-point message is for a member of the present view")
    func unknownMember() async throws {
        try await withNodes(2) { nodes in
            let group = try await nodes[0].join("g")
            let reader = EventReader(group)
            await reader.until { $0.memberCount == 1 }
            let stranger = EndpointID(member: nodes[1].memberID, name: group.member.name)
            await #expect(throws: GroupError.unknownMember(group: "g", stranger)) {
                try await group.send([1], to: stranger)
            }
            try await group.send(Array("to myself".utf8), to: group.member)
            #expect(await reader.texts(1) == ["to myself"])
        }
    }

    @Test("the largest messages pass in every way, and one byte more is refused before anything is taken")
    func sizes() async throws {
        try await withNodes(2) { nodes in
            let sender = try await nodes[0].join("g")
            let receiver = try await nodes[1].join("g")
            let own = EventReader(sender)
            let reader = EventReader(receiver)
            await own.until { $0.memberCount == 2 }
            await reader.until { $0.memberCount == 2 }
            let whole = [UInt8](repeating: 7, count: Limits.messageBytes)
            let direct = [UInt8](repeating: 8, count: Limits.directBytes)
            let isLarge = { @Sendable (event: GroupEvent) in
                if case .message(let message) = event { message.count > Limits.directBytes - 1 } else { false }
            }
            try await sender.multicast(whole)
            for each in [own, reader] { #expect(await each.until(isLarge).last?.size == whole.count) }
            try await sender.send(direct, to: receiver.member)
            #expect(await reader.until(isLarge).last?.size == direct.count)
            let over = GroupError.messageTooLarge(bytes: whole.count + 1, limit: Limits.messageBytes)
            await #expect(throws: over) { try await sender.multicast(whole + [0]) }
            await #expect(throws: over) { try await sender.multicastNumbered(whole + [0]) }
            #expect(throws: over) { try sender.tryMulticast(whole + [0]) }
            var batch = OutgoingBatch()
            batch.append([1])
            batch.append(whole + [0])
            await #expect(throws: over) { try await sender.multicast(batch) }
            await #expect(
                throws: GroupError.messageTooLarge(bytes: direct.count + 1, limit: Limits.directBytes)
            ) { try await sender.send(direct + [0], to: receiver.member) }
            try await sender.multicast(Array("after".utf8))
            #expect(await reader.texts(1) == ["after"])
        }
    }

    @Test("of two nodes with one name the later one is the node; the earlier one is told and is alone")
    func sameNodeName() async throws {
        try await withNodes(2) { nodes in
            let old = try await nodes[0].join("g")
            let reader = EventReader(try await nodes[1].join("g"))
            await reader.until { $0.memberCount == 2 }
            var settings = NodeSettings(name: "n0")
            settings.peers = [nodes[1].listenAddress]
            settings.logLevel = .critical
            let twin = try await GroupNode.start(settings)
            let seat = try await twin.join("g")
            #expect(twin.memberID.node == nodes[0].memberID.node && twin.memberID > nodes[0].memberID)
            await reader.until { event in
                event.view.map { $0.members.contains(seat.member) && !$0.members.contains(old.member) } ?? false
            }
            await twin.stop()
        }
    }

    @Test("two groups' names with one 64-bit hash: the second is refused with both names")
    func collision() {
        let error = GroupError(.nameCollision(with: "a"), group: "b", endpoint: "0")
        #expect(error == .nameCollision(group: "b", with: "a"))
        #expect(error.description.contains("‘a’") && error.description.contains("‘b’"))
    }
}

extension GroupEvent {
    var size: Int? { if case .message(let message) = self { message.count } else { nil } }
}
