import GroupModel

/// Members that others of the view excluded soon after they had come in by a merge: two that do not hear each other, while the
/// leader hears both.
///
/// ▸ They rest before they are taken in again, twice as long each time. Otherwise the view would change for ever at all members,
/// once per failure time-out.
struct Quarrels: Hashable, Sendable {
    private struct Newcomer: Hashable, Sendable {
        let member: MemberID
        var since: Instant
        var failures: Int64 = 0
        var restsUntil: Instant
    }

    /// Those who came in last: as many as a view has members.
    private var newcomers: [Newcomer] = []

    private static let shortestRest = Interval.seconds(1)
    /// A pair that is well again waits no longer than this.
    private static let longestRest = Interval.seconds(8)

    mutating func cameIn(_ members: some Sequence<MemberID>, at now: Instant) {
        for member in members {
            if let place = place(of: member) {
                newcomers[place].since = now
            } else {
                if newcomers.count >= Limits.viewMembers { newcomers.removeFirst() }
                newcomers.append(Newcomer(member: member, since: now, restsUntil: now))
            }
        }
    }

    /// A member reports that it does not hear this one, which has been in the view for less than `span` if it quarrels.
    mutating func reported(_ member: MemberID, within span: Interval, at now: Instant) {
        guard let place = place(of: member) else { return }
        guard now - newcomers[place].since <= span else { return newcomers[place].failures = 0 }
        newcomers[place].failures = min(newcomers[place].failures + 1, 8)
        let rest = min(Self.shortestRest * (1 << (newcomers[place].failures - 1)), Self.longestRest)
        newcomers[place].restsUntil = now + rest
    }

    /// Whether one of them is not to be taken in yet.
    func rest(_ members: [MemberID], at now: Instant) -> Bool {
        newcomers.contains { $0.restsUntil > now && members.contains($0.member) }
    }

    private func place(of member: MemberID) -> Int? { newcomers.firstIndex { $0.member == member } }
}
