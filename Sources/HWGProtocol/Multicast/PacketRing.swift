import GroupModel

/// The packets of one stream by number, in a ring that holds a window of them.
///
/// Empty until the first packet, so that silent members cost nothing.
struct PacketRing: Sendable {
    private struct Slot: Sendable {
        var packet: Packet?
        var number: UInt64 = 0
        var contents = PacketContents(kinds: [], messages: 0)
    }
    private var slots: [Slot] = []
    private(set) var capacity: UInt64

    /// `capacity` is a power of two.
    init(capacity: Int) { self.capacity = UInt64(capacity) }

    @inline(__always)
    private func index(_ number: UInt64) -> Int { Int(truncatingIfNeeded: number & (capacity &- 1)) }

    @inline(__always)
    func holds(_ number: UInt64) -> Bool {
        guard !slots.isEmpty else { return false }
        let slot = index(number)
        return slots[slot].number == number && slots[slot].packet != nil
    }

    @inline(__always)
    func packet(_ number: UInt64) -> Packet? {
        guard !slots.isEmpty else { return nil }
        let slot = index(number)
        return slots[slot].number == number ? slots[slot].packet : nil
    }

    @inline(__always)
    func contents(_ number: UInt64) -> PacketContents {
        guard !slots.isEmpty else { return PacketContents(kinds: [], messages: 0) }
        return slots[index(number)].contents
    }

    /// Replaces what was `capacity` before: the caller has seen to it that it is delivered and that only suspects lack it.
    @inline(__always)
    mutating func store(_ packet: Packet, number: UInt64, contents: PacketContents) {
        if slots.isEmpty { slots = Array(repeating: Slot(), count: Int(capacity)) }
        slots[index(number)] = Slot(packet: packet, number: number, contents: contents)
    }

    @inline(__always)
    mutating func remove(_ number: UInt64) {
        guard !slots.isEmpty else { return }
        let slot = index(number)
        if slots[slot].number == number { slots[slot].packet = nil }
    }

    /// Doubles until `count` consecutive packets fit. Keeps what is held.
    mutating func grow(toHold count: UInt64) {
        guard count > capacity else { return }
        var wanted = capacity
        while wanted < count { wanted *= 2 }
        let old = slots
        capacity = wanted
        slots = old.isEmpty ? [] : Array(repeating: Slot(), count: Int(wanted))
        for slot in old where slot.packet != nil { slots[index(slot.number)] = slot }
    }
}
