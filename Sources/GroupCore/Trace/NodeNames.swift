import GroupModel

/// The names of nodes, for trace lines: each line names its node several times. The identity is a hash already.
struct NodeNames: Sendable {
    struct Slot: Sendable {
        var node = NodeID(raw: 0)
        /// In `letters`; nothing in a slot that is free.
        var start = 0
        var count = 0
        /// The first sixteen letters, as they stand in memory: nearly all names are no longer.
        var head: SIMD16<UInt8> = .zero
    }

    /// What a line is written with: good during a call of `reading`.
    struct Reading {
        fileprivate let letters: UnsafeBufferPointer<UInt8>
        fileprivate let slots: UnsafeBufferPointer<Slot>
        let longest: Int

        /// The name's slot; nil when it is not known.
        @inline(__always)
        subscript(_ node: NodeID) -> Slot? {
            let slot = slots[NodeNames.index(of: node, in: slots)]
            return slot.count == 0 ? nil : slot
        }

        func letters(of slot: Slot) -> UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(rebasing: letters[slot.start..<(slot.start + slot.count)])
        }
    }

    private var letters: [UInt8] = []
    /// Open addressing, linear probing, at most half full.
    private var slots = [Slot](repeating: Slot(), count: 16)
    private var count = 0
    /// Bytes of the longest name, or of the hexadecimal digits of a node without one.
    private(set) var longest = 16

    /// Calls `body` with `target` and with the names in place: a copy of them would be counted for each line.
    @inline(__always)
    func reading<Target: ~Copyable>(into target: inout Target, _ body: (Reading, inout Target) -> Void) {
        letters.withUnsafeBufferPointer { letters in
            slots.withUnsafeBufferPointer { slots in
                body(Reading(letters: letters, slots: slots, longest: longest), &target)
            }
        }
    }

    mutating func learn(_ name: String, of node: NodeID) {
        guard !name.isEmpty else { return }
        let index = slots.withUnsafeBufferPointer { Self.index(of: node, in: $0) }
        guard slots[index].count == 0 else { return }
        if 2 * (count + 1) > slots.count { grow() }
        let start = letters.count
        letters += name.utf8
        longest = max(longest, letters.count - start)
        var slot = Slot(node: node, start: start, count: letters.count - start)
        for (place, letter) in name.utf8.prefix(16).enumerated() { slot.head[place] = letter }
        put(slot)
        count += 1
    }

    /// The slot of this node, or the free one that it would take.
    @inline(__always)
    private static func index(of node: NodeID, in slots: UnsafeBufferPointer<Slot>) -> Int {
        var index = Int(truncatingIfNeeded: node.raw) & (slots.count - 1)
        while slots[index].count != 0, slots[index].node != node { index = (index + 1) & (slots.count - 1) }
        return index
    }

    private mutating func put(_ slot: Slot) {
        let index = slots.withUnsafeBufferPointer { Self.index(of: slot.node, in: $0) }
        slots[index] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: 2 * old.count)
        for slot in old where slot.count != 0 { put(slot) }
    }
}
