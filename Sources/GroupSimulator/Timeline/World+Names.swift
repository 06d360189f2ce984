import GroupModel

// Names in timelines: short, because a line has many. `n1` is the node's first incarnation, `n1.2` its second; a seat at
// the default endpoint is its node's name.
extension World {
    func text(_ member: MemberID) -> String {
        guard let index = index(of: member.node) else { return member.description }
        return member.incarnation == 1 ? nodes[index].name : "\(nodes[index].name).\(member.incarnation)"
    }

    func text(_ endpoint: EndpointID) -> String {
        let node = text(endpoint.member)
        return endpoint.name == endpointNames[0] ? node : "\(node)/\(endpoint.name)"
    }

    func text(_ member: TraceMember) -> String {
        switch member {
        case .node(let id): text(id)
        case .endpoint(let id): text(id)
        }
    }

    func text(_ group: TraceGroup) -> String {
        switch group {
        case .hwg(let id): id.description
        case .lwg(let name): name
        }
    }

    /// A heavyweight view's number, or a light-weight one's era and count.
    func text(_ view: ViewID) -> String {
        let epoch = view.epoch >> 32 == 0 ? "\(view.epoch)" : "\(view.epoch >> 32).\(view.epoch & 0xFFFF_FFFF)"
        return "\(epoch)@\(text(view.coordinator))"
    }

    func text(_ members: some Sequence<MemberID>) -> String { members.map { text($0) }.joined(separator: " ") }

    func text(_ message: MessageName) -> String { "\(text(message.sender))#\(message.number)" }

    func text(node: Int, endpoint: Int) -> String {
        endpoint == 0 ? nodes[node].name : "\(nodes[node].name)/\(endpointNames[endpoint])"
    }

    func text(group: LWGID) -> String { groupNames.first { LWGID(name: $0) == group } ?? group.description }
}

/// Virtual time in a timeline: milliseconds with three decimals.
enum TimeText {
    static func milliseconds(_ nanoseconds: Int64) -> String {
        let microseconds = nanoseconds / 1_000
        let rest = String(microseconds % 1_000)
        return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// Right-aligned.
    static func column(_ nanoseconds: Int64) -> String {
        let text = milliseconds(nanoseconds)
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }

    /// A length of time as scripts write it, exact: milliseconds with as many decimals as it needs.
    static func span(_ nanoseconds: Int64) -> String {
        var rest = String(nanoseconds % 1_000_000)
        rest = String(repeating: "0", count: 6 - rest.count) + rest
        while rest.last == "0" { rest.removeLast() }
        return "\(nanoseconds / 1_000_000)\(rest.isEmpty ? "" : ".")\(rest)ms"
    }
}
