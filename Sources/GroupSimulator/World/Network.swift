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
    /// What a link takes longer than others.
    var lag: [Int64]
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
        lag = (0..<nodes * nodes).map { plan.lag(from: $0 / nodes, to: $0 % nodes) }
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
        let delay = 30_000 + lag[link] + (halvings * meanDelay + (fraction * meanDelay) >> 20)
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
