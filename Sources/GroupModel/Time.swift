/// A point of the monotonic clock, in nanoseconds since an arbitrary start. Time is an input of the cores.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public static let zero = Instant(nanoseconds: 0)
    public static let distantFuture = Instant(nanoseconds: .max)
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
    public static func + (lhs: Self, rhs: Interval) -> Self {
        let (sum, overflow) = lhs.nanoseconds.addingReportingOverflow(rhs.nanoseconds)
        return overflow ? .distantFuture : Self(nanoseconds: sum)
    }
    public static func - (lhs: Self, rhs: Self) -> Interval {
        Interval(nanoseconds: lhs.nanoseconds &- rhs.nanoseconds)
    }
    /// The earlier of two deadlines that may not exist; one in the distant future does not.
    public static func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
        guard let other, other < one ?? .distantFuture else { return one }
        return other
    }
}

/// A span of time in nanoseconds. `Duration` is twice as wide and several times slower, which the data path would feel.
public struct Interval: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public static func microseconds(_ count: Int64) -> Self { Self(nanoseconds: count * 1_000) }
    public static func milliseconds(_ count: Int64) -> Self { Self(nanoseconds: count * 1_000_000) }
    public static func seconds(_ count: Int64) -> Self { Self(nanoseconds: count * 1_000_000_000) }
    public static let zero = Interval(nanoseconds: 0)
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
    public static func + (lhs: Self, rhs: Self) -> Self { Self(nanoseconds: lhs.nanoseconds &+ rhs.nanoseconds) }
    public static func * (lhs: Self, rhs: Int64) -> Self { Self(nanoseconds: lhs.nanoseconds &* rhs) }
    public static func / (lhs: Self, rhs: Int64) -> Self { Self(nanoseconds: lhs.nanoseconds / rhs) }
}

/// SplitMix64: the seeded generator that the cores use, so that the same seed gives the same transcript.
public struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }
    /// The seed of a generator that goes on as this one does.
    public var seed: UInt64 { state }
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
    /// Uniform in `0..<bound` to within 2⁻³²; `bound` must be positive.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    public mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) / 9_007_199_254_740_992 < probability
    }
}
