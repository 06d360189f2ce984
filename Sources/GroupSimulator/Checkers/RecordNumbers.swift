import GroupModel

/// What a table of dense numbers can look up: compared whole, spread by its own hash. The worlds are the machine's own, so a flood
/// of collisions is no concern.
protocol NumberedKey: Equatable {
    var spread: UInt64 { get }
}

/// Gives equal keys equal dense numbers, in the order in which they come first.
struct DenseNumbers<Key: NumberedKey> {
    private var keys: [Key] = []
    /// Open addressing, linear probing; -1 is empty. At most half full.
    private var slots = [Int32](repeating: -1, count: 64)

    var count: Int { keys.count }

    /// The key's number, and whether it is new.
    @inline(__always)
    mutating func number(of key: Key) -> (index: Int, isNew: Bool) {
        var slot = Self.slot(key, slots.count)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if keys[index] == key { return (index, false) }
            slot = (slot + 1) & (slots.count - 1)
        }
        add(key, at: slot)
        return (keys.count - 1, true)
    }

    @inline(never)
    private mutating func add(_ key: Key, at slot: Int) {
        slots[slot] = Int32(truncatingIfNeeded: keys.count)
        keys.append(key)
        guard keys.count * 2 > slots.count else { return }
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for index in keys.indices {
            var slot = Self.slot(keys[index], slots.count)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: index)
        }
    }

    @inline(__always)
    private static func slot(_ key: Key, _ count: Int) -> Int {
        let hash = key.spread &* 0xFF51_AFD7_ED55_8CCD
        return Int(truncatingIfNeeded: hash >> 32) & (count - 1)
    }
}

/// From the names in trace records to the numbers in a history, without the texts in between.
struct RecordNumbers {
    struct MemberKey: NumberedKey {
        let member: MemberID
        /// Zero for a node.
        let high: UInt64
        let low: UInt64

        @inline(__always)
        init(_ member: TraceMember) {
            switch member {
            case .node(let id): (self.member, high, low) = (id, 0, 0)
            case .endpoint(let id): (self.member, high, low) = (id.member, id.name.high, id.name.low)
            }
        }

        @inline(__always)
        var spread: UInt64 {
            member.node.raw ^ UInt64(member.incarnation) &* 0x9E37_79B9_7F4A_7C15 ^ high &* 0xC4CE_B9FE_1A85_EC53 ^ low
        }
    }

    struct GroupKey: NumberedKey {
        let name: String

        var spread: UInt64 {
            var hash: UInt64 = 0
            for byte in name.utf8 { hash = hash &* 0x100_0000_01B3 ^ UInt64(byte) }
            return hash
        }
    }

    struct HeavyKey: NumberedKey {
        let id: HWGID
        var spread: UInt64 { id.high ^ id.low &* 0x9E37_79B9_7F4A_7C15 }
    }

    struct ViewKey: NumberedKey {
        let group: Int32
        let id: ViewID

        @inline(__always)
        var spread: UInt64 {
            id.epoch ^ id.coordinator.node.raw ^ UInt64(id.coordinator.incarnation) << 40
                ^ UInt64(truncatingIfNeeded: group) << 20
        }
    }

    struct ListKey: NumberedKey {
        let members: [Int32]
        var spread: UInt64 { members.reduce(0) { $0 &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: $1) } }
    }

    var names: [NodeID: String] = [:]
    var members = DenseNumbers<MemberKey>()
    var groups = DenseNumbers<GroupKey>()
    var heavyGroups = DenseNumbers<HeavyKey>()
    var views = DenseNumbers<ViewKey>()
    var lists = DenseNumbers<ListKey>()
    // From a number here to the number in the history.
    var memberOf: [Int32] = []
    var groupOf: [Int32] = []
    var heavyGroupOf: [Int32] = []
    var viewOf: [Int32] = []
    var listOf: [Int32] = []
}
