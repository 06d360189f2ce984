/// Gives equal byte strings equal dense numbers. A million lines name the same few members, groups and views, so
/// that everything behind the reader compares integers.
struct ByteInterner {
    private var arena: [UInt8] = []
    private var ends: [Int] = [0]
    private(set) var hashes: [UInt64] = []
    /// Open addressing, linear probing; -1 is empty. At most half full.
    private var slots = [Int32](repeating: -1, count: 64)

    var count: Int { hashes.count }

    /// The number of these bytes, and whether they are new.
    mutating func intern(_ bytes: UnsafeRawBufferPointer) -> (index: Int, isNew: Bool) {
        let hash = Self.hash(bytes)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if hashes[index] == hash && equals(index, bytes) { return (index, false) }
            slot = (slot + 1) & (slots.count - 1)
        }
        let index = count
        arena.append(contentsOf: bytes)
        ends.append(arena.count)
        hashes.append(hash)
        slots[slot] = Int32(truncatingIfNeeded: index)
        if count * 2 > slots.count { grow() }
        return (index, true)
    }

    mutating func intern(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { intern(UnsafeRawBufferPointer($0)).index }
    }

    func string(_ index: Int) -> String { String(decoding: arena[ends[index]..<ends[index + 1]], as: UTF8.self) }

    private func equals(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let start = ends[index]
        guard ends[index + 1] - start == bytes.count else { return false }
        return arena.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[start..<(start + bytes.count)]) }
            .elementsEqualBytes(bytes)
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for index in 0..<count {
            var slot = Int(truncatingIfNeeded: hashes[index]) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: index)
        }
    }

    /// Eight bytes at a time; traces come from the machine's own processes, so a flood of collisions is no concern.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset + 8 <= bytes.count {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash >> 32
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        hash = (hash ^ rest) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 29)
    }
}

/// Gives equal pairs of integers equal dense numbers.
struct PairInterner {
    private(set) var keys: [(UInt64, UInt64)] = []
    private var slots = [Int32](repeating: -1, count: 64)

    var count: Int { keys.count }

    mutating func intern(_ first: UInt64, _ second: UInt64) -> (index: Int, isNew: Bool) {
        var slot = Self.slot(first, second, slots.count)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if keys[index].0 == first && keys[index].1 == second { return (index, false) }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(truncatingIfNeeded: count)
        keys.append((first, second))
        if count * 2 > slots.count { grow() }
        return (count - 1, true)
    }

    func find(_ first: UInt64, _ second: UInt64) -> Int? {
        var slot = Self.slot(first, second, slots.count)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if keys[index].0 == first && keys[index].1 == second { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for index in 0..<count {
            var slot = Self.slot(keys[index].0, keys[index].1, slots.count)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: index)
        }
    }

    private static func slot(_ first: UInt64, _ second: UInt64, _ count: Int) -> Int {
        var hash = (first &* 0x9E37_79B9_7F4A_7C15) ^ second
        hash = (hash ^ (hash >> 32)) &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 29
        return Int(truncatingIfNeeded: hash) & (count - 1)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension StaticString {
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}

extension UnsafeRawBufferPointer {
    /// The offset of `byte` at or after `start`.
    func firstOffset(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(byte), count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Two slices of equal length hold the same bytes.
    func elementsEqualBytes(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, count) == 0
    }
}
