import GroupCore
import GroupModel
import LWGProtocol

/// Cores of several nodes in one process, on a network without delay or loss: what a change or a message costs all of them
/// together, without sockets, system calls and threads.
struct Cluster {
    private(set) var now = Instant(nanoseconds: 1)
    private var cores: [NodeCore] = []
    private var cards: [NodeCard] = []
    private var inboxes: [[Packet]] = []
    private var seats: [[SeatHandle]] = []
    private var isLive: [Bool] = []
    private var effects = Effects()
    /// Messages and light-weight views that all nodes were told since they were last set to zero.
    var delivered = 0
    var views = 0

    init(nodes: Int) {
        guard let main = ShortName("main") else { return }
        for index in 0..<nodes {
            let name = "n\(index)"
            let card = NodeCard(
                name: name, member: MemberID(node: NodeID(name: name), incarnation: 1),
                address: NodeAddress(high: 0, low: UInt64(index), port: 1))
            var configuration = CoreConfiguration(
                card: card, cluster: "benchmark", seed: UInt64(index), defaultGroup: HWGID(named: main))
            configuration.initialNodes = (0..<nodes).map { NodeID(name: "n\($0)") }
            configuration.initialCount = nodes
            cards.append(card)
            cores.append(NodeCore(configuration: configuration, at: now))
        }
        inboxes = Array(repeating: [], count: nodes)
        seats = Array(repeating: [], count: nodes)
        isLive = Array(repeating: true, count: nodes)
        for index in 0..<nodes {
            for other in 0..<nodes where other != index { handle(.peerConnected(cards[other]), at: index) }
        }
        deliver()
    }

    // MARK: What is measured

    /// Until each of the node's groups has a view of `members`.
    mutating func join(_ groups: [String], at node: Int, members: Int) {
        guard let endpoint = ShortName("0") else { return }
        views = 0
        handle(.join(endpoint: endpoint, groups: groups), at: node)
        run { $0.views >= groups.count * members }
    }

    /// Until every survivor has been told a view of each of its groups.
    mutating func crash(_ node: Int) {
        isLive[node] = false
        inboxes[node] = []
        views = 0
        let expected = isLive.indices.reduce(0) { isLive[$1] ? $0 + seats[$1].count : $0 }
        for other in isLive.indices where isLive[other] { handle(.peerDisconnected(cards[node].member), at: other) }
        run { $0.views >= expected }
    }

    /// `count` messages from each sender, over its groups in turn, until all members have delivered them.
    mutating func multicast(_ count: Int, from senders: Range<Int>, order: Order, bytes: [UInt8]) {
        delivered = 0
        var sent = Array(repeating: 0, count: isLive.count)
        let expected = count * senders.count * isLive.count { $0 }
        while delivered < expected {
            for node in senders {
                bytes.withUnsafeBytes { raw in
                    while sent[node] < count {
                        let seat = seats[node][sent[node] % seats[node].count]
                        let outcome = cores[node].multicast(seat, order: order, bytes: raw, at: now, into: &effects)
                        collect(node)
                        guard case .accepted(let number) = outcome else { break }
                        sent[node] += 1
                        if number == nil { break }
                    }
                }
                handle(.turnEnded, at: node)
            }
            deliver()
            if delivered < expected { passTime() }
        }
    }

    // MARK: The network

    private mutating func run(until isDone: (Self) -> Bool) {
        deliver()
        while !isDone(self) {
            passTime()
            deliver()
        }
    }

    /// To the next deadline of anybody.
    private mutating func passTime() {
        var next = Instant.distantFuture
        for node in cores.indices where isLive[node] {
            if let deadline = cores[node].nextDeadline { next = min(next, deadline) }
        }
        now = max(now, next)
        for node in cores.indices where isLive[node] {
            if let deadline = cores[node].nextDeadline, deadline <= now { handle(.deadlineReached, at: node) }
        }
    }

    private mutating func deliver() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for node in inboxes.indices where !inboxes[node].isEmpty {
                isQuiet = false
                let packets = inboxes[node]
                inboxes[node] = []
                for packet in packets {
                    let bytes = UnsafeRawBufferPointer(start: packet.bytes, count: packet.count)
                    cores[node].datagramArrived(bytes, memory: packet, at: now, into: &effects)
                }
                collect(node)
                handle(.turnEnded, at: node)
            }
        }
    }

    private mutating func handle(_ event: NodeEvent, at node: Int) {
        cores[node].handle(event, at: now, into: &effects)
        collect(node)
    }

    private mutating func collect(_ node: Int) {
        guard !effects.transmissions.isEmpty || !effects.lwg.isEmpty else { return }
        for transmission in effects.transmissions {
            guard let to = cards.firstIndex(where: { $0.member == transmission.to }), isLive[to] else { continue }
            inboxes[to].append(transmission.packet)
        }
        for event in effects.lwg.events {
            switch event {
            case .seated(let seat, _, _): seats[node].append(seat)
            case .indication(_, .view): views += 1
            case .messages(let count): delivered += count
            default: break
            }
        }
        effects.removeAll()
    }
}
