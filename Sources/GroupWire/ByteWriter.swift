import GroupModel

/// Writes little-endian fields. The counterpart of `ByteReader`.
public struct ByteWriter {
    public private(set) var bytes: [UInt8] = []
    public init(reserving capacity: Int = 64) { bytes.reserveCapacity(capacity) }

    @inline(__always)
    public mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        let size = MemoryLayout<T>.size
        bytes.append(addingCapacity: size) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                UnsafeMutableRawBufferPointer(buffer).storeBytes(of: value.littleEndian, as: T.self)
                count = size
            }
        }
    }
    public mutating func u8(_ value: UInt8) { bytes.append(value) }
    public mutating func u16(_ value: UInt16) { integer(value) }
    public mutating func u32(_ value: UInt32) { integer(value) }
    public mutating func u64(_ value: UInt64) { integer(value) }
    public mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }
    public mutating func raw(_ source: UnsafeRawBufferPointer) { bytes.append(contentsOf: source) }
    public mutating func raw(_ source: [UInt8]) { bytes.append(contentsOf: source) }

    @inlinable
    public mutating func array<T>(_ elements: some Collection<T>, _ element: (inout Self, T) -> Void) {
        u32(UInt32(elements.count))
        for each in elements { element(&self, each) }
    }

    /// UTF-8 behind one length byte; the caller has checked that it fits.
    public mutating func shortString(_ text: String) {
        let utf8 = Array(text.utf8)
        precondition(utf8.count <= 255, "a short string has at most 255 bytes")
        u8(UInt8(utf8.count))
        raw(utf8)
    }

    /// Overwrites a field written before.
    public mutating func patch<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { source in
            for index in 0..<source.count { bytes[offset + index] = source[index] }
        }
    }
}
