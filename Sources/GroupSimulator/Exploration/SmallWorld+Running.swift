import GroupCore
import GroupModel
import GroupWire

// How the cores of a small world are driven, and how it begins and ends.
extension SmallWorld {
    init(_ plan: SmallWorldPlan) {
        self.plan = plan
        now = 0
        nodes = (0..<plan.nodes).map { index in
            let name = "n\(index)"
            let member = MemberID(node: NodeID(name: name), incarnation: 1)
            let card = NodeCard(name: name, member: member, address: NodeAddress(high: 0, low: UInt64(index), port: 1))
            var configuration = CoreConfiguration(
                card: card, cluster: "small", seed: UInt64(index), defaultGroup: HWGID(named: Self.pool))
            configuration.initialNodes = (0..<plan.nodes).map { NodeID(name: "n\($0)") }
            configuration.initialCount = plan.nodes
            // What is collected is a choice here, and not a matter of time.
            configuration.gather = .zero
            configuration.mergeGather = .zero
            configuration.joinGather = .milliseconds(50)
            configuration.traces = true
            return Node(
                card: card, core: NodeCore(configuration: configuration, at: .zero), history: UInt64(index))
        }
        links = Array(repeating: [], count: plan.nodes * plan.nodes)
        form()
    }

    private static var pool: ShortName { short("pool") }
    static var endpoint: ShortName { short("0") }

    private static func short(_ text: String) -> ShortName {
        guard let name = ShortName(text) else { preconditionFailure("\(text) is short") }
        return name
    }

    /// The nodes meet and join what the plan says, without a choice.
    private mutating func form() {
        for node in nodes.indices {
            record(TraceRecord(time: .zero, member: .node(nodes[node].card.member), event: .start), node)
            for other in nodes.indices where other != node { handle(.peerConnected(nodes[other].card), node) }
        }
        for (group, members) in plan.members {
            for node in members { handle(.join(endpoint: Self.endpoint, groups: [group]), node) }
        }
        // Who is in no group is in the heavyweight group all the same.
        for node in nodes.indices where !plan.members.contains(where: { $0.nodes.contains(node) }) {
            handle(.join(endpoint: Self.endpoint, groups: ["other"]), node)
        }
        drain()
    }

    // MARK: One core

    mutating func handle(_ event: NodeEvent, _ node: Int) {
        nodes[node].core.handle(event, at: Instant(nanoseconds: now), into: &effects)
        endTurn(node)
    }

    mutating func arrive(_ packet: Packet, _ node: Int) {
        nodes[node].core.datagramArrived(
            packet.contents, memory: packet, at: Instant(nanoseconds: now), into: &effects)
        endTurn(node)
    }

    mutating func wake(_ node: Int) {
        guard let deadline = nodes[node].core.nextDeadline, deadline.nanoseconds <= now else { return }
        nodes[node].core.handle(.deadlineReached, at: Instant(nanoseconds: now), into: &effects)
        endTurn(node)
    }

    /// What is due at once happens at once, then the turn ends.
    mutating func endTurn(_ node: Int) {
        let time = Instant(nanoseconds: now)
        nodes[node].core.handle(.turnEnded, at: time, into: &effects)
        var rounds = 0
        while let deadline = nodes[node].core.nextDeadline, deadline <= time, rounds < 16 {
            rounds += 1
            nodes[node].core.handle(.deadlineReached, at: time, into: &effects)
            nodes[node].core.handle(.turnEnded, at: time, into: &effects)
        }
        settle(node)
    }

    private mutating func settle(_ node: Int) {
        for record in effects.trace { self.record(record, node) }
        for transmission in effects.transmissions {
            guard let to = nodes.firstIndex(where: { $0.card.member == transmission.to }), nodes[to].isAlive else {
                continue
            }
            let hash = StableHash.of(transmission.packet.contents)
            links[link(node, to)].append(Datagram(packet: transmission.packet, hash: hash))
        }
        for event in effects.lwg.events {
            switch event {
            case .seated(let handle, _, let group): nodes[node].seats.append((group, handle))
            case .indication(let handle, .left): nodes[node].seats.removeAll { $0.handle == handle }
            default: break
            }
        }
        effects.removeAll()
    }

    private mutating func record(_ record: TraceRecord, _ node: Int) {
        nodes[node].lines = Line(record, after: nodes[node].lines)
    }

    // MARK: The end

    /// How long a world may take to come to rest when nothing fails any more.
    private static var patience: Int64 { 30_000_000_000 }
    /// Rest: for so long nobody's view changed and every datagram arrived.
    private static var rest: Int64 { 300_000_000 }

    /// Lets time pass until views have not changed for a while: everything arrives, in order, and nothing fails.
    mutating func drain() {
        for node in nodes.indices where nodes[node].isAlive {
            for other in nodes[node].suspects.sorted() where nodes[other].isAlive {
                handle(.peerConnected(nodes[other].card), node)
            }
            nodes[node].suspects = nodes[node].suspects.filter { !nodes[$0].isAlive }
            for other in nodes.indices where !nodes[other].isAlive && !nodes[node].suspects.contains(other) {
                nodes[node].suspects.insert(other)
                handle(.peerDisconnected(nodes[other].card.member), node)
            }
        }
        let end = now + Self.patience
        var quietSince = now
        while now < end, now - quietSince < Self.rest || unsettled {
            if deliverAll() { quietSince = now }
            guard let next = nextDeadline else { break }
            now = max(now, next)
            for node in nodes.indices where nodes[node].isAlive { wake(node) }
        }
        _ = deliverAll()
    }

    /// Whether a view changed meanwhile.
    private mutating func deliverAll() -> Bool {
        let before = nodes.map { ObjectIdentifier($0.lines ?? Self.none) }
        while let index = links.firstIndex(where: { !$0.isEmpty }) {
            let datagram = links[index].removeFirst()
            let to = index % count
            if nodes[to].isAlive { arrive(datagram.packet, to) }
        }
        return before != nodes.map { ObjectIdentifier($0.lines ?? Self.none) }
    }

    private static let none = Line(
        TraceRecord(time: .zero, member: .node(MemberID(node: NodeID(name: ""), incarnation: 0)), event: .quiet),
        after: nil)

    /// Whether some node that is alive is not in the heavyweight view of all that are.
    private var unsettled: Bool {
        let alive = nodes.filter(\.isAlive)
        var expected: ViewID?
        for node in alive {
            var line = node.lines
            var view: TraceView?
            while let current = line, view == nil {
                if case .view(.hwg, let last) = current.record.event { view = last }
                line = current.earlier
            }
            guard let view, view.members.count == alive.count, view.id == expected ?? view.id else { return true }
            expected = view.id
        }
        return false
    }

    /// The traces of all nodes, one after the other.
    func trace(into encoder: inout TraceEncoder) {
        for node in nodes { encoder.learn(node.card) }
        for node in nodes {
            var records: [TraceRecord] = []
            var line = node.lines
            while let current = line {
                records.append(current.record)
                line = current.earlier
            }
            for record in records.reversed() { encoder.append(record) }
            guard node.isAlive else { continue }
            encoder.append(
                TraceRecord(time: Instant(nanoseconds: now), member: .node(node.card.member), event: .quiet))
        }
    }

    /// What the actions do, one after the other, in words.
    func telling(_ actions: [Action]) -> [String] {
        var world = self
        return actions.map { action in
            defer { world.perform(action) }
            return world.words(for: action)
        }
    }

    private func words(for action: Action) -> String {
        switch action {
        case .deliver(let from, let to, let position):
            let header = try? FrameHeader.read(links[link(from, to)][position].packet.contents)
            return "n\(to) gets \(header.map { "\($0.kind)" } ?? "a datagram") from n\(from)"
        case .lose(let from, let to): return "n\(to) gets nothing more from n\(from)"
        case .request(let node): return "n\(node) asks: \(plan.requests[node][nodes[node].requested])"
        case .crash(let node): return "n\(node) crashes"
        case .suspect(let other, let at): return "n\(at) suspects n\(other)"
        case .tick: return "time passes"
        }
    }
}
