import GroupCore
import GroupModel

/// A few production cores between which everything that happens is a choice: the state of an exhaustive search.
///
/// A value: a copy is a branch. Clocks stand still while datagrams are on their way, so that only their order counts;
/// each event ends its turn, so that no packet is open when the world is copied.
///
/// What a node's core is depends only on what happened at that node, in its order. So the state of the world is told by
/// the nodes' histories and by what was lost, and two interleavings that no node can tell apart are one state.
struct SmallWorld {
    enum Action: Hashable {
        /// Position in the link, which is 0 unless datagrams overtake each other.
        case deliver(from: Int, to: Int, position: Int)
        /// All that a crashed node still had on its way to this one.
        case lose(from: Int, to: Int)
        case request(Int)
        case crash(Int)
        /// The liveness connection of `at` to the node broke.
        case suspect(Int, at: Int)
        case tick
    }

    struct Datagram {
        let packet: Packet
        let hash: UInt64
    }

    /// Trace lines of one node, newest first; shared by all branches that have them.
    final class Line: Sendable {
        let record: TraceRecord
        let earlier: Line?
        init(_ record: TraceRecord, after earlier: Line?) {
            self.record = record
            self.earlier = earlier
        }
    }

    struct Node {
        let card: NodeCard
        var core: NodeCore
        var isAlive = true
        /// Of everything that happened here.
        var history: UInt64
        var lines: Line?
        var seats: [(group: String, handle: SeatHandle)] = []
        var requested = 0
        /// Whom it has suspected.
        var suspects: Set<Int> = []
    }

    let plan: SmallWorldPlan
    var nodes: [Node]
    /// Per directed link, from × count + to.
    var links: [[Datagram]]
    var lost: UInt64 = 0
    var now: Int64
    var crashes = 0
    var mistakes = 0
    var ticks = 0
    var effects = Effects()

    var count: Int { nodes.count }
    func link(_ from: Int, _ to: Int) -> Int { from * count + to }

    /// What tells this state from others.
    var key: UInt64 {
        var result = StableHash.mix(lost ^ UInt64(bitPattern: now))
        for node in nodes { result = StableHash.mix(result &* 31 ^ node.history) }
        return result
    }

    /// What may happen next. Empty: nothing but time passes.
    func actions() -> [Action] {
        var result: [Action] = []
        var isQuiet = true
        for from in nodes.indices {
            for to in nodes.indices where !links[link(from, to)].isEmpty {
                isQuiet = false
                let positions = plan.reorders ? links[link(from, to)].count : 1
                for position in 0..<positions { result.append(.deliver(from: from, to: to, position: position)) }
                if !nodes[from].isAlive { result.append(.lose(from: from, to: to)) }
            }
        }
        for at in nodes.indices where nodes[at].isAlive {
            for other in nodes.indices where other != at && !nodes[at].suspects.contains(other) {
                if !nodes[other].isAlive {
                    isQuiet = false
                    result.append(.suspect(other, at: at))
                } else if mistakes < plan.mistakes {
                    result.append(.suspect(other, at: at))
                }
            }
            if nodes[at].requested < plan.requests[at].count {
                isQuiet = false
                result.append(.request(at))
            }
            // Somebody must be left to see it.
            if crashes < plan.crashes, nodes.count(where: \.isAlive) > 1 { result.append(.crash(at)) }
        }
        if isQuiet, ticks < plan.ticks, let next = nextDeadline, next - now <= Self.longestTick { result.append(.tick) }
        return result
    }

    /// Repairs and repetitions are due within this; heartbeats and announcements are not.
    private static var longestTick: Int64 { 35_000_000 }

    var nextDeadline: Int64? {
        nodes.lazy.filter(\.isAlive).compactMap { node -> Int64? in
            var core = node.core
            return core.nextDeadline?.nanoseconds
        }.min()
    }

    mutating func perform(_ action: Action) {
        switch action {
        case .deliver(let from, let to, let position):
            let datagram = links[link(from, to)].remove(at: position)
            happened(to, datagram.hash &+ UInt64(from))
            arrive(datagram.packet, to)
        case .lose(let from, let to):
            lost = StableHash.mix(lost ^ UInt64(link(from, to) + 1))
            links[link(from, to)].removeAll()
        case .request(let node): request(node)
        case .crash(let node):
            crashes += 1
            happened(node, 1)
            nodes[node].isAlive = false
            for from in nodes.indices { links[link(from, node)].removeAll() }
        case .suspect(let other, let at):
            if nodes[other].isAlive { mistakes += 1 }
            nodes[at].suspects.insert(other)
            happened(at, 2 + UInt64(other))
            handle(.peerDisconnected(nodes[other].card.member), at)
        case .tick:
            ticks += 1
            now = nextDeadline ?? now
            for node in nodes.indices where nodes[node].isAlive { wake(node) }
        }
    }

    private mutating func request(_ node: Int) {
        let request = plan.requests[node][nodes[node].requested]
        nodes[node].requested += 1
        happened(node, 64)
        switch request {
        case .join(let group): handle(.join(endpoint: Self.endpoint, groups: [group]), node)
        case .leave(let group):
            handle(.leave(seats: nodes[node].seats.filter { $0.group == group }.map(\.handle)), node)
        case .send(let group, let order):
            guard let seat = nodes[node].seats.first(where: { $0.group == group }) else { return }
            // A Hold refuses it; an application would wait, which is another order of the same choices.
            _ = [UInt8]("\(node)".utf8).withUnsafeBytes { bytes in
                nodes[node].core.multicast(
                    seat.handle, order: order, bytes: bytes, at: Instant(nanoseconds: now), into: &effects)
            }
            endTurn(node)
        }
    }

    private mutating func happened(_ node: Int, _ what: UInt64) {
        nodes[node].history = StableHash.mix(nodes[node].history &* 31 ^ what)
    }
}
