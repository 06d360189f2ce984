import GroupCore
import GroupModel
import GroupWire

/// Links between all pairs of nodes, and the packets on their way.
struct Network {
    let count: Int
    /// Chances as in the plan; zero in phase 2.
    var loss: Int
    var duplication: Int
    var reordering: Int
    var foreign: Int
    var corruption: Int
    var replay: Int
    /// Packets that may come again.
    private var old: [(packet: Packet, link: Int)] = []
    private var oldest = 0
    var meanDelay: Int64
    /// Per directed link, from × count + to.
    var isBlocked: [Bool]
    var cloggedUntil: [Int64]
    private var lastArrival: [Int64]
    /// Since when a link is blocked.
    var blockedSince: [Int64]
    /// The incarnation of `to` that `from` has a liveness connection with; 0: none.
    var connection: [UInt32]
    /// `from` has the address of `to`.
    var knows: [Bool]
    private var packets: [Packet?] = []
    private var checksums: [UInt64] = []
    /// The packet that was stored last, while its sender has done nothing since: it goes to several.
    private var last: (packet: Packet, checksum: UInt64)?
    private var free: [Int] = []

    init(nodes: Int, plan: WorldPlan) {
        count = nodes
        loss = plan.loss
        duplication = plan.duplication
        reordering = plan.reordering
        foreign = plan.foreign
        corruption = plan.corruption
        replay = plan.replay
        meanDelay = plan.meanDelay
        isBlocked = Array(repeating: false, count: nodes * nodes)
        cloggedUntil = Array(repeating: 0, count: nodes * nodes)
        lastArrival = cloggedUntil
        blockedSince = cloggedUntil
        connection = Array(repeating: 0, count: nodes * nodes)
        knows = Array(repeating: plan.knowsAll, count: nodes * nodes)
        for node in 0..<nodes { knows[node * nodes] = true }
    }

    func link(_ from: Int, _ to: Int) -> Int { from * count + to }
    func canTalk(_ a: Int, _ b: Int) -> Bool { !isBlocked[link(a, b)] && !isBlocked[link(b, a)] }

    mutating func learn(_ card: NodeCard, at node: Int, _ ids: [NodeID]) {
        guard let other = ids.firstIndex(of: card.member.node) else { return }
        knows[link(node, other)] = true
    }

    /// 30 µs, and an exponential spread whose logarithm is a count of leading zeros: no floating point, so that
    /// every machine draws alike.
    mutating func arrival(on link: Int, at now: Int64, _ random: inout SeededGenerator) -> Int64 {
        let draw = random.next()
        let halvings = Int64(draw.leadingZeroBitCount)
        let fraction = Int64(random.next() >> 44)
        let delay = 30_000 + (halvings * meanDelay + (fraction * meanDelay) >> 20)
        var time = max(now, cloggedUntil[link]) + delay
        if reordering == 0 || random.below(10_000) >= reordering { time = max(time, lastArrival[link]) }
        lastArrival[link] = max(lastArrival[link], time)
        return time
    }

    /// What waits in clogged links arrives late, and nothing waits behind it any more.
    mutating func unclog(at now: Int64) {
        for link in cloggedUntil.indices {
            cloggedUntil[link] = min(cloggedUntil[link], now)
            lastArrival[link] = min(lastArrival[link], now)
        }
    }

    /// So many packets are kept for coming again.
    private static var oldLimit: Int { 256 }

    /// Keeps the packet in place of another, and now and then gives an old one.
    mutating func remember(_ packet: Packet, on link: Int, _ random: inout SeededGenerator) -> (Packet, link: Int)? {
        if old.count < Self.oldLimit {
            old.append((packet, link))
        } else {
            old[oldest] = (packet, link)
            oldest = (oldest + 1) % Self.oldLimit
        }
        guard random.below(10_000) < replay else { return nil }
        let chosen = old[random.below(old.count)]
        return (chosen.packet, chosen.link)
    }

    /// A sender begins: it may have written into what it sent before.
    mutating func begin() { last = nil }

    mutating func store(_ packet: Packet) -> Int {
        let checksum: UInt64
        if let last, last.packet === packet {
            checksum = last.checksum
        } else {
            checksum = Self.checksum(packet)
            last = (packet, checksum)
        }
        if let slot = free.popLast() {
            packets[slot] = packet
            checksums[slot] = checksum
            return slot
        }
        packets.append(packet)
        checksums.append(checksum)
        return packets.count - 1
    }

    /// The packet, and whether it is still what was sent: nobody may write into a packet on its way.
    mutating func take(_ slot: Int) -> (packet: Packet, isUnchanged: Bool)? {
        guard let packet = packets[slot] else { return nil }
        packets[slot] = nil
        free.append(slot)
        return (packet, checksums[slot] == Self.checksum(packet))
    }

    private static func checksum(_ packet: Packet) -> UInt64 {
        let bytes = packet.contents
        var offset = 0
        // Four sums side by side: each step of one waits for the one before.
        var sums = SIMD4<UInt64>(repeating: UInt64(truncatingIfNeeded: bytes.count))
        while offset + 32 <= bytes.count {
            let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
            sums = (sums ^ words) &* 0x9E37_79B9_7F4A_7C15
            offset += 32
        }
        var sum = sums[0]
        for lane in 1..<4 { sum = (sum ^ sums[lane]) &* 0xC4CE_B9FE_1A85_EC53 }
        while offset + 8 <= bytes.count {
            sum = (sum ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            offset += 8
        }
        while offset < bytes.count {
            sum = (sum ^ UInt64(bytes[offset])) &* 0x9E37_79B9_7F4A_7C15
            offset += 1
        }
        return sum
    }
}

extension World {
    /// Datagrams that a paused process's socket holds; the kernel drops what comes after.
    private static var socketPackets: Int { 256 }

    /// False when the node was struck down in between: the rest is not sent.
    mutating func transmit(from node: Int) -> Bool {
        network.begin()
        for index in effects.transmissions.indices {
            let transmission = effects.transmissions[index]
            guard let to = self.index(of: transmission.to.node) else {
                count("unknownReceiver")
                continue
            }
            if mayFail, plan.strike > 0, isMembership(transmission.packet), random.below(10_000) < plan.strike {
                if options.faults.contains(.crashes), random.below(2) == 0 {
                    count("strike")
                    return false
                }
                reset(node, to)
            }
            post(transmission.packet, from: node, to: to)
            if network.duplication > 0, random.below(10_000) < network.duplication {
                count("duplicated")
                post(transmission.packet, from: node, to: to)
            }
            if isStruck(node) { return false }
        }
        return true
    }

    private func isMembership(_ packet: Packet) -> Bool {
        guard let header = try? FrameHeader.read(packet.contents) else { return false }
        switch header.kind {
        case .data, .acknowledge, .negativeAcknowledge, .direct, .directAcknowledge, .heartbeat, .announce: return false
        case .propose, .flushed, .cut, .cutReached, .install, .refuse, .report, .installed, .mergeRequest, .mergeAnswer:
            return true
        }
    }

    /// The connection between two processes breaks, and each notices at its own time.
    mutating func reset(_ a: Int, _ b: Int) {
        guard a != b, network.connection[network.link(a, b)] != 0 else { return }
        count("reset")
        happened { "\($0.nodes[a].name) and \($0.nodes[b].name) lose their connection" }
        close(a, b, within: 1_000_000)
        close(b, a, within: random.below(2) == 0 ? 1_000_000 : 100_000_000)
    }

    func index(of id: NodeID) -> Int? { nodeIDs.firstIndex(of: id) }

    private mutating func post(_ packet: Packet, from: Int, to: Int) {
        let link = network.link(from, to)
        let fate = options.keepsTranscript && !options.isBrief ? sayFrame(packet, from, to) : .passes
        if options.isBrief { tally.count(.frame) }
        if network.isBlocked[link] { return }
        if network.loss > 0, random.below(10_000) < network.loss { return }
        if network.replay > 0, let (again, link) = network.remember(packet, on: link, &random) {
            count("replayed")
            enqueue(again, from: link / nodes.count, to: link % nodes.count)
        }
        var packet = packet
        if network.foreign > 0, random.below(10_000) < network.foreign {
            enqueue(strange(packet), from: from, to: to)
        }
        if network.corruption > 0, packet.count > 0, random.below(10_000) < network.corruption {
            packet = corrupted(packet)
        }
        switch fate {
        case .passes: enqueue(packet, from: from, to: to)
        case .dropped: break
        case .held(let text): stage?.held.append(Stage.Held(packet: packet, from: from, to: to, text: text))
        case .delayed(let time): enqueue(packet, from: from, to: to, late: time)
        }
    }

    /// Shows the frame, unless it is of those that would drown the others, and says what the script does to it.
    private mutating func sayFrame(_ packet: Packet, _ from: Int, _ to: Int) -> Stage.Fate {
        guard let header = try? FrameHeader.read(packet.contents), let frame = text(packet, header.kind) else {
            return .passes
        }
        let fate = stage?.fate(of: frame, from: from, to: to) ?? .passes
        let isBackground = [.acknowledge, .directAcknowledge, .heartbeat, .announce].contains(header.kind)
        let isShown = !isBackground && (header.kind != .data || stage != nil)
        let isLost = network.isBlocked[network.link(from, to)] ? " (blocked)" : fate.remark
        happened(.frame, isShown: isShown) { "\($0.nodes[from].name) > \($0.nodes[to].name) \(frame)\(isLost)" }
        return fate
    }

    /// A frame arrives: nobody shows that, but scripts may wait for it.
    private mutating func announceArrival(_ packet: Packet, _ from: Int, _ to: Int) {
        guard isStaged, let header = try? FrameHeader.read(packet.contents), let frame = text(packet, header.kind)
        else { return }
        happened(.frame, isShown: false) { "\($0.nodes[to].name) < \($0.nodes[from].name) \(frame)" }
    }

    mutating func enqueue(_ packet: Packet, from: Int, to: Int, late: Int64) {
        heap.push(.datagram, at: now + late, a: from, b: to, c: network.store(packet))
    }

    mutating func enqueue(_ packet: Packet, from: Int, to: Int) {
        let time = network.arrival(on: network.link(from, to), at: now, &random)
        heap.push(.datagram, at: time, a: from, b: to, c: network.store(packet))
    }

    /// A copy with a header that this cluster must not take, or bytes without any sense.
    private mutating func strange(_ packet: Packet) -> Packet {
        count("foreign")
        let copy = Packet(copying: packet.contents)
        guard copy.count >= FrameHeader.bytes, random.below(4) > 0 else {
            for offset in 0..<copy.count {
                copy.bytes.storeBytes(
                    of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: offset, as: UInt8.self)
            }
            return copy
        }
        // Magic, version or cluster.
        let offset = [0, 1, 2, 4, 5, 6, 7][random.below(7)]
        let byte = copy.bytes.load(fromByteOffset: offset, as: UInt8.self) ^ UInt8(1 << random.below(8))
        copy.bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        return copy
    }

    private mutating func corrupted(_ packet: Packet) -> Packet {
        count("corrupted")
        let copy = Packet(copying: packet.contents)
        switch random.below(3) {
        case 0: copy.count = random.below(packet.count)
        case 1:
            let offset = random.below(copy.count)
            let byte = copy.bytes.load(fromByteOffset: offset, as: UInt8.self) ^ UInt8(1 << random.below(8))
            copy.bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        default:
            for _ in 0..<4 {
                copy.bytes.storeBytes(
                    of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: random.below(copy.count), as: UInt8.self
                )
            }
        }
        return copy
    }

    mutating func arrive(_ event: WorldEvent) {
        let to = Int(event.b)
        if nodes[to].isPaused, nodes[to].backlog.count < Self.socketPackets {
            nodes[to].backlog.append(event)
            return
        }
        if nodes[to].cost > 0 || nodes[to].waiting > 0 {
            if event.life != 0 { nodes[to].waiting = max(nodes[to].waiting - 1, 0) }
            if nodes[to].isAlive, nodes[to].busyUntil > now {
                // Those that the socket has no room for are lost.
                guard nodes[to].waiting < Self.socketPackets else {
                    _ = network.take(Int(event.c))
                    return
                }
                nodes[to].waiting += 1
                return heap.push(
                    .datagram, at: nodes[to].busyUntil, a: Int(event.a), b: to, c: Int(event.c), life: 1)
            }
            nodes[to].busyUntil = now + nodes[to].cost
        }
        guard let (packet, isUnchanged) = network.take(Int(event.c)) else { return }
        if !isUnchanged { violate("packet", Int(event.a), "wrote into a packet that was on its way") }
        guard nodes[to].isAlive, !nodes[to].isPaused, !network.isBlocked[network.link(Int(event.a), to)] else { return }
        announceArrival(packet, Int(event.a), to)
        if isStruck(to) { return end(to, closing: .prompt) }
        if mayFail, plan.ambush > 0, isMembership(packet), random.below(10_000) < plan.ambush {
            count("ambush")
            return end(to, closing: .prompt)
        }
        let time = clock(to)
        cores[to][0].datagramArrived(packet.contents, at: time, into: &effects)
        settle(to, opensTurn: true)
    }

    // Liveness connections.

    /// Makes a connection for each pair that could have one and has none. Called at every tick.
    mutating func dial() {
        for a in nodes.indices {
            for b in nodes.indices where a < b && canConnect(a, b) {
                heap.push(.connect, at: now + 1_000_000 + Int64(random.below(20_000_000)), a: a, b: b)
            }
        }
    }

    private func canConnect(_ a: Int, _ b: Int) -> Bool {
        guard nodes[a].isAlive, nodes[b].isAlive, network.canTalk(a, b) else { return false }
        guard network.knows[network.link(a, b)] || network.knows[network.link(b, a)] else { return false }
        return network.connection[network.link(a, b)] != nodes[b].incarnation
            || network.connection[network.link(b, a)] != nodes[a].incarnation
    }

    mutating func connect(_ a: Int, _ b: Int) {
        guard canConnect(a, b), !nodes[a].isPaused, !nodes[b].isPaused else { return }
        introduce(a, to: b)
        introduce(b, to: a)
        for (me, other) in [(a, b), (b, a)] {
            let link = network.link(me, other)
            network.knows[link] = true
            let before = network.connection[link]
            guard before != nodes[other].incarnation else { continue }
            network.connection[link] = nodes[other].incarnation
            let incarnation = Int(nodes[other].incarnation)
            heap.push(.connected, at: now + Int64(random.below(500_000)), a: me, b: other, c: incarnation)
            if before != 0 {
                // The close of the earlier life's connection is noticed some time.
                heap.push(.disconnected, at: now + Int64(random.below(50_000_000)), a: me, b: other, c: Int(before))
            }
        }
    }

    /// The gossip of the liveness connections: who is connected hears of a newcomer, and the newcomer of them.
    private mutating func introduce(_ newcomer: Int, to node: Int) {
        for other in nodes.indices where network.connection[network.link(node, other)] != 0 {
            network.knows[network.link(other, newcomer)] = true
            network.knows[network.link(newcomer, other)] = true
        }
    }

    /// Both sides of a pair that cannot talk for long get an error on their connection.
    mutating func breakConnection(_ a: Int, _ b: Int, _ mark: Int32) {
        guard !network.canTalk(a, b) else { return }
        let link = network.link(a, b)
        let since = max(network.blockedSince[link], network.blockedSince[network.link(b, a)])
        guard now - since >= plan.disconnectAfter else { return }
        close(a, b, within: 1_000_000)
        close(b, a, within: 1_000_000)
    }

    /// `a` will see its connection to `b` closed.
    mutating func close(_ a: Int, _ b: Int, within delay: Int) {
        let link = network.link(a, b)
        let incarnation = network.connection[link]
        guard incarnation != 0 else { return }
        network.connection[link] = 0
        heap.push(.disconnected, at: now + Int64(random.below(max(delay, 1))), a: a, b: b, c: Int(incarnation))
    }

    mutating func tell(_ event: WorldEvent) {
        let (me, other) = (Int(event.a), Int(event.b))
        guard nodes[me].isAlive else { return }
        if nodes[me].isPaused {
            nodes[me].backlog.append(event)
            return
        }
        let incarnation = UInt32(truncatingIfNeeded: event.c)
        if event.kind == .connected {
            // A connection that broke before it was told of is not told of.
            guard network.connection[network.link(me, other)] == incarnation else { return }
            let card = NodeCard(
                name: nodes[other].name, member: MemberID(node: nodes[other].id, incarnation: incarnation),
                address: nodes[other].card.address)
            happened(.detail) { "\($0.text($0.nodes[me].member)) connected to \($0.text(card.member))" }
            handle(.peerConnected(card), me)
        } else {
            // As the library has it, where only the end of the last connection counts.
            if options.isPrimaryMode, network.connection[network.link(me, other)] == incarnation { return }
            let member = MemberID(node: nodes[other].id, incarnation: incarnation)
            happened(.detail) { "\($0.text($0.nodes[me].member)) disconnected from \($0.text(member))" }
            handle(.peerDisconnected(member), me)
        }
    }
}
