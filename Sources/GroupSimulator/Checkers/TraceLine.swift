/// The fields that the checkers know, of one line of a trace.
enum TraceField: Int, CaseIterable {
    // In the order in which lines are written.
    case ev, t, p, g, m, vid, order, members, prev, trans, to, primary, unchanged, hwg, hvid, component

    /// By field.
    fileprivate static let names: [(packed: UInt64, count: Int)] = allCases.map { field in
        let name = Array(String(describing: field).utf8)
        return name.withUnsafeBytes { (Self.pack($0, from: 0, to: $0.count), $0.count) }
    }

    /// The first eight bytes; with the length they tell all names of fields apart.
    @inline(__always)
    fileprivate static func pack(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> UInt64 {
        if start + 8 <= bytes.count, start < end {
            let word = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            return word >> UInt64(8 * max(8 - (end - start), 0))
        }
        var packed: UInt64 = 0
        for index in start..<end { packed = packed << 8 | UInt64(bytes[index]) }
        return packed
    }
}

/// One JSON object, read once from left to right: no nesting but arrays, which stay text. Unknown fields are passed
/// over. Values are offsets into the line.
struct TraceLine {
    enum Kind: UInt8 { case absent, string, escaped, number, yes, no, null, array, other }
    struct Value {
        var kind = Kind.absent
        /// For strings without the quotation marks, for arrays with the brackets.
        var start = 0
        var end = 0
    }

    /// By field.
    private var values = InlineArray<16, Value>(repeating: Value())
    private let names = TraceField.names
    /// The field behind the one that was read last: nearly always the next one.
    private var expected = 0
    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    private var offset = 0

    /// Deeper nesting than any future field needs is taken for a wrong line.
    private static let depthLimit = 16

    subscript(_ field: TraceField) -> Value { values[field.rawValue] }

    func slice(_ value: Value) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[value.start..<value.end])
    }

    /// False when the line is not one JSON object. The values are good as long as `line` is.
    mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        for index in values.indices { values[index].kind = .absent }
        bytes = line
        offset = 0
        expected = 0
        guard next() == UInt8(ascii: "{") else { return false }
        offset += 1
        if next() == UInt8(ascii: "}") {
            offset += 1
            return next() == nil
        }
        while true {
            guard next() == UInt8(ascii: "\""), let key = string(), key.kind == .string else { return false }
            guard next() == UInt8(ascii: ":") else { return false }
            offset += 1
            guard let value = value(depth: 0) else { return false }
            keep(value, of: key)
            switch next() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "}"):
                offset += 1
                return next() == nil
            default: return false
            }
        }
    }

    @inline(__always)
    private mutating func keep(_ value: Value, of key: Value) {
        let packed = TraceField.pack(bytes, from: key.start, to: key.end)
        var field = expected
        for _ in names.indices {
            if field == names.count { field = 0 }
            if names[field].packed == packed, names[field].count == key.end - key.start {
                values[field] = value
                expected = field + 1
                return
            }
            field += 1
        }
    }

    /// The strings of an array, as slices without quotation marks; nil when it holds anything else.
    static func strings(_ array: UnsafeRawBufferPointer) -> [Value]? {
        var reader = TraceLine()
        reader.bytes = array
        reader.offset = 1
        var result: [Value] = []
        if reader.next() == UInt8(ascii: "]") { return result }
        while true {
            guard let value = reader.value(depth: 0), value.kind == .string else { return nil }
            result.append(value)
            switch reader.next() {
            case UInt8(ascii: ","): reader.offset += 1
            case UInt8(ascii: "]"): return result
            default: return nil
            }
        }
    }

    /// The next byte that is not white space, not taken.
    @inline(__always)
    private mutating func next() -> UInt8? {
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return byte
            }
        }
        return nil
    }

    private mutating func value(depth: Int) -> Value? {
        guard let first = next(), depth <= Self.depthLimit else { return nil }
        switch first {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "["): return nested(closing: UInt8(ascii: "]"), kind: .array, depth: depth)
        case UInt8(ascii: "{"): return nested(closing: UInt8(ascii: "}"), kind: .other, depth: depth)
        case UInt8(ascii: "t"): return word("true", .yes)
        case UInt8(ascii: "f"): return word("false", .no)
        case UInt8(ascii: "n"): return word("null", .null)
        default: return number()
        }
    }

    @inline(__always)
    private mutating func string() -> Value? {
        let start = offset + 1
        var kind = Kind.string
        var scan = start
        while let place = bytes.firstQuoteOrSlash(from: scan) {
            if bytes[place] == UInt8(ascii: "\"") {
                offset = place + 1
                return Value(kind: kind, start: start, end: place)
            }
            kind = .escaped
            scan = place + 2
        }
        return nil
    }

    private mutating func nested(closing: UInt8, kind: Kind, depth: Int) -> Value? {
        let start = offset
        offset += 1
        if next() == closing {
            offset += 1
            return Value(kind: kind, start: start, end: offset)
        }
        while true {
            if kind == .other {
                guard next() == UInt8(ascii: "\""), string() != nil, next() == UInt8(ascii: ":") else { return nil }
                offset += 1
            }
            guard value(depth: depth + 1) != nil else { return nil }
            switch next() {
            case UInt8(ascii: ","): offset += 1
            case closing:
                offset += 1
                return Value(kind: kind, start: start, end: offset)
            default: return nil
            }
        }
    }

    private mutating func word(_ text: StaticString, _ kind: Kind) -> Value? {
        let start = offset
        let end = start + text.utf8CodeUnitCount
        guard end <= bytes.count,
            UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                .elementsEqualBytes(text.bytes)
        else { return nil }
        offset = end
        return Value(kind: kind, start: start, end: end)
    }

    private mutating func number() -> Value? {
        let start = offset
        scan: while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                offset += 1
            default: break scan
            }
        }
        return offset > start ? Value(kind: .number, start: start, end: offset) : nil
    }
}

extension UnsafeRawBufferPointer {
    /// The offset of the first quotation mark or reverse solidus at or after `start`, eight bytes at a time.
    fileprivate func firstQuoteOrSlash(from start: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var offset = start
        while offset + 8 <= count {
            let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            // A byte that is zero here is one of them there; the lowest bit that is set belongs to the first.
            let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let slash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let found = ((quote &- ones) & ~quote | (slash &- ones) & ~slash) & (ones << 7)
            if found != 0 { return offset + found.trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < count {
            if self[offset] == UInt8(ascii: "\"") || self[offset] == UInt8(ascii: "\\") { return offset }
            offset += 1
        }
        return nil
    }

    /// All of the bytes as a decimal number; nil when there is another byte or it does not fit.
    func decimal() -> UInt64? {
        guard !isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in self {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, high) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            if high || carry { return nil }
            value = sum
        }
        return value
    }

    /// The string with JSON's escapes replaced; nil when one is wrong.
    func unescaped() -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var high: UInt32?
        var index = 0
        while index < count {
            let byte = self[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                guard high == nil else { return nil }
                result.append(byte)
                continue
            }
            guard index < count else { return nil }
            let escape = self[index]
            index += 1
            guard escape == UInt8(ascii: "u") else {
                guard high == nil, let plain = Self.plain(escape) else { return nil }
                result.append(plain)
                continue
            }
            guard index + 4 <= count,
                let unit = UInt32(String(decoding: self[index..<(index + 4)], as: UTF8.self), radix: 16)
            else { return nil }
            index += 4
            if let lead = high {
                guard (0xDC00..<0xE000).contains(unit),
                    let scalar = Unicode.Scalar(0x10000 + (lead - 0xD800) << 10 + (unit - 0xDC00))
                else { return nil }
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                high = nil
            } else if (0xD800..<0xDC00).contains(unit) {
                high = unit
            } else {
                guard let scalar = Unicode.Scalar(unit) else { return nil }
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return high == nil ? result : nil
    }

    private static func plain(_ escape: UInt8) -> UInt8? {
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: nil
        }
    }
}
