// The bytes of JSON.
extension TraceLineWriter {
    @inline(__always)
    mutating func field(_ name: StaticString) {
        text(",\"")
        text(name)
        text("\":")
    }

    mutating func flag(_ name: StaticString, _ value: Bool) {
        field(name)
        if value { text("true") } else { text("false") }
    }

    mutating func quote() { byte(UInt8(ascii: "\"")) }

    @inline(__always)
    mutating func byte(_ byte: UInt8) { take(1).pointee = byte }

    /// Inlined, so that the length is known where it is copied.
    @inline(__always)
    mutating func text(_ text: StaticString) {
        take(text.utf8CodeUnitCount).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    mutating func copy(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        take(bytes.count).update(from: source, count: bytes.count)
    }

    /// RFC 8259: quotation marks, reverse solidi and controls are escaped; everything else stays UTF-8.
    mutating func escaped(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            if isPlain { return copy(bytes) }
            for byte in bytes { escaped(byte) }
        }
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            self.byte(UInt8(ascii: "\\"))
            self.byte(byte)
        case UInt8(ascii: "\n"): text("\\n")
        case UInt8(ascii: "\r"): text("\\r")
        case UInt8(ascii: "\t"): text("\\t")
        case 0..<0x20:
            text("\\u00")
            digit(byte >> 4)
            digit(byte & 15)
        default: self.byte(byte)
        }
    }

    mutating func number(_ value: Int64) {
        if value < 0 { byte(UInt8(ascii: "-")) }
        number(value.magnitude)
    }

    mutating func number(_ value: UInt64) {
        if value < 10 { return byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
        var digits = 2
        var bound: UInt64 = 100
        while digits < 20, value >= bound {
            digits += 1
            bound &*= 10
        }
        let target = take(digits)
        var rest = value
        var place = digits
        // Two at a time: each division waits for the one before.
        while rest >= 10 {
            let (hundreds, pair) = rest.quotientAndRemainder(dividingBy: 100)
            place -= 2
            target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair / 10)
            target[place + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair % 10)
            rest = hundreds
        }
        if place > 0 { target[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
    }

    mutating func hexadecimal(_ value: UInt64) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            digit(UInt8(truncatingIfNeeded: value >> shift) & 15)
        }
    }

    mutating func digit(_ value: UInt8) {
        byte(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
    }
}
