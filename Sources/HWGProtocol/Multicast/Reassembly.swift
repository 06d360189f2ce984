import GroupModel

/// The fragments of one message of one sender, in the order of its stream: all or nothing.
///
/// Nothing is allocated by a declared size: it keeps the packets that came, at most `Limits.messageBytes` of payload,
/// and joins them at the last fragment. There is one for data and one for control per sender, so that control
/// messages may pass between the fragments of a large message, and senders cannot mix.
struct Reassembly: Sendable {
    private struct Fragment: Sendable {
        var packet: Packet
        var offset: Int
        var length: Int
    }
    private var fragments: [Fragment] = []
    private var bytes = 0
    private var isOpen = false

    /// False when an earlier message was cut short.
    mutating func begin(_ packet: Packet, offset: Int, length: Int) -> Bool {
        let clean = !isOpen
        reset()
        isOpen = true
        fragments.append(Fragment(packet: packet, offset: offset, length: length))
        bytes = length
        return clean
    }

    /// False when the message is void: nothing was begun, or it grew too large.
    mutating func append(_ packet: Packet, offset: Int, length: Int) -> Bool {
        guard isOpen, bytes + length <= Limits.messageBytes else { reset(); return false }
        fragments.append(Fragment(packet: packet, offset: offset, length: length))
        bytes += length
        return true
    }

    /// The whole message, with its last fragment; nil when it is void.
    mutating func finish(_ packet: Packet, offset: Int, length: Int) -> Packet? {
        guard append(packet, offset: offset, length: length) else { return nil }
        let whole = Packet(capacity: bytes)
        for fragment in fragments {
            (whole.bytes + whole.count).copyMemory(
                from: fragment.packet.bytes + fragment.offset, byteCount: fragment.length)
            whole.count += fragment.length
        }
        reset()
        return whole
    }

    mutating func reset() {
        if !fragments.isEmpty { fragments = [] }
        bytes = 0
        isOpen = false
    }
}
