import GroupModel

/// One order of the view's total messages (O3), by packets, from the sequencer's stream (rank 0).
///
/// Its packets are scanned in sequence. Each orders first what its records name, in their order, then its own total
/// messages. A stream's total messages in packets up to an entry's are delivered when the entry is at the head.
struct TotalOrder: Sendable {
    struct Entry: Sendable, Hashable {
        var rank: Rank
        /// The total messages of `rank` in packets up to this number, as far as no earlier entry named them.
        var through: UInt64
        /// The sequencer's packet that says so.
        var source: UInt64
    }
    private var queue: [Entry] = []
    private var first = 0
    /// The sequencer's packets up to this number are scanned.
    private(set) var scanned: UInt64 = 0
    /// Per rank, the highest packet that any entry named.
    private var named: [UInt64]
    /// The highest packet of the sequencer from which an order was used.
    private(set) var usedThrough: UInt64 = 0

    init(members: Int) { named = Array(repeating: 0, count: members) }

    @inline(__always)
    var head: Entry? { first < queue.count ? queue[first] : nil }

    mutating func pop() {
        usedThrough = max(usedThrough, queue[first].source)
        first += 1
        if first == queue.count {
            queue.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 64, first * 2 >= queue.count {
            queue.removeFirst(first)
            first = 0
        }
    }

    /// Takes the orders of the sequencer's next packet. False when it names packets further ahead than `bound` allows:
    /// it is scanned again when those have come, so that the queue is bounded by the members' rings.
    mutating func scan(_ packet: Packet, kinds: PacketKinds, number: UInt64, bound: (Rank) -> UInt64) -> Bool {
        if kinds.contains(.records) {
            var pending: [Entry] = []
            let bytes = packet.contents
            var offset = DataFrame.bodyOffset
            while bytes.count &- offset >= DataFrame.itemHeaderBytes {
                let word = DataFields.word(bytes, at: offset)
                if word.raw == 0 { break }
                if word.isRecord {
                    for index in 0..<(word.length / OrderRecord.entryBytes) {
                        let entry = OrderRecord.entry(
                            at: offset + DataFrame.itemHeaderBytes + index * OrderRecord.entryBytes, of: bytes)
                        guard entry.rank < named.count else { continue }
                        guard entry.through <= bound(entry.rank) else { return false }
                        pending.append(Entry(rank: entry.rank, through: entry.through, source: number))
                    }
                }
                offset += DataFrame.itemHeaderBytes + DataFrame.padded(word.length)
            }
            for entry in pending { append(entry) }
        }
        if kinds.contains(.ordered) { append(Entry(rank: 0, through: number, source: number)) }
        scanned = number
        return true
    }

    private mutating func append(_ entry: Entry) {
        guard entry.through > named[entry.rank] else { return }
        named[entry.rank] = entry.through
        queue.append(entry)
    }
}

/// What the sequencer has to order and has not said yet: per rank the highest packet with total messages, in the order
/// in which they first came. One entry per rank, whatever the load.
struct PendingOrders: Sendable {
    private var through: [UInt64]
    private var urgent: [Bool]
    private var ranks: [Rank] = []

    init(members: Int) {
        through = Array(repeating: 0, count: members)
        urgent = Array(repeating: false, count: members)
    }

    var isEmpty: Bool { ranks.isEmpty }
    var count: Int { ranks.count }

    @inline(__always)
    mutating func add(_ rank: Rank, through packet: UInt64, isUrgent: Bool = false) {
        if through[rank] == 0 { ranks.append(rank) }
        through[rank] = packet
        if isUrgent { urgent[rank] = true }
    }

    /// Takes at most `limit` entries, the oldest first.
    mutating func take(_ limit: Int) -> [OrderRecord.Entry] {
        let taken = ranks.prefix(limit).map {
            OrderRecord.Entry(rank: $0, through: through[$0], isUrgent: urgent[$0])
        }
        for entry in taken {
            through[entry.rank] = 0
            urgent[entry.rank] = false
        }
        ranks.removeFirst(taken.count)
        return taken
    }

    mutating func removeAll() { _ = take(ranks.count) }
}
