import GroupModel
import GroupWire

@testable import HWGProtocol

/// Heavyweight groups in the mode `primary`, with their disks: frames arrive at once and in order, time passes in steps.
struct ChainWorld {
    static let group =
        ShortName("control").map { HWGID(named: $0) }
        ?? HWGID(
            creator: MemberID(node: NodeID(raw: 1), incarnation: 1), counter: 1)

    struct Node {
        var name: String
        var initial: [String]
        var incarnation: UInt32 = 0
        var hwg: HWG?
        var peers: PeerTable
        /// What stable storage has.
        var record: PrimaryRecord
        var pending: [RecordWrite] = []
        /// Writes stay on the way.
        var isDiskStuck = false
        /// What the layer above was told.
        var views: [ViewChange<MemberID>] = []
        var holds: [ViewID] = []
        var notes: [HWGNote] = []
        var hasLeft = false

        var member: MemberID { MemberID(node: NodeID(name: name), incarnation: incarnation) }
        var card: NodeCard {
            NodeCard(
                name: name, member: member, address: NodeAddress(high: 0, low: UInt64(name.utf8.first ?? 0), port: 1))
        }
    }

    var nodes: [Node] = []
    var now = Instant(nanoseconds: 1_000_000_000)
    private var frames: [(from: Int, to: Int, packet: Packet)] = []
    /// Pairs that do not reach each other.
    private var apart: Set<[Int]> = []
    private var output = HWGOutput()

    /// - Parameter initial: of each node, by its name; by default all names.
    init(_ names: [String], initial: [String: [String]] = [:]) {
        for name in names {
            let mine = initial[name] ?? names
            let card = NodeCard(
                name: name, member: MemberID(node: NodeID(name: name), incarnation: 1),
                address: NodeAddress(high: 0, low: 0, port: 1))
            nodes.append(
                Node(
                    name: name, initial: mine, peers: Self.table(card, now), record: PrimaryRecord(initial: mine)))
        }
    }

    private static func table(_ card: NodeCard, _ now: Instant) -> PeerTable {
        PeerTable(
            card: card, heartbeatInterval: .milliseconds(10), failureTimeout: .milliseconds(100), now: now)
    }

    func index(_ name: String) -> Int { nodes.firstIndex { $0.name == name } ?? 0 }
    func member(_ name: String) -> MemberID { nodes[index(name)].member }

    /// The names of the members of the view that the layer above knows, and whether it may send in it.
    func view(_ name: String) -> (members: String, isPrimary: Bool, isHeld: Bool) {
        let node = nodes[index(name)]
        guard let change = node.views.last else { return ("", false, false) }
        let names = change.view.members.map { member in
            (nodes.first { $0.member.node == member.node }?.name ?? "?") + "\(member.incarnation)"
        }
        return (names.sorted().joined(separator: " "), change.primary, node.holds.last == change.view.id)
    }

    /// Lets one group do something, and takes what it emits.
    private mutating func act(_ index: Int, _ body: (inout HWG, PeerTable, inout HWGOutput) -> Void) {
        guard var hwg = nodes[index].hwg else { return }
        body(&hwg, nodes[index].peers, &output)
        nodes[index].hwg = hwg
        collect(index)
    }

    // MARK: What befalls them

    mutating func start(_ names: String...) {
        for name in names {
            let index = index(name)
            nodes[index].incarnation += 1
            nodes[index].views = []
            nodes[index].holds = []
            nodes[index].hasLeft = false
            nodes[index].peers = Self.table(nodes[index].card, now)
            var parameters = HWGParameters()
            parameters.joinGather = .milliseconds(50)
            nodes[index].hwg = HWG(
                id: Self.group, me: nodes[index].member, cluster: 7, parameters: parameters, epochFloor: 0,
                nextNumber: 1, isFresh: false, record: nodes[index].record, at: now, into: &output)
            collect(index)
        }
    }

    /// What is on the way to the disk is lost.
    mutating func crash(_ names: String...) {
        for name in names {
            let index = index(name)
            nodes[index].hwg = nil
            nodes[index].pending = []
            frames.removeAll { $0.from == index || $0.to == index }
            for other in nodes.indices where other != index { suspect(index, at: other) }
        }
    }

    mutating func leave(_ name: String) {
        let index = index(name)
        let now = now
        act(index) { $0.leave(at: now, peers: $1, into: &$2) }
    }

    mutating func part(_ side: [String], from other: [String]) {
        for a in side { for b in other { apart.insert([index(a), index(b)].sorted()) } }
        for a in side {
            for b in other {
                suspect(index(a), at: index(b))
                suspect(index(b), at: index(a))
            }
        }
    }

    mutating func heal() { apart = [] }

    private mutating func suspect(_ other: Int, at index: Int) {
        for change in nodes[index].peers.disconnected(nodes[other].member) where change.suspicion != nil {
            let now = now
            act(index) { $0.memberSuspected(change.member, at: now, peers: $1, into: &$2) }
        }
    }

    // MARK: Time

    mutating func run(milliseconds: Int) {
        for step in 0..<(milliseconds / 5) {
            now = now + .milliseconds(5)
            let now = now
            connect()
            for index in nodes.indices where nodes[index].hwg != nil {
                if step % 10 == 0 {
                    act(index) { $0.announce(at: now, peers: $1, into: &$2) }
                }
                persist(index)
                if let due = nodes[index].hwg?.nextDeadline, due <= now {
                    act(index) { $0.deadlineReached(at: now, peers: $1, into: &$2) }
                }
                act(index) { $0.turnEnded(at: now, into: &$2) }
            }
            deliver()
        }
    }

    private func canTalk(_ a: Int, _ b: Int) -> Bool {
        a != b && nodes[a].hwg != nil && nodes[b].hwg != nil && !apart.contains([a, b].sorted())
    }

    private mutating func connect() {
        for a in nodes.indices {
            for b in nodes.indices where canTalk(a, b) {
                for change in nodes[a].peers.connected(nodes[b].card, at: now) {
                    let (now, isHeard) = (now, change.suspicion == nil)
                    act(a) { group, peers, output in
                        if isHeard {
                            group.memberHeard(change.member, at: now, peers: peers, into: &output)
                        } else {
                            group.memberSuspected(change.member, at: now, peers: peers, into: &output)
                        }
                    }
                }
                _ = nodes[a].peers.heartbeatArrived(
                    from: nodes[b].member, Heartbeat(hearsYou: true, holdDeadline: .zero, mapping: 0), mapping: 0,
                    at: now)
            }
        }
    }

    mutating func persist(_ index: Int) {
        guard !nodes[index].isDiskStuck, let last = nodes[index].pending.last else { return }
        nodes[index].record = last.record
        nodes[index].pending = []
        let now = now
        act(index) { $0.recordPersisted(last.sequence, at: now, peers: $1, into: &$2) }
    }

    private mutating func deliver() {
        var count = 0
        while !frames.isEmpty, count < 10_000 {
            count += 1
            let (from, to, packet) = frames.removeFirst()
            guard canTalk(from, to), let header = try? FrameHeader.read(packet.contents),
                header.sender == nodes[from].member, let frame = MembershipFrame.decode(header.kind, packet.contents)
            else { continue }
            let now = now
            act(to) { $0.frameArrived(frame, from: header.sender, at: now, peers: $1, into: &$2) }
        }
    }

    private mutating func collect(_ index: Int) {
        let emitted = output
        output = HWGOutput()
        nodes[index].notes += emitted.notes
        if let write = emitted.write { nodes[index].pending.append(write) }
        for card in emitted.learned { nodes[index].peers.learn(card, at: now) }
        for transmission in emitted.transmissions {
            guard let to = nodes.firstIndex(where: { $0.member == transmission.to }) else { continue }
            frames.append((index, to, transmission.packet))
        }
        for event in emitted.indications.events {
            switch event {
            case .view(let change): nodes[index].views.append(change)
            case .hold(let view):
                nodes[index].holds.append(view)
                let now = now
                act(index) { $0.holdOK(view, hasState: true, at: now, peers: $1, into: &$2) }
            case .left: nodes[index].hasLeft = true
            case .messages, .direct, .sent, .writable, .flushed: break
            }
        }
    }
}
