import GroupModel

/// Data of LWG views that are not installed here yet: at most two views ahead, or of an HWG view whose tables are awaited.
struct EarlyStore: Sendable {
    /// A message and its own copy of its bytes.
    struct Message: Sendable {
        let packet: Packet
        let label: UInt32
        let number: UInt64
        let sender: UInt16
        let order: Order
        let isTransitional: Bool

        init(copying slice: MessageSlice) {
            packet = Packet(copying: slice.bytes)
            label = slice.label
            number = slice.number
            sender = slice.sender
            order = slice.order
            isTransitional = slice.isTransitional
        }

        /// Valid while `packet` lives.
        var slice: MessageSlice {
            MessageSlice(
                start: UnsafeRawPointer(packet.bytes), length: UInt32(truncatingIfNeeded: packet.count), label: label,
                number: number, sender: sender, order: order, isControl: false, isTransitional: isTransitional)
        }
    }

    enum Content: Sendable {
        case message(Message)
        case direct(from: MemberID, number: UInt64, bytes: [UInt8])
    }

    private(set) var items: [Content] = []
    private var bytes = 0
    /// Numbers of LWGs that lost a message while tables were awaited, or before the record that creates them: wire numbers
    /// all, so that the table's bound is theirs.
    private(set) var overflowed: Set<Int> = []

    var isEmpty: Bool { items.isEmpty && overflowed.isEmpty }

    /// False when the bound is reached; then nothing was kept. The bytes are copied.
    mutating func keep(_ slice: MessageSlice, _ limits: LWGLimits) -> Bool {
        guard hasRoom(for: Int(slice.length), limits) else { return false }
        items.append(.message(Message(copying: slice)))
        return true
    }

    mutating func keep(direct bytes: [UInt8], from: MemberID, number: UInt64, _ limits: LWGLimits) -> Bool {
        guard hasRoom(for: bytes.count, limits) else { return false }
        items.append(.direct(from: from, number: number, bytes: bytes))
        return true
    }

    private mutating func hasRoom(for length: Int, _ limits: LWGLimits) -> Bool {
        guard items.count < limits.earlyMessages, bytes + length <= limits.earlyBytes else { return false }
        bytes += length
        return true
    }

    mutating func overflowed(_ number: Int) { overflowed.insert(number) }

    /// Everything, in order of arrival, to be looked at again.
    mutating func takeAll() -> EarlyStore {
        defer { self = EarlyStore() }
        return self
    }
}
