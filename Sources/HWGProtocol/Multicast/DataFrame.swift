import GroupModel
import GroupWire

/// The layout of a data frame: one packet of one stream.
///
/// | offset | field | bytes |
/// |---|---|---|
/// | 20 | rank of the stream's origin; the header's sender may be another holder | 2 |
/// | 22 | zero | 2 |
/// | 24 | view token | 8 |
/// | 32 | packet number, from 1 | 8 |
/// | 40 | number of the first message that ends in this packet | 8 |
/// | 48 | items, each at a multiple of four: word (`ItemWord`) 4, label 4, payload | |
///
/// A zero word, or fewer than eight bytes, ends the items; the rest is padding. Nine messages of 1 KiB take
/// 48 + 9·1032 = 9,336 of the 9,344 bytes, one of 8 KiB 8,248.
enum DataFrame {
    static let originOffset = 20
    static let tokenOffset = 24
    static let numberOffset = 32
    static let firstMessageOffset = 40
    static let bodyOffset = 48
    static let itemHeaderBytes = 8
    /// Packet numbers are below this: what an order record's 48 bits hold. A packet a nanosecond lasts three days; a
    /// view that sends so much is ended by nothing but its own traffic, and none does.
    static let numberLimit: UInt64 = 1 << 48

    @inline(__always)
    static func padded(_ length: Int) -> Int { (length &+ 3) & ~3 }

    /// What a packet's items are, found once at arrival, so that delivery cannot fail. Nil when malformed.
    ///
    /// `members` bounds the ranks of order records, which only the sequencer's stream (`origin` 0) may carry.
    static func contents(of bytes: UnsafeRawBufferPointer, origin: Rank, members: Int) -> PacketContents? {
        let count = bytes.count
        var offset = bodyOffset
        var seen: UInt32 = 0
        var kinds: PacketKinds = []
        var messages = 0
        // Neighbours are often alike. Then the next offset does not depend on the word just loaded, and nothing needs
        // to be checked again but the end.
        var alike: UInt32 = 0
        var stride = 0
        while count &- offset >= itemHeaderBytes {
            let word = ItemWord(raw: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            if word.raw == 0 { break }
            if word.raw == alike {
                guard offset &+ itemHeaderBytes &+ word.length <= count else { return nil }
                messages &+= 1
                offset &+= stride
                continue
            }
            let payload = offset &+ itemHeaderBytes
            let end = payload &+ word.length
            guard end <= count, word.isKnown else { return nil }
            if word.isWhole {
                seen |= word.raw
                messages &+= 1
                alike = word.raw
                stride = itemHeaderBytes &+ padded(word.length)
            } else if word.isRecord {
                guard origin == 0, word.raw & ~(ItemWord.lengthMask | ItemWord.record) == 0, word.length > 0,
                    word.length % OrderRecord.entryBytes == 0
                else { return nil }
                for index in 0..<(word.length / OrderRecord.entryBytes) {
                    let entry = OrderRecord.entry(at: payload &+ index &* OrderRecord.entryBytes, of: bytes)
                    guard entry.rank > 0, entry.rank < members, entry.through > 0 else { return nil }
                    if entry.isUrgent { kinds.insert(.urgent) }
                }
                kinds.insert(.records)
            } else if word.isVoid {
                guard word.raw == ItemWord.void else { return nil }
                kinds.insert(.voids)
            } else {
                guard word.length > 0 else { return nil }
                kinds.insert(.fragments)
                if word.isLast { seen |= word.raw }
            }
            offset = payload &+ padded(word.length)
        }
        if seen & ItemWord.orderedBit != 0 { kinds.insert(.ordered) }
        if seen & ItemWord.safeBit != 0 { kinds.formUnion([.safe, .urgent]) }
        if seen & ItemWord.control != 0 { kinds.formUnion([.control, .urgent]) }
        return PacketContents(kinds: kinds, messages: messages)
    }
}

/// What a packet's items are, and how many of them are whole messages.
struct PacketContents: Sendable, Hashable {
    var kinds: PacketKinds
    private var count: UInt16
    /// At most 65,507 / 8.
    var messages: Int { Int(count) }
    init(kinds: PacketKinds, messages: Int) {
        self.kinds = kinds
        count = UInt16(truncatingIfNeeded: messages)
    }
}

/// What must be known of a packet before it is delivered.
struct PacketKinds: OptionSet, Sendable, Hashable {
    let rawValue: UInt8
    /// A `total` or `safe` message ends in it, so it needs its place in the total order.
    static let ordered = Self(rawValue: 1)
    /// A `safe` message ends in it.
    static let safe = Self(rawValue: 2)
    static let fragments = Self(rawValue: 4)
    static let records = Self(rawValue: 8)
    static let voids = Self(rawValue: 16)
    /// A control message ends in it: delivered when a majority has it and its order.
    static let control = Self(rawValue: 32)
    /// Somebody waits to hear that others have it: acknowledged to all at once.
    static let urgent = Self(rawValue: 64)
    /// Items that are not simply whole messages, and those that are counted.
    static let special: Self = [.fragments, .records, .voids, .control]
}

/// The first word of an item: its length and what it is.
struct ItemWord: Sendable, Hashable {
    var raw: UInt32

    static let lengthMask: UInt32 = 0xFFFF
    /// The two bits of `Order`; `causal` is refused, so the lower one means `safe` and the upper one `total` or `safe`.
    static let orderShift: UInt32 = 16
    static let safeBit: UInt32 = 1 << 16
    static let orderedBit: UInt32 = 1 << 17
    static let control: UInt32 = 1 << 18
    static let first: UInt32 = 1 << 19
    static let last: UInt32 = 1 << 20
    /// Order records, no message.
    static let record: UInt32 = 1 << 21
    /// Takes a message number and delivers nothing: the number went to a point-to-point message.
    static let void: UInt32 = 1 << 22
    private static let known: UInt32 = (1 << 23) - 1

    @inline(__always) init(raw: UInt32) { self.raw = raw }
    @inline(__always) init(length: Int, order: Order, isControl: Bool, isFirst: Bool, isLast: Bool) {
        raw =
            UInt32(truncatingIfNeeded: length) | UInt32(order.rawValue) << Self.orderShift
            | (isControl ? Self.control : 0) | (isFirst ? Self.first : 0) | (isLast ? Self.last : 0)
    }
    @inline(__always) var length: Int { Int(raw & Self.lengthMask) }
    @inline(__always) var isControl: Bool { raw & Self.control != 0 }
    @inline(__always) var isFirst: Bool { raw & Self.first != 0 }
    @inline(__always) var isLast: Bool { raw & Self.last != 0 }
    @inline(__always) var isRecord: Bool { raw & Self.record != 0 }
    @inline(__always) var isVoid: Bool { raw & Self.void != 0 }
    @inline(__always) var isOrdered: Bool { raw & Self.orderedBit != 0 }
    @inline(__always) var isSafe: Bool { raw & Self.safeBit != 0 }
    /// One message in one item.
    @inline(__always) var isWhole: Bool {
        raw & (Self.first | Self.last | Self.record | Self.void) == Self.first | Self.last
    }
    /// No unknown bit, and not the order that does not exist yet.
    @inline(__always) var isKnown: Bool {
        raw & ~Self.known == 0 && raw & (Self.safeBit | Self.orderedBit) != Self.safeBit
    }
    @inline(__always) var order: Order { isOrdered ? (isSafe ? .safe : .total) : .fifo }
}

/// The sequencer's word that another stream's total messages, up to a packet, come next.
enum OrderRecord {
    static let entryBytes = 8
    struct Entry: Hashable, Sendable {
        var rank: Rank
        var through: UInt64
        /// It orders safe or control messages, for which members wait until others have this record.
        var isUrgent = false
    }
    private static let urgentBit: UInt64 = 1 << 63
    static func entry(at offset: Int, of bytes: UnsafeRawBufferPointer) -> Entry {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        return Entry(
            rank: Int(word >> 48 & 0x7FFF), through: word & (DataFrame.numberLimit - 1), isUrgent: word & urgentBit != 0
        )
    }
    static func word(_ entry: Entry) -> UInt64 {
        UInt64(entry.rank) << 48 | entry.through | (entry.isUrgent ? urgentBit : 0)
    }
}
