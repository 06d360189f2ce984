import GroupModel

/// When I tell whom what I have received.
///
/// A sender hears at once after `acknowledgeEvery` of its packets, which keeps its window open. Everybody hears
/// `acknowledgeDelay` after a change, which is enough to forget what is stable, and at once when somebody may wait for
/// stability (a safe or a control message). Who asks (a probe) is answered.
struct AcknowledgeSchedule: Sendable {
    /// Per member, how much of its own stream it was told that I have.
    private var told: [UInt64]
    private var owed: [Bool]
    private var owesAny = false
    /// When all members are told; `distantFuture` when nothing changed since they were.
    private(set) var deadline: Instant = .distantFuture

    init(members: Int) {
        told = Array(repeating: 0, count: members)
        owed = Array(repeating: false, count: members)
    }

    /// The contiguous part of `rank`'s stream grew to `count`.
    @inline(__always)
    mutating func received(_ rank: Rank, count: UInt64, every: UInt64, delay: Interval, isUrgent: Bool, at now: Instant)
    {
        if isUrgent {
            deadline = now
        } else if deadline == .distantFuture {
            deadline = now + delay
        }
        if count &- told[rank] >= every { owe(rank) }
    }

    /// All members are told now.
    mutating func hurry(at now: Instant) { deadline = now }

    mutating func owe(_ rank: Rank) {
        owed[rank] = true
        owesAny = true
    }

    /// Whether anything is due at `now`.
    @inline(__always)
    func isDue(at now: Instant) -> Bool { owesAny || deadline <= now }

    /// Whom to tell now, in ascending rank.
    mutating func take(at now: Instant, except me: Rank) -> [Rank] {
        let everybody = deadline <= now
        var ranks: [Rank] = []
        ranks.reserveCapacity(everybody ? owed.count : 1)
        for rank in owed.indices where rank != me && (everybody || owed[rank]) { ranks.append(rank) }
        for rank in ranks { owed[rank] = false }
        owesAny = false
        if everybody { deadline = .distantFuture }
        return ranks
    }

    mutating func wasTold(_ rank: Rank, count: UInt64) { told[rank] = count }

    mutating func stop() {
        deadline = .distantFuture
        owesAny = false
        for rank in owed.indices { owed[rank] = false }
    }
}

/// Repairs lost acknowledgements and lost tails: who waits for others to have received something announces its own
/// highest number and asks for theirs, with a growing interval, until they answered. Silent when nobody waits.
struct StabilityProbe: Sendable {
    private(set) var deadline: Instant = .distantFuture
    private var doublings: Int64 = 0

    /// Called whenever what I wait for may have changed: `waits` says whether I do, `progressed` whether others moved.
    mutating func update(waits: Bool, progressed: Bool, interval: Interval, at now: Instant) {
        guard waits else {
            deadline = .distantFuture
            doublings = 0
            return
        }
        if progressed {
            doublings = 0
            deadline = now + interval
        } else if deadline == .distantFuture {
            deadline = now + interval
        } else if doublings == 0, deadline > now + interval {
            deadline = now + interval
        }
    }

    /// A probe left.
    mutating func sent(interval: Interval, at now: Instant) {
        doublings = min(doublings + 1, Int64(MulticastParameters.backOffDoublings))
        deadline = now + interval * (1 << doublings)
    }

    mutating func now(_ now: Instant) { deadline = now }
    mutating func stop() { deadline = .distantFuture }
}
