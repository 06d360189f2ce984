import GroupModel

/// The names of nodes, for trace lines: each line names its node several times. The identity is a hash already.
struct NodeNames: Sendable {
    private struct Slot: Sendable {
        var node = NodeID(raw: 0)
        /// In `letters`; empty in a slot that is free.
        var place = 0..<0
    }

    private(set) var letters: [UInt8] = []
    /// Open addressing, linear probing, at most half full.
    private var slots = [Slot](repeating: Slot(), count: 16)
    private var count = 0
    /// Bytes of the longest name, or of the hexadecimal digits of a node without one.
    private(set) var longest = 16

    /// Where the name stands in `letters`; nil when it is not known.
    subscript(_ node: NodeID) -> Range<Int>? {
        let place = slots[index(of: node)].place
        return place.isEmpty ? nil : place
    }

    mutating func learn(_ name: String, of node: NodeID) {
        guard !name.isEmpty, self[node] == nil else { return }
        if 2 * (count + 1) > slots.count { grow() }
        let start = letters.count
        letters += name.utf8
        longest = max(longest, letters.count - start)
        slots[index(of: node)] = Slot(node: node, place: start..<letters.count)
        count += 1
    }

    /// The slot of this node, or the free one that it would take.
    private func index(of node: NodeID) -> Int {
        var index = Int(truncatingIfNeeded: node.raw) & (slots.count - 1)
        while !slots[index].place.isEmpty, slots[index].node != node { index = (index + 1) & (slots.count - 1) }
        return index
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: 2 * old.count)
        for slot in old where !slot.place.isEmpty { slots[index(of: slot.node)] = slot }
    }
}
