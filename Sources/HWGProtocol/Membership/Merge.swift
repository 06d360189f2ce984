import GroupModel

/// What a coordinator keeps to bring views of one group together.
///
/// ▸ Only the side lower in (primary, view ID) asks, and the asked side leads, one merge at a time. Sides enter from a
/// view of exactly their own members. Failed merges back off per pair.
struct Merge: Hashable, Sendable {
    /// Sides that asked me to lead, until the next round takes them in.
    private(set) var sides: [Side] = []
    private(set) var asked: Asked?
    private var rests: [Rest] = []

    struct Asked: Hashable, Sendable {
        var leader: MemberID
        var since: Instant
        /// The leader was busy: ask again from then on.
        var retryAt: Instant
    }

    private struct Rest: Hashable, Sendable {
        var leader: MemberID
        var until: Instant
        var failures: Int64
    }

    /// Pairs that are remembered: as many as sides could exist at once.
    private static let restLimit = Limits.mergeSides
    private static let shortestRest = Interval.milliseconds(50)
    private static let longestRest = Interval.seconds(5)

    mutating func viewInstalled() {
        sides = []
        asked = nil
        rests = []
    }

    mutating func memberFailed(_ member: MemberID) {
        sides.removeAll { $0.participants.contains(member) }
        if asked?.leader == member { asked = nil }
    }

    mutating func add(_ side: Side) {
        sides.removeAll { old in old.participants.contains { side.previous.members.contains($0) } }
        sides.append(side)
    }

    mutating func dropSides() { sides = [] }

    mutating func keep(_ isMeant: (Side) -> Bool) { sides.removeAll { !isMeant($0) } }

    func mayAsk(_ leader: MemberID, at now: Instant) -> Bool {
        asked == nil && rests.allSatisfy { $0.leader != leader || $0.until <= now }
    }

    mutating func ask(_ leader: MemberID, at now: Instant) {
        asked = Asked(leader: leader, since: now, retryAt: now)
    }

    /// The leader is in a flush. `jitter` keeps several askers apart.
    mutating func askLater(at now: Instant, jitter: Interval) {
        asked?.retryAt = now + jitter
    }

    mutating func giveUp(at now: Instant) {
        guard let leader = asked?.leader else { return }
        asked = nil
        let failures = min(rests.first { $0.leader == leader }?.failures ?? 0, 8)
        rests.removeAll { $0.leader == leader }
        if rests.count >= Self.restLimit { rests.removeFirst() }
        let rest = min(Self.shortestRest * (1 << failures), Self.longestRest)
        rests.append(Rest(leader: leader, until: now + rest, failures: failures + 1))
    }
}
