import GroupModel
import GroupWire

/// The packet of my stream that is being filled.
///
/// The buffer is written only while nobody else has it; a copy of this value (an exhaustive test branches) gets a buffer
/// of its own at its next write.
struct PacketBuilder: Sendable {
    private let header: FrameHeader
    private let origin: UInt16
    private let token: UInt64
    private let capacity: Int
    private var buffer: Packet
    /// Stands in for the buffer that left, until the next packet is opened.
    private let none = Packet(capacity: 0)
    /// Bytes written; zero when no packet is open.
    private var used = 0
    private var kinds: PacketKinds = []
    private var messages = 0
    var contents: PacketContents { PacketContents(kinds: kinds, messages: messages) }
    /// The bytes of the last packet that was sealed as full, before padding.
    private var lastFull = 0

    /// A packet that is shorter is copied out of the buffer when it is sealed, so that a small packet does not hold a
    /// large one's memory until it is stable.
    private static let copiedBytes = 2_048

    init(header: FrameHeader, origin: Rank, token: ViewToken, capacity: Int) {
        self.header = header
        self.origin = UInt16(truncatingIfNeeded: origin)
        self.token = token.raw
        self.capacity = capacity
        buffer = none
    }

    var isOpen: Bool { used > 0 }
    /// Payload bytes of one item that still fit; negative when not even an item's header does.
    @inline(__always) var space: Int { isOpen ? capacity &- used &- DataFrame.itemHeaderBytes : -1 }
    /// Payload bytes of the largest message that is not fragmented.
    var wholeLimit: Int { capacity - DataFrame.bodyOffset - DataFrame.itemHeaderBytes }

    mutating func open(number: UInt64, firstMessage: UInt64) {
        if buffer.capacity < capacity || !isKnownUniquelyReferenced(&buffer) { buffer = Packet(capacity: capacity) }
        let start = buffer.bytes
        header.write(to: start)
        start.storeBytes(of: origin.littleEndian, toByteOffset: DataFrame.originOffset, as: UInt16.self)
        start.storeBytes(of: 0, toByteOffset: DataFrame.originOffset + 2, as: UInt16.self)
        start.storeBytes(of: token.littleEndian, toByteOffset: DataFrame.tokenOffset, as: UInt64.self)
        start.storeBytes(of: number.littleEndian, toByteOffset: DataFrame.numberOffset, as: UInt64.self)
        start.storeBytes(of: firstMessage.littleEndian, toByteOffset: DataFrame.firstMessageOffset, as: UInt64.self)
        used = DataFrame.bodyOffset
        kinds = []
        messages = 0
    }

    /// Appends one item; the caller has checked `space`.
    @inline(__always)
    mutating func append(_ word: ItemWord, label: UInt32, _ payload: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&buffer) { unshare() }
        write(word, label: label, payload, to: buffer.bytes)
    }

    /// Appends whole messages from `start` on, as many as fit; returns how many.
    mutating func append(
        _ messages: UnsafeBufferPointer<OutgoingMessage>, from start: Int, of bytes: UnsafeRawBufferPointer,
        label: UInt32
    ) -> Int {
        guard isOpen else { return 0 }
        if !isKnownUniquelyReferenced(&buffer) { unshare() }
        let packet = buffer.bytes
        var at = start
        while at < messages.count {
            let message = messages[at]
            guard message.count <= space, message.order != .causal else { break }
            let word = ItemWord(
                length: message.count, order: message.order, isControl: false, isFirst: true, isLast: true)
            write(
                word, label: label,
                UnsafeRawBufferPointer(rebasing: bytes[message.offset..<(message.offset &+ message.count)]), to: packet)
            at += 1
        }
        return at - start
    }

    /// `packet` is the buffer's memory, and nobody else has it.
    @inline(__always)
    private mutating func write(
        _ word: ItemWord, label: UInt32, _ payload: UnsafeRawBufferPointer, to packet: UnsafeMutableRawPointer
    ) {
        precondition(payload.count <= space && payload.count == word.length, "an item fits its packet")
        let item = packet + used
        item.storeBytes(of: word.raw.littleEndian, as: UInt32.self)
        item.storeBytes(of: label.littleEndian, toByteOffset: 4, as: UInt32.self)
        let padded = DataFrame.padded(payload.count)
        if padded != payload.count {
            // The gap up to the next multiple of four leaves with the datagram, so it is written. It fits, because
            // the capacity is such a multiple.
            item.storeBytes(of: 0, toByteOffset: DataFrame.itemHeaderBytes &+ padded &- 4, as: UInt32.self)
        }
        if let source = payload.baseAddress {
            (item + DataFrame.itemHeaderBytes).copyMemory(from: source, byteCount: payload.count)
        }
        used &+= DataFrame.itemHeaderBytes &+ padded
        if word.raw & (ItemWord.last | ItemWord.orderedBit) == ItemWord.last | ItemWord.orderedBit {
            kinds.insert(.ordered)
            if word.isSafe { kinds.formUnion([.safe, .urgent]) }
            if word.isControl { kinds.formUnion([.control, .urgent]) }
        }
        if word.isWhole {
            messages &+= 1
        } else {
            kinds.insert(word.isRecord ? .records : word.isVoid ? .voids : .fragments)
        }
    }

    /// The packet, ready to be shared. One that is sealed because it is full is padded to the full size when that
    /// makes a run of equal packets, which leave in one system call.
    mutating func seal(isFull: Bool) -> Packet {
        if !isKnownUniquelyReferenced(&buffer) { unshare() }
        if isFull {
            if used != lastFull {
                lastFull = used
                (buffer.bytes + used).initializeMemory(as: UInt8.self, repeating: 0, count: capacity - used)
                used = capacity
            }
        }
        let sealed: Packet
        if used <= Self.copiedBytes {
            sealed = Packet(copying: UnsafeRawBufferPointer(start: buffer.bytes, count: used))
        } else {
            sealed = buffer
            sealed.count = used
            buffer = none
        }
        used = 0
        return sealed
    }

    private mutating func unshare() {
        let copy = Packet(capacity: capacity)
        copy.bytes.copyMemory(from: buffer.bytes, byteCount: used)
        buffer = copy
    }
}
