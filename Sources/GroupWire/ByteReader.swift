import GroupModel

/// Reads little-endian fields from bytes of unknown origin. Every read is bounded; nothing here traps.
///
/// After the first failed read the reader stays failed and reads zeros, so that a decoder can read a whole
/// message and check `isValid` once.
public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    public private(set) var offset = 0
    public private(set) var isValid = true

    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    public var remaining: Int { bytes.count - offset }
    /// Everything was read and nothing failed.
    public var isComplete: Bool { isValid && remaining == 0 }

    public mutating func fail() { isValid = false; offset = bytes.count }

    @inline(__always)
    public mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { fail(); return 0 }
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
        offset += size
        return T(littleEndian: value)
    }

    public mutating func u8() -> UInt8 { integer() }
    public mutating func u16() -> UInt16 { integer() }
    public mutating func u32() -> UInt32 { integer() }
    public mutating func u64() -> UInt64 { integer() }
    public mutating func bool() -> Bool {
        switch u8() {
        case 0: return false
        case 1: return true
        default: fail(); return false
        }
    }

    public mutating func raw(_ count: Int) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else { fail(); return UnsafeRawBufferPointer(start: nil, count: 0) }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    /// A count that fits both `limit` and what is left, each element taking at least `elementBytes`: checked before
    /// anything is allocated for it.
    public mutating func count(limit: Int, elementBytes: Int) -> Int {
        let value = Int(u32())
        guard value <= limit, value <= remaining / max(elementBytes, 1) else { fail(); return 0 }
        return value
    }

    /// Inlinable like its counterpart: in other modules it would otherwise ask for the element's type at run time.
    @inlinable
    public mutating func array<T>(limit: Int, elementBytes: Int, _ element: (inout Self) -> T) -> [T] {
        let count = count(limit: limit, elementBytes: elementBytes)
        var result: [T] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            result.append(element(&self))
            if !isValid { return [] }
        }
        return result
    }

    /// UTF-8 behind one length byte.
    public mutating func shortString(limit: Int) -> String {
        let length = Int(u8())
        guard length <= limit else { fail(); return "" }
        let raw = raw(length)
        guard isValid, let text = String(validating: raw, as: UTF8.self) else { fail(); return "" }
        return text
    }
}
