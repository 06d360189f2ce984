import GroupCore
import GroupModel

/// A few production cores and the datagrams between them: how a search begins, and how each of its ends comes to rest.
struct SmallWorld {
    let plan: SmallWorldPlan
    var nodes: [SmallNode]
    /// Per directed link, from × count + to.
    var links: [[Packet]]
    var now: Int64
    private var effects = Effects()

    var count: Int { nodes.count }

    init(_ plan: SmallWorldPlan, nodes: [SmallNode], links: [[Packet]], now: Int64) {
        self.plan = plan
        self.nodes = nodes
        self.links = links
        self.now = now
    }

    /// The nodes have met and joined what the plan says, without a choice.
    init(_ plan: SmallWorldPlan) {
        let nodes = (0..<plan.nodes).map { index in
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
            configuration.carriesAtOnce = true
            return SmallNode(card: card, core: NodeCore(configuration: configuration, at: .zero))
        }
        self.init(plan, nodes: nodes, links: Array(repeating: [], count: plan.nodes * plan.nodes), now: 0)
        form()
    }

    private static var pool: ShortName { short("pool") }
    static var endpoint: ShortName { short("0") }

    private static func short(_ text: String) -> ShortName {
        guard let name = ShortName(text) else { preconditionFailure("\(text) is short") }
        return name
    }

    private mutating func form() {
        for node in nodes.indices {
            nodes[node].record(TraceRecord(time: .zero, member: .node(nodes[node].card.member), event: .start))
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

    private mutating func handle(_ event: NodeEvent, _ node: Int) {
        nodes[node].handle(event, at: now, into: &effects)
        send(from: node)
    }

    private mutating func send(from node: Int) {
        for transmission in effects.transmissions {
            guard let to = nodes.firstIndex(where: { $0.card.member == transmission.to }), nodes[to].isAlive else {
                continue
            }
            links[node * count + to].append(transmission.packet)
        }
        effects.removeAll()
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
            for node in nodes.indices where nodes[node].isAlive {
                nodes[node].wake(at: now, into: &effects)
                send(from: node)
            }
        }
        _ = deliverAll()
    }

    private var nextDeadline: Int64? {
        mutating get {
            var next: Int64?
            for node in nodes.indices where nodes[node].isAlive {
                guard let deadline = nodes[node].core.nextDeadline?.nanoseconds else { continue }
                next = min(next ?? deadline, deadline)
            }
            return next
        }
    }

    /// Whether a view changed meanwhile.
    private mutating func deliverAll() -> Bool {
        let before = nodes.map(\.told)
        while let index = links.firstIndex(where: { !$0.isEmpty }) {
            let packet = links[index].removeFirst()
            let to = index % count
            guard nodes[to].isAlive else { continue }
            nodes[to].arrive(packet, at: now, into: &effects)
            send(from: to)
        }
        return before != nodes.map(\.told)
    }

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
}
