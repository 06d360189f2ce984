import GroupModel
import Testing

@testable import EventLoop
@testable import LightweightGroups

/// Several nodes' liveness on one loop, driven on the test's thread.
final class LivenessWorld {
    let loop: EventLoop
    var nodes: [LivenessPeer] = []
    private let guardTimer: LoopTimer
    init() throws {
        loop = try EventLoop()
        loop.adoptThread()
        let hit = Flag()
        guardTimer = try LoopTimer(loop) { hit.isSet = true }
        flag = hit
    }
    private let flag: Flag

    func add(
        _ name: String, incarnation: UInt32 = 1, life: UInt64? = nil, cluster: String = "c",
        on address: SocketAddress = .loopback(.ipv4, port: 0), resolver: HostResolver? = nil
    ) throws -> LivenessPeer {
        let peer = try LivenessPeer(
            loop, name, incarnation, life ?? UInt64(nodes.count + 1), cluster, address, resolver ?? HostResolver())
        nodes.append(peer)
        return peer
    }

    func until(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        guardTimer.schedule(after: 20_000_000_000)
        while !condition(), !flag.isSet { loop.turn() }
        #expect(!flag.isSet, "not within 20 s", sourceLocation: sourceLocation)
    }
}

private final class Flag { var isSet = false }

final class LivenessPeer {
    let liveness: Liveness
    let address: SocketAddress
    var connected: [String] = []
    var disconnected: [MemberID] = []
    var outlived: [UInt32] = []
    var lines: [String] = []
    var hasFirstContact = false

    init(
        _ loop: EventLoop, _ name: String, _ incarnation: UInt32, _ life: UInt64, _ cluster: String,
        _ wanted: SocketAddress, _ resolver: HostResolver
    ) throws {
        let member = MemberID(node: NodeID(name: name), incarnation: incarnation)
        let card = NodeCard(name: name, member: member, address: NodeAddress(wanted))
        liveness = Liveness(loop, me: .init(card: card, life: life), cluster: cluster, resolver: resolver)
        address = try liveness.listen(on: wanted)
        liveness.me.card = NodeCard(name: name, member: member, address: NodeAddress(address))
        liveness.events = Liveness.Events(
            connected: { [unowned self] card, _ in connected.append(card.name) },
            disconnected: { [unowned self] in disconnected.append($0) },
            outlived: { [unowned self] in outlived.append($0) },
            log: { [unowned self] _, line in lines.append(line) })
    }

    var member: MemberID { liveness.me.card.member }

    func dial(_ others: LivenessPeer...) {
        dial(hosts: others.map { HostPort(host: $0.address.host, port: $0.address.port) })
    }

    func dial(hosts: [HostPort]) {
        liveness.dial(hosts) { [unowned self] in hasFirstContact = true }
    }
}
