import GroupCore
import GroupModel
import GroupWire

@testable import HWGProtocol

/// Three production cores in virtual time, whose datagrams wait to be delivered, changed or lost. A value: each input
/// begins with a copy of the same formed group.
struct Trio {
    struct Datagram {
        var from: Int
        var to: Int
        var bytes: [UInt8]
    }

    static let cluster = "fuzz"
    static let names = ["a", "b", "c"]
    static let groups = ["g", "h"]
    /// Datagrams that one input may cause: who causes more goes round in circles.
    static let limit = 20_000
    /// Datagrams that are kept of each kind, for mutation.
    private static let keptPerKind = 24

    var cores: [NodeCore] = []
    var cards: [NodeCard] = []
    var now = Instant.zero
    var queue: [Datagram] = []
    var seats: [[SeatHandle]] = Array(repeating: [], count: names.count)
    /// The view's token that each node used last.
    var tokens = [UInt64](repeating: 0, count: names.count)
    var recorded: [[UInt8]] = []
    var isRecording = false
    /// Per node, its last deadline that was due, and how often it was due again.
    private var lastDue = [Instant](repeating: .zero, count: names.count)
    private var standing = [Int](repeating: 0, count: names.count)
    private var kept = [Int](repeating: 0, count: 256)
    private var handled = 0
    private(set) var delivered = 0

    /// - Parameter records: the mode `primary`, with what each node's stable storage has; nil is the mode `all`.
    init(records: [PrimaryRecord]? = nil) {
        for (index, name) in Self.names.enumerated() {
            let card = NodeCard(
                name: name, member: MemberID(node: NodeID(name: name), incarnation: 1),
                address: NodeAddress(high: 0, low: UInt64(index) + 1, port: 1))
            var configuration = CoreConfiguration(
                card: card, cluster: Self.cluster, seed: UInt64(index), defaultGroup: HWGID(named: ShortName("main")!))
            configuration.joinGather = .milliseconds(30)
            configuration.initialNodes = Self.names.map { NodeID(name: $0) }
            configuration.initialCount = 3
            configuration.traces = true
            configuration.record = records?[index]
            cards.append(card)
            cores.append(NodeCore(configuration: configuration, at: now))
        }
    }

    static func formed(records: [PrimaryRecord]? = nil) -> Trio {
        var trio = Trio(records: records)
        trio.meet()
        trio.live()
        return trio
    }

    private static let zero = ShortName("0")!

    mutating func meet() {
        for node in cores.indices {
            for other in cores.indices where other != node { handle(.peerConnected(cards[other]), node) }
            handle(.join(endpoint: Self.zero, groups: Self.groups), node)
        }
    }

    /// Traffic of all kinds is recorded, and in the end the three are together.
    private mutating func live() {
        isRecording = true
        pass(.milliseconds(1_500))
        for node in cores.indices {
            for order in [Order.fifo, .total, .safe] { multicast(node, seat: 0, order, count: 100) }
            multicast(node, seat: 1, .total, count: 25_000)
            if let seat = seats[node].first {
                let to = EndpointID(member: cards[(node + 1) % 3].member, name: Self.zero)
                handle(.direct(seat, to: to, bytes: [1, 2, 3]), node)
                handle(.flush(seat, token: 1), node)
            }
        }
        pass(.milliseconds(300))
        // A leave, a member that is gone for a moment, and lost packets, for the frames that these cause.
        if let seat = seats[1].last { handle(.leave(seats: [seat]), 1) }
        pass(.milliseconds(100))
        handle(.join(endpoint: Self.zero, groups: [Self.groups[1]]), 1)
        pass(.milliseconds(300))
        multicast(0, seat: 0, .fifo, count: 60_000)
        endTurns()
        for place in queue.indices.reversed() where queue[place].to == 2 && place % 2 == 0 { queue.remove(at: place) }
        pass(.milliseconds(200))
        for node in [0, 1] { handle(.peerDisconnected(cards[2].member), node) }
        for node in [0, 1] { handle(.peerDisconnected(cards[node].member), 2) }
        pass(.milliseconds(40))
        for node in cores.indices {
            for other in cores.indices where other != node { handle(.peerConnected(cards[other]), node) }
        }
        pass(.seconds(2))
        isRecording = false
        queue = []
        recorded += rare
    }

    /// Frames that calm traffic does not have.
    private var rare: [[UInt8]] {
        let group = HWGID(named: ShortName("main")!)
        let view = ViewID(epoch: 7, coordinator: cards[0].member)
        let ballot = Ballot(attempt: 2, proposer: cards[1].member)
        let reasons: [MembershipFrame.Refuse.Reason] = [
            .promised(ballot), .suspected, .notMember, .behind(view), .cannotReachCut, .noMajority, .authority(view),
        ]
        let frames =
            reasons.map {
                MembershipFrame.refuse(.init(question: .init(ballot: ballot, view: view), view: view, reason: $0))
            } + [
                .mergeAnswer(.busy), .mergeAnswer(.redirect(cards[1].member)), .mergeAnswer(.unreachable),
                .report(.init(view: view, suspects: [cards[2].member], isLeaving: true)),
            ]
        return frames.map {
            let packet = $0.encoded(
                group: group, cluster: FrameHeader.cluster(named: Self.cluster), sender: cards[1].member)
            return withExtendedLifetime(packet) { Array(packet.contents) }
        }
    }

    // MARK: What happens

    mutating func handle(_ event: NodeEvent, _ node: Int) {
        var effects = Effects()
        cores[node].handle(event, at: now, into: &effects)
        take(&effects, node)
    }

    mutating func multicast(_ node: Int, seat: Int, _ order: Order, count: Int) {
        guard !seats[node].isEmpty else { return }
        var effects = Effects()
        let handle = seats[node][seat % seats[node].count]
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
        bytes.withUnsafeBytes {
            _ = cores[node].multicast(handle, order: order, bytes: $0, at: now, into: &effects)
        }
        take(&effects, node)
    }

    mutating func deliver(_ bytes: [UInt8], to node: Int) {
        delivered += 1
        var effects = Effects()
        bytes.withUnsafeBytes { cores[node].datagramArrived($0, at: now, into: &effects) }
        take(&effects, node)
    }

    mutating func deliverNext() {
        guard !queue.isEmpty else { return }
        let datagram = queue.removeFirst()
        deliver(datagram.bytes, to: datagram.to)
    }

    /// Ends all turns, so that what was packed leaves.
    mutating func endTurns() { for node in cores.indices { handle(.turnEnded, node) } }

    /// Delivers everything, and lets the time pass.
    mutating func pass(_ time: Interval) {
        let end = now + time
        while delivered < Self.limit {
            endTurns()
            while !queue.isEmpty, delivered < Self.limit {
                deliverNext()
                if queue.isEmpty { endTurns() }
            }
            var next = end
            for node in cores.indices { if let due = cores[node].nextDeadline { next = min(next, due) } }
            guard next < end else { break }
            now = max(next, now + .microseconds(50))
            for node in cores.indices {
                guard let due = cores[node].nextDeadline, due <= now else { continue }
                standing[node] = due == lastDue[node] && due < now ? standing[node] + 1 : 0
                precondition(
                    standing[node] < 100, "a deadline that stays in the past: a loop would turn without a pause")
                lastDue[node] = due
                handle(.deadlineReached, node)
            }
        }
        now = max(now, end)
    }

    private mutating func take(_ effects: inout Effects, _ node: Int) {
        defer { if let write = effects.write { handle(.recordPersisted(write.sequence), node) } }
        for transmission in effects.transmissions {
            let bytes = Array(transmission.packet.contents)
            precondition(bytes.count <= Limits.datagramBytes, "a datagram that no socket takes")
            if bytes.count >= 32, (8...12).contains(bytes[3]) {
                tokens[node] = bytes.withUnsafeBytes { ViewToken(of: $0)?.raw } ?? 0
            }
            if isRecording, kept[Int(bytes[3])] < Self.keptPerKind {
                kept[Int(bytes[3])] += 1
                recorded.append(bytes)
            }
            if let to = cards.firstIndex(where: { $0.member == transmission.to }) {
                queue.append(Datagram(from: node, to: to, bytes: bytes))
            }
        }
        for event in effects.lwg.events {
            switch event {
            case .seated(let seat, _, _): seats[node].append(seat)
            case .indication(let seat, .left): seats[node].removeAll { $0 == seat }
            default: break
            }
        }
    }
}
