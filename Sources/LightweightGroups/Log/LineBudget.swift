/// Bounds lines that others can bring about as often as they like.
struct LineBudget {
    /// Lines at once: as many as there are wrong nodes in a cluster that somebody has just set up.
    static let burst = 16
    /// Nanoseconds from one further line to the next: 8,640 lines a day at most.
    static let interval: Int64 = 10_000_000_000

    private var left = LineBudget.burst
    private var refilled: Int64 = 0
    private var leftOut = 0

    /// The line, which says how many were left out before it, or nil: say nothing.
    mutating func line(_ text: String, at now: Int64) -> String? {
        take(at: now).map { $0 == 0 ? text : "\(text) (\($0) such lines before it were left out)" }
    }

    /// Nil: say nothing. Otherwise how many lines were left out since the last one.
    mutating func take(at now: Int64) -> Int? {
        let earned = max(now - refilled, 0) / Self.interval
        if earned >= Int64(Self.burst - left) {
            left = Self.burst
            refilled = now
        } else {
            left += Int(earned)
            refilled += earned * Self.interval
        }
        guard left > 0 else {
            leftOut += 1
            return nil
        }
        left -= 1
        defer { leftOut = 0 }
        return leftOut
    }
}
