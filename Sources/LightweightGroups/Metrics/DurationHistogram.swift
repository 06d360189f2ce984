/// How long something took, each time that it happened: counts per upper bound, as Prometheus has them.
public struct DurationHistogram: Sendable, Hashable {
    /// Upper bounds in nanoseconds, from what a flush on one machine needs to the longest that time-outs allow.
    public static let bounds: [Int64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// How many took at most the bound of the same place and more than the one before.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count)
    /// All, those above the last bound too.
    public private(set) var count: UInt64 = 0
    public private(set) var sumNanoseconds: UInt64 = 0

    public init() {}

    mutating func record(_ nanoseconds: Int64) {
        let nanoseconds = max(nanoseconds, 0)
        if let place = Self.bounds.firstIndex(where: { nanoseconds <= $0 }) { counts[place] += 1 }
        count += 1
        sumNanoseconds &+= UInt64(nanoseconds)
    }
}
