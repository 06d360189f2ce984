import GroupModel
import GroupWire
import Testing

@Suite struct ByteReaderTests {
    private func reading<Value>(_ bytes: [UInt8], _ read: (inout ByteReader) -> Value) -> (Value, ByteReader) {
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            return (read(&reader), reader)
        }
    }

    @Test func `integers are little-endian and come back`() {
        var writer = ByteWriter()
        writer.u8(1)
        writer.u16(0x0203)
        writer.u32(0x0405_0607)
        writer.u64(0x0809_0A0B_0C0D_0E0F)
        writer.bool(true)
        #expect(writer.bytes == [1, 3, 2, 7, 6, 5, 4, 0x0F, 0x0E, 0x0D, 0x0C, 0x0B, 0x0A, 9, 8, 1])
        let (values, reader) = reading(writer.bytes) { ($0.u8(), $0.u16(), $0.u32(), $0.u64(), $0.bool()) }
        #expect(values == (1, 0x0203, 0x0405_0607, 0x0809_0A0B_0C0D_0E0F, true))
        #expect(reader.isComplete)
    }

    @Test func `a reader that failed once reads zeros for ever`() {
        let (values, reader) = reading([1, 2, 3]) { ($0.u16(), $0.u32(), $0.u8(), $0.raw(1).count) }
        #expect(values == (0x0201, 0, 0, 0))
        #expect(!reader.isValid)
        #expect(!reader.isComplete)
    }

    @Test(arguments: [0, 1, 2, 3, 127, 128, 255] as [UInt8])
    func `only 0 and 1 are truth values`(_ byte: UInt8) {
        let (value, reader) = reading([byte]) { $0.bool() }
        #expect(value == (byte == 1))
        #expect(reader.isValid == (byte <= 1))
    }

    @Test func `raw bytes are never beyond the end, nor a negative number`() {
        #expect(reading([1, 2]) { $0.raw(3).count }.1.isValid == false)
        #expect(reading([1, 2]) { $0.raw(-1).count }.1.isValid == false)
        #expect(reading([1, 2]) { $0.raw(.max).count }.1.isValid == false)
        #expect(reading([1, 2]) { $0.raw(2).count }.1.isComplete)
    }

    /// K3: a declared count is checked against the limit and the bytes that are there, before anything is allocated.
    @Test(
        arguments: [(0, true), (1, true), (2, true), (3, false), (5, false), (UInt32.max, false)] as [(UInt32, Bool)])
    func `a count fits its limit and what is left`(_ count: UInt32, _ isGood: Bool) {
        var writer = ByteWriter()
        writer.u32(count)
        writer.u64(1)
        writer.u64(2)
        let (values, reader) = reading(writer.bytes) { $0.array(limit: 4, elementBytes: 8) { $0.u64() } }
        #expect(reader.isValid == isGood)
        #expect(values == (isGood ? Array([1, 2].prefix(Int(count))) : []))
    }

    @Test func `a count above its limit fails though the bytes are there`() {
        var writer = ByteWriter()
        writer.array([1, 2, 3]) { $0.u8($1) }
        #expect(reading(writer.bytes) { $0.array(limit: 2, elementBytes: 1) { $0.u8() } }.0.isEmpty)
        #expect(reading(writer.bytes) { $0.array(limit: 3, elementBytes: 0) { $0.u8() } }.0 == [1, 2, 3])
    }

    @Test func `an array whose elements end early is empty`() {
        let (values, reader) = reading([2, 0, 0, 0, 1, 0, 0, 0]) { $0.array(limit: 9, elementBytes: 1) { $0.u32() } }
        #expect(values.isEmpty)
        #expect(!reader.isValid)
    }

    @Test func `short strings are valid UTF-8 within their limit`() {
        var writer = ByteWriter()
        writer.shortString("é🙂")
        #expect(reading(writer.bytes) { $0.shortString(limit: 6) }.0 == "é🙂")
        #expect(!reading(writer.bytes) { $0.shortString(limit: 5) }.1.isValid)
        #expect(!reading([2, 0xC3, 0x28]) { $0.shortString(limit: 9) }.1.isValid)
        #expect(!reading([2, 0x61]) { $0.shortString(limit: 9) }.1.isValid)
        #expect(reading([0]) { $0.shortString(limit: 0) }.0 == "")
    }

    @Test func `a field is patched in place`() {
        var writer = ByteWriter()
        writer.u32(0)
        writer.u8(9)
        writer.patch(UInt32(0x0102_0304), at: 0)
        #expect(writer.bytes == [4, 3, 2, 1, 9])
    }
}
