import GroupModel
import GroupWire

/// One sender's stream at one member: what was received, and how far it was delivered. My own stream is one too.
///
/// Invariants: packets up to `contiguous` are received; those below `cursor` are delivered; a packet is kept until it is
/// delivered and stable, or the ring is needed for a later one, which the sender's window allows only when no
/// unsuspected member lacks it.
struct ReceiveStream: Sendable {
    var ring: PacketRing
    /// All packets up to this number are received.
    private(set) var contiguous: UInt64 = 0
    /// The packet that is delivered next, in part or not at all.
    private(set) var cursor: UInt64 = 1
    /// Where delivery stands in the packet `cursor`.
    private var offset = DataFrame.bodyOffset
    /// Messages that ended in the packet `cursor` before `offset`.
    private var ends: UInt64 = 0
    /// Packets up to this number were let go.
    private var released: UInt64 = 0
    private var data = Reassembly()
    private var control = Reassembly()
    var gap = GapRepair()
    /// The highest packet in which a control message ends.
    private var lastControl: UInt64 = 0
    var awaitsControl: Bool { lastControl >= cursor }
    /// Delivery stands at a message that not enough members are known to have.
    private(set) var waitsForStability = false
    /// It is a safe one.
    private(set) var standsAtSafe = false
    /// Control messages that the last `advance` delivered, unless it was the final one. No safe message of the same stretch is
    /// delivered behind them: what it stands on has changed.
    private(set) var controlsPassed: UInt64 = 0
    private(set) var brokenMessages: UInt64 = 0

    init(capacity: Int) { ring = PacketRing(capacity: capacity) }

    /// The highest packet any part of which was delivered.
    var hasDelivered: UInt64 { ends > 0 ? cursor : cursor - 1 }

    enum Arrival { case inSequence, early, duplicate, outOfWindow }

    /// Whether a packet is taken. Undelivered packets are never overwritten: who cannot deliver stops acknowledging.
    @inline(__always)
    func arrival(of number: UInt64) -> Arrival {
        if number <= contiguous { return .duplicate }
        guard number < cursor &+ ring.capacity else { return .outOfWindow }
        if number == contiguous &+ 1 { return .inSequence }
        return ring.holds(number) ? .duplicate : .early
    }

    /// Stores a packet that `arrival` allowed.
    @inline(__always)
    mutating func store(_ packet: Packet, number: UInt64, contents: PacketContents) {
        ring.store(packet, number: number, contents: contents)
        if contents.kinds.contains(.control) { lastControl = max(lastControl, number) }
        guard number == contiguous &+ 1 else { return }
        contiguous = number
        if gap.known > contiguous {
            while ring.holds(contiguous &+ 1) { contiguous &+= 1 }
        }
    }

    /// Lets go what is delivered and received by all.
    mutating func release(through stable: UInt64) {
        let end = min(stable, cursor - 1)
        guard released < end else { return }
        if end - released > ring.capacity { released = end - ring.capacity }
        while released < end {
            released += 1
            ring.remove(released)
        }
    }

    // MARK: Delivery

    /// Delivers what may be delivered, in sequence (O1): messages without total order, and total ones in packets up
    /// to `totals`; nothing beyond packet `limit`. A safe message waits until its packet is `stable` (S1), which holds up to the
    /// next control message, or, at the view's end, is marked transitional.
    @inline(__always)
    mutating func advance(
        sender: Rank, totals: UInt64, limit: UInt64, stable: UInt64, uniform: UInt64, isFinal: Bool,
        into indications: inout HWGIndications
    ) {
        waitsForStability = false
        standsAtSafe = false
        controlsPassed = 0
        while cursor <= limit, let packet = ring.packet(cursor) {
            let contents = ring.contents(cursor)
            let kinds = contents.kinds
            let mayPass =
                kinds.isDisjoint(with: [.ordered, .safe])
                || cursor <= totals && (!kinds.contains(.safe) || !isFinal && cursor <= stable && controlsPassed == 0)
                    && (!kinds.contains(.control) || isFinal || cursor <= uniform)
            if mayPass, offset == DataFrame.bodyOffset, kinds.isDisjoint(with: .special) {
                Self.deliverAll(
                    packet, messages: contents.messages, sender: UInt16(truncatingIfNeeded: sender),
                    into: &indications)
            } else {
                let finished = deliverItems(
                    packet, sender: UInt16(truncatingIfNeeded: sender), passesTotals: cursor <= totals,
                    isStable: cursor <= stable, isUniform: cursor <= uniform, isFinal: isFinal, into: &indications)
                guard finished else { return }
            }
            cursor &+= 1
            offset = DataFrame.bodyOffset
            ends = 0
        }
    }

    /// A packet of whole messages, all of which may go: nothing per message but its slice.
    @inline(__always)
    private static func deliverAll(
        _ packet: Packet, messages: Int, sender: UInt16, into indications: inout HWGIndications
    ) {
        guard messages > 0 else { return }
        let bytes = packet.contents
        let count = bytes.count
        var number = DataFields.firstMessage(bytes)
        var offset = DataFrame.bodyOffset
        // One check of the array's room for the whole packet; the span still checks each append.
        indications.batch.slices.append(addingCapacity: messages) { slices in
            var alike: UInt32 = 0
            var stride = 0
            for _ in 0..<messages {
                guard count &- offset >= DataFrame.itemHeaderBytes else { return }
                let word = DataFields.word(bytes, at: offset)
                if word.raw != alike {
                    alike = word.raw
                    stride = DataFrame.itemHeaderBytes &+ DataFrame.padded(word.length)
                }
                slices.append(
                    DataFields.slice(
                        bytes, at: offset, word: word, number: number, sender: sender, isTransitional: false))
                number &+= 1
                offset &+= stride
            }
        }
        indications.batch.keep(packet)
        indications.delivered(count: messages)
    }

    /// Item by item from `offset`; false when it stopped at one that must wait.
    private mutating func deliverItems(
        _ packet: Packet, sender: UInt16, passesTotals: Bool, isStable: Bool, isUniform: Bool, isFinal: Bool,
        into indications: inout HWGIndications
    ) -> Bool {
        let bytes = packet.contents
        let first = DataFields.firstMessage(bytes)
        while bytes.count &- offset >= DataFrame.itemHeaderBytes {
            let word = DataFields.word(bytes, at: offset)
            if word.raw == 0 { break }
            let next = offset &+ DataFrame.itemHeaderBytes &+ DataFrame.padded(word.length)
            if word.isRecord {
                offset = next
                continue
            }
            if word.isVoid {
                ends &+= 1
                offset = next
                continue
            }
            if word.isLast, word.isOrdered {
                guard passesTotals || Mutant.unordered.isOn && !word.isControl else { return false }
                let isStable = isStable || Mutant.unstable.isOn
                let isUniform = isUniform || Mutant.notUniform.isOn
                let mayPass = word.isControl ? isUniform : !word.isSafe || isStable && controlsPassed == 0
                if !isFinal, !mayPass {
                    waitsForStability = true
                    standsAtSafe = !word.isControl
                    return false
                }
                if !isFinal, word.isControl { controlsPassed &+= 1 }
            }
            var slice = DataFields.slice(
                bytes, at: offset, word: word, number: first &+ ends, sender: sender,
                isTransitional: isFinal && word.isSafe)
            if word.isWhole {
                indications.batch.keep(packet)
                indications.deliver(slice)
                ends &+= 1
            } else if let whole = reassemble(word, packet, at: offset) {
                slice.start = UnsafeRawPointer(whole.bytes)
                slice.length = UInt32(truncatingIfNeeded: whole.count)
                indications.batch.keep(whole)
                indications.deliver(slice)
                ends &+= 1
            } else if word.isLast {
                ends &+= 1
            }
            offset = next
        }
        return true
    }

    /// The whole message when this was its last fragment.
    private mutating func reassemble(_ word: ItemWord, _ packet: Packet, at item: Int) -> Packet? {
        let offset = item + DataFrame.itemHeaderBytes
        var assembly = word.isControl ? control : data
        if word.isControl { control = Reassembly() } else { data = Reassembly() }
        defer { if word.isControl { control = assembly } else { data = assembly } }
        if word.isFirst {
            if !assembly.begin(packet, offset: offset, length: word.length) { brokenMessages &+= 1 }
            return nil
        }
        if word.isLast {
            let whole = assembly.finish(packet, offset: offset, length: word.length)
            if whole == nil { brokenMessages &+= 1 }
            return whole
        }
        if !assembly.append(packet, offset: offset, length: word.length) { brokenMessages &+= 1 }
        return nil
    }
}

/// Fields of a data frame whose structure was checked.
enum DataFields {
    @inline(__always)
    static func firstMessage(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: DataFrame.firstMessageOffset, as: UInt64.self))
    }
    @inline(__always)
    static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> ItemWord {
        ItemWord(raw: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    @inline(__always)
    static func slice(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, word: ItemWord, number: UInt64, sender: UInt16,
        isTransitional: Bool
    ) -> MessageSlice {
        // `DataFrame.contents` has found the payload within the packet, which does not change.
        guard let base = bytes.baseAddress else { preconditionFailure("a packet has a header") }
        return MessageSlice(
            start: base + (offset &+ DataFrame.itemHeaderBytes), length: UInt32(truncatingIfNeeded: word.length),
            label: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &+ 4, as: UInt32.self)),
            number: number, sender: sender, order: word.order, isControl: word.isControl,
            isTransitional: isTransitional)
    }
}
