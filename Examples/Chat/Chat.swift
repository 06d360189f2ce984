import LightweightGroups

/// A room for people: lines of standard input go to all, and each line is in the view that its writer saw.
///
/// Holds are explicit. A Hold says: the membership is about to change, send no more in this view. The library would answer at
/// once; this program first sends what was typed before the Hold, so that nobody reads a line among people to whom
/// it was not said. It must answer before `holdDeadline`, or it loses its seat.
///
///     chat NAME [HOST:PORT of somebody in the room]
@main
enum Chat {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first, arguments.count <= 2 else {
            print("usage: chat NAME [HOST:PORT]")
            return
        }
        var settings = NodeSettings(name: name)
        settings.peers = Array(arguments.dropFirst())
        settings.logLevel = .warning
        let node = try await GroupNode.start(settings)
        say("others join with: chat NAME \(node.listenAddress)")
        let room = try await node.endpoint("person", holds: .explicit).join("room")
        let desk = Desk(room)

        let reading = Task {
            // Reading lines blocks a thread, which is this task's own.
            while let line = await Input.line() { try await desk.typed(line) }
            await node.stop()
        }
        for await event in room.events {
            switch event {
            case .view(let view):
                await desk.installed(view)
                say("in the room: " + view.members.map { node.text($0.member) }.joined(separator: " "))
            case .hold(let view): try await desk.held(view)
            case .message(let message):
                say(node.text(message.sender.member) + ": " + String(decoding: message.bytes, as: UTF8.self))
            case .left(.holdExpired): say("you were silent for too long at a change of the room")
            case .left, .writable, .mapped: break
            }
        }
        reading.cancel()
        await node.stop()
    }

    /// A line at once, also into a pipe.
    static func say(_ line: String) { Input.write(line + "\n") }
}

/// What was typed and is not sent.
actor Desk {
    private let room: Group
    private var isOpen = false
    private var waiting: [String] = []

    init(_ room: Group) { self.room = room }

    /// Sent in this view, or kept for the next.
    func typed(_ line: String) async throws {
        waiting.append(line)
        if isOpen { try await send() }
    }

    func installed(_ view: GroupView) async {
        isOpen = true
        try? await send()
    }

    func held(_ view: ViewID) async throws {
        try await send()
        isOpen = false
        try room.holdOK(view)
    }

    private func send() async throws {
        while let line = waiting.first {
            waiting.removeFirst()
            // Returns when the line has its place in this view.
            _ = try await room.multicastNumbered(Array(line.utf8), order: .total)
        }
    }
}
