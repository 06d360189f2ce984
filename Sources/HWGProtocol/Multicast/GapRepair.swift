import GroupModel

/// When to ask for the packets of one stream that are known to exist and have not come.
struct GapRepair: Sendable, Hashable {
    /// The highest packet that is known to exist: seen, or named by an acknowledgement or a cut.
    private(set) var known: UInt64 = 0
    /// When the next request is due; `distantFuture` when nothing is missing.
    private(set) var askAt: Instant = .distantFuture
    /// The last packet that the last request named.
    private var askedThrough: UInt64 = 0
    /// Requests since the last one that was answered.
    private(set) var attempts = 0

    /// A packet beyond the contiguous ones exists. It may be a reordering, so `delay` is waited: little when a later
    /// packet of the same path says so, longer when a third member does.
    @inline(__always)
    mutating func exists(_ number: UInt64, contiguous: UInt64, at now: Instant, delay: Interval) {
        known = max(known, number)
        // Also when it was known before: a packet that came while there was no place for it must be asked for again.
        guard number > contiguous else { return }
        if askAt == .distantFuture {
            askAt = now + delay
            attempts = 0
            askedThrough = 0
        } else if attempts == 0, now + delay < askAt {
            askAt = now + delay
        }
    }

    /// The stream's contiguous part grew.
    @inline(__always)
    mutating func advanced(to contiguous: UInt64, at now: Instant) {
        guard askAt != .distantFuture else { return }
        if contiguous >= known {
            askAt = .distantFuture
            attempts = 0
        } else if attempts > 0, contiguous >= askedThrough {
            // All that was asked for came, so the path works: ask for the next at once.
            askAt = now
            attempts = 0
        }
    }

    /// A request that names packets up to `last` leaves now.
    mutating func asked(through last: UInt64, at now: Instant, interval: Interval) {
        askedThrough = last
        askAt = now + interval * (1 << Int64(min(attempts, MulticastParameters.backOffDoublings)))
        attempts += 1
    }

    /// A cut names all packets up to `number`, and no other.
    mutating func fill(through number: UInt64, contiguous: UInt64, at now: Instant) {
        known = number
        attempts = 0
        askedThrough = 0
        askAt = contiguous < number ? now : .distantFuture
    }

    /// Nothing more is asked for, until it is heard of again.
    mutating func stop() { askAt = .distantFuture }
}
