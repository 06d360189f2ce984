import Logging
import Synchronization
import Testing

@testable import LightweightGroups

/// Nodes in this process, on free ports of the loopback interface, that stop at the end of `body`.
func withNodes(
    _ count: Int, _ change: (inout NodeSettings) -> Void = { _ in },
    _ body: ([GroupNode]) async throws -> Void
) async throws {
    var nodes: [GroupNode] = []
    do {
        for index in 0..<count {
            var settings = NodeSettings(name: "n\(index)")
            settings.peers = nodes.map(\.listenAddress)
            settings.logLevel = .critical
            change(&settings)
            nodes.append(try await GroupNode.start(settings))
        }
        try await body(nodes)
    } catch {
        for node in nodes { await node.stop() }
        throw error
    }
    for node in nodes { await node.stop() }
}

/// The one consumer of a group's events.
final class EventReader: Sendable {
    let group: Group
    private let queue: EventQueue
    private let rest = Mutex<ArraySlice<GroupEvent>>([])
    init(_ group: Group) {
        self.group = group
        queue = group.events.queue
    }

    func next() async -> GroupEvent? {
        if let event = rest.withLock({ $0.popFirst() }) { return event }
        var fresh = await queue.takeAll()
        let first = fresh.popFirst()
        let kept = fresh
        rest.withLock { $0 = kept }
        return first
    }

    /// Reads up to the first event that satisfies `condition`, and returns all that were read.
    @discardableResult
    func until(_ condition: @Sendable (GroupEvent) -> Bool) async -> [GroupEvent] {
        var read: [GroupEvent] = []
        while let event = await next() {
            read.append(event)
            if condition(event) { break }
        }
        return read
    }

    /// The texts of the next `count` messages.
    func texts(_ count: Int) async -> [String] {
        var texts: [String] = []
        while texts.count < count, let event = await next() {
            if let text = event.text { texts.append(text) }
        }
        return texts
    }
}

extension GroupEvent {
    var memberCount: Int? { if case .view(let view) = self { view.members.count } else { nil } }
    var text: String? {
        if case .message(let message) = self { String(decoding: message.bytes, as: UTF8.self) } else { nil }
    }
    var reason: LeftReason? { if case .left(let reason) = self { reason } else { nil } }
}

extension GroupNode {
    /// Ends as a killed process does: sockets close, nobody is told.
    func crash() { onLoop { [runtime] in runtime.finish() } }
}
