import LightweightGroups

/// Two nodes in one process say hello to one another in a group.
@main
enum Hello {
    static func main() async throws {
        var settings = NodeSettings(name: "anna")
        settings.logLevel = .warning
        let anna = try await GroupNode.start(settings)
        settings.name = "bert"
        settings.peers = [anna.listenAddress]
        let bert = try await GroupNode.start(settings)

        let group = try await anna.join("greetings")
        async let answered: Void = answer(bert)

        // The first event is always a view: who is in the group. All members see the same views, and between two of them
        // the same messages.
        for await event in group.events {
            switch event {
            case .view(let view):
                print("anna sees", view.members.map(anna.text).joined(separator: " "))
                if view.members.count == 2 { try await group.multicast(Array("hello, bert".utf8)) }
            case .message(let message) where message.sender != group.member:
                print("anna reads ‘\(String(decoding: message.bytes, as: UTF8.self))’ of", anna.text(message.sender))
                await anna.stop()
            default: break
            }
        }
        try await answered
    }

    static func answer(_ node: GroupNode) async throws {
        let group = try await node.join("greetings")
        for await event in group.events {
            switch event {
            case .message(let message) where message.sender != group.member:
                print("bert reads ‘\(String(decoding: message.bytes, as: UTF8.self))’ of", node.text(message.sender))
                try await group.multicast(Array("hello, anna".utf8))
            case .view(let view) where view.left.contains { $0 != group.member }:
                await node.stop()
            default: break
            }
        }
    }
}
