import GroupModel

/// Explicit seats whose applications owe an answer, oldest Hold first, and until when.
///
/// The deadline is the application's, so it counts time in which the node ran. While a Hold is open the clock is looked
/// at every `step`; a gap of more than two was a pause of the process. It counts as two, because a loop may be that slow all the
/// time; and after it every open Hold has a `step` left at least, until so much is given that it has lasted twice the limit.
struct HoldDeadlines: Sendable {
    private struct Link: Sendable {
        var previous = -1
        var next = -1
        var due = Interval.zero
        /// What pauses may move `due` to.
        var latest = Interval.zero
        var isOpen = false
    }
    /// By seat.
    private var links: [Link] = []
    private var first = -1
    private var last = -1
    private var limit: Interval
    /// Time in which the node ran.
    private var clock = Interval.zero
    private var lastLook = Instant.zero

    init(limit: Interval) { self.limit = limit }

    /// For Holds raised from now on. One raised under a longer limit before them is still looked at first: they may be
    /// over as late as it is, not later.
    mutating func retime(_ fresh: Interval) { limit = fresh }

    private var step: Interval { limit / 8 }

    /// When to look at the clock again; nil when no Hold is open.
    var nextLook: Instant? {
        guard first >= 0 else { return nil }
        let rest = Interval(nanoseconds: links[first].due.nanoseconds - clock.nanoseconds)
        return lastLook + max(min(rest, step), .zero)
    }

    /// Time went on: before anything that happens at `now`.
    mutating func looked(at now: Instant) {
        defer { lastLook = max(now, lastLook) }
        guard first >= 0, now > lastLook else { return }
        let gap = now - lastLook
        clock = clock + min(gap, step * 2)
        guard gap > step * 2 else { return }
        var at = first
        while at >= 0, links[at].due < clock + step {
            links[at].due = max(links[at].due, min(clock + step, links[at].latest))
            at = links[at].next
        }
    }

    mutating func raised(_ seat: Int) {
        while links.count <= seat { links.append(Link()) }
        ended(seat)
        links[seat] = Link(previous: last, next: -1, due: clock + limit, latest: clock + limit * 2, isOpen: true)
        if last >= 0 { links[last].next = seat } else { first = seat }
        last = seat
    }

    /// The Hold was answered, or is over.
    mutating func ended(_ seat: Int) {
        guard seat < links.count, links[seat].isOpen else { return }
        let link = links[seat]
        links[seat] = Link()
        if link.previous >= 0 { links[link.previous].next = link.next } else { first = link.next }
        if link.next >= 0 { links[link.next].previous = link.previous } else { last = link.previous }
    }

    /// The oldest Hold whose time is over; it is over for this list, too.
    mutating func popExpired() -> Int? {
        guard first >= 0, links[first].due <= clock else { return nil }
        let seat = first
        ended(seat)
        return seat
    }
}
