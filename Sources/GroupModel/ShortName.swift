/// A name of 1 to 15 bytes of `[A-Za-z0-9_.-]`, kept inline: comparing, hashing and copying it never allocates.
///
/// Endpoints and heavyweight groups are named so. The bound is what fits beside a length byte in two words.
public struct ShortName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public static let maximumBytes = 15

    /// The first eight bytes, most significant first, zero-filled.
    public let high: UInt64
    /// The next seven bytes, then the length in the lowest byte.
    public let low: UInt64

    /// Nil when the text is empty, longer than 15 bytes, or has another character than `[A-Za-z0-9_.-]`.
    public init?(_ text: some StringProtocol) {
        self.init(bytes: Array(text.utf8))
    }

    public init?(bytes: some Collection<UInt8>) {
        guard (1...Self.maximumBytes).contains(bytes.count) else { return nil }
        var high: UInt64 = 0
        var low = UInt64(bytes.count)
        for (index, byte) in bytes.enumerated() {
            guard Self.allows(byte) else { return nil }
            if index < 8 {
                high |= UInt64(byte) << UInt64(56 - 8 * index)
            } else {
                low |= UInt64(byte) << UInt64(56 - 8 * (index - 8))
            }
        }
        self.high = high
        self.low = low
    }

    /// From two words of a packet; nil unless they are what `init(bytes:)` would have made.
    public init?(high: UInt64, low: UInt64) {
        let count = Int(low & 0xFF)
        guard (1...Self.maximumBytes).contains(count) else { return nil }
        for index in 0..<Self.maximumBytes {
            let byte = Self.byte(at: index, high, low)
            guard index < count ? Self.allows(byte) : byte == 0 else { return nil }
        }
        self.high = high
        self.low = low
    }

    public static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }

    private static func byte(at index: Int, _ high: UInt64, _ low: UInt64) -> UInt8 {
        let word = index < 8 ? high : low
        return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
    }

    public var utf8: [UInt8] {
        (0..<Int(low & 0xFF)).map { Self.byte(at: $0, high, low) }
    }

    public var description: String { String(decoding: utf8, as: UTF8.self) }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.high != rhs.high ? lhs.high < rhs.high : lhs.low < rhs.low
    }
}
