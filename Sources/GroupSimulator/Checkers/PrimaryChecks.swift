/// M7: the primary views of one group form one chain, whatever HWG carries them.
///
/// A trace shows a fork in four ways: two primary views installed from one primary view; two primary views that
/// meet in a merge, each still the current one of its side; and, for a heavyweight group, two first primary views
/// without a common node, since both would hold a majority of the same initial nodes; and, where
/// it tells all, two primary views one after the other without a common member. (A light-weight group that
/// everybody has left begins a new chain when it is created again.)
enum PrimaryChecks {
    /// - Parameter isPrimaryMode: nodes vote for views that they were never in, so that a trace does not show how a view is
    ///   reached; the records do (`World.judgeChain`).
    static func run(_ timeline: Timeline, isPrimaryMode: Bool, into findings: inout Findings) {
        let history = timeline.history
        for view in history.views.indices {
            let view = Int32(view)
            if isPrimary(view, history) { successors(of: view, timeline, &findings) }
            merges(into: view, timeline, &findings)
        }
        if !isPrimaryMode {
            beginnings(timeline, &findings)
            leaps(timeline, &findings)
        }
    }

    /// A primary view has the votes of a majority of the one before it in the chain, and epochs grow along the chain. So of
    /// two that follow each other by epoch the later has members of the earlier.
    ///
    /// Judged only where nothing else can explain it: one heavyweight group (others follow the control group, whatever
    /// members they have), no member in a later incarnation (total restart), a trace of each that a primary view names (else a view
    /// in between may be missing), nobody of the earlier view left (leavers vote), and a member of the later one was in
    /// an earlier primary view itself (it is no beginning).
    private static func leaps(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        let heavyweight = history.groups.indices.filter { !history.groups[$0].isLightweight }
        guard heavyweight.count == 1, let group = heavyweight.first.map({ Int32($0) }) else { return }
        var isUsed = [Bool](repeating: false, count: history.names.count)
        for seat in history.seats where seat.group == group {
            let lasting = Int(history.members[Int(seat.member)].lasting)
            if isUsed[lasting] { return }
            isUsed[lasting] = true
        }
        var hasLeft = [Bool](repeating: false, count: history.members.count)
        for tenure in timeline.tenures where tenure.isLeaving { hasLeft[Int(history.member(seat: tenure.seat))] = true }
        let chain = history.views.indices.map { Int32($0) }
            .filter { history.views[Int($0)].group == group && isPrimary($0, history) }
            .sorted { history.isOrdered($0, $1) }
        for view in chain {
            let isTold = (history.members(of: view) ?? []).allSatisfy { history.seat(group: group, member: $0) != nil }
            if !isTold { return }
        }
        var wasPrimary = [Bool](repeating: false, count: history.members.count)
        for (earlier, later) in zip(chain, chain.dropFirst()) {
            let before = history.members(of: earlier) ?? []
            let members = history.members(of: later) ?? []
            for index in timeline.tenures(in: earlier) {
                wasPrimary[Int(history.member(seat: timeline.tenures[Int(index)].seat))] = true
            }
            guard !members.contains(where: before.contains), members.contains(where: { wasPrimary[Int($0)] }),
                !before.contains(where: { hasLeft[Int($0)] }), let first = timeline.tenures(in: later).first
            else { continue }
            findings.add(
                "M7", timeline.installation(timeline.tenures[Int(first)]).event,
                """
                primary \(history.name(view: later)) comes after primary \(history.name(view: earlier)) without \
                any of its members
                """)
        }
    }

    private static func isPrimary(_ view: Int32, _ history: TraceHistory) -> Bool {
        guard view >= 0 else { return false }
        let first = history.views[Int(view)].firstInstallation
        return first >= 0 && history.installations[Int(first)].primary
    }

    private static func successors(of view: Int32, _ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        var successor: Int32 = -1
        for index in timeline.tenures(in: view) {
            let tenure = timeline.tenures[Int(index)]
            let next = timeline.nextView(tenure)
            guard next >= 0, next != successor, isPrimary(next, history) else { continue }
            if successor < 0 { successor = next; continue }
            findings.add(
                "M7", timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                """
                primary \(history.name(view: view)) is followed by two primary views, \(history.name(view: successor)) \
                and \(history.name(view: next))
                """)
        }
    }

    private static func merges(into view: Int32, _ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        var side: Int32 = -1
        for index in timeline.tenures(in: view) {
            let installation = timeline.installation(timeline.tenures[Int(index)])
            guard installation.previous != side, isPrimary(installation.previous, history) else { continue }
            if side < 0 { side = installation.previous; continue }
            findings.add(
                "M7", installation.event,
                """
                \(history.name(view: view)) merges two views that are both primary, \(history.name(view: side)) and \
                \(history.name(view: installation.previous))
                """)
        }
    }

    /// Compares the primary views of a heavyweight group that no installer reached from an earlier primary view.
    private static func beginnings(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        var first: [Int32: Int32] = [:]
        for view in history.views.indices {
            let view = Int32(view)
            let group = history.views[Int(view)].group
            guard !history.groups[Int(group)].isLightweight, isPrimary(view, history) else { continue }
            let installers = timeline.tenures(in: view)
            let isReached = installers.contains {
                isPrimary(timeline.installation(timeline.tenures[Int($0)]).previous, history)
            }
            if isReached { continue }
            guard let other = first[group] else { first[group] = view; continue }
            // Whoever was in a primary view, in an earlier life too, carries the chain on.
            let nodes = Set((history.members(of: other) ?? []).map { history.members[Int($0)].lasting })
            let mine = history.members(of: view) ?? []
            if mine.contains(where: { nodes.contains(history.members[Int($0)].lasting) }) { continue }
            if reaches(view, installers, group, timeline) { continue }
            findings.add(
                "M7", timeline.installation(timeline.tenures[Int(installers[installers.startIndex])]).event,
                """
                primary \(history.name(view: view)) and primary \(history.name(view: other)) both begin a chain and \
                have no common node
                """)
        }
    }

    /// A member of the view, or an earlier life of one, was in a lower primary view.
    private static func reaches(
        _ view: Int32, _ installers: ArraySlice<Int32>, _ group: Int32, _ timeline: Timeline
    ) -> Bool {
        let history = timeline.history
        let nodes = Set((history.members(of: view) ?? []).map { history.members[Int($0)].lasting })
        return timeline.tenures.contains { tenure in
            let seat = history.seats[Int(tenure.seat)]
            return seat.group == group && nodes.contains(history.members[Int(seat.member)].lasting)
                && isPrimary(tenure.view, history) && history.isOrdered(tenure.view, view)
        }
    }
}
