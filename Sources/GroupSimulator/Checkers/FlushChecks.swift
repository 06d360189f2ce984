/// F1 nothing is sent between HoldOK and the next view, F2 one Hold at a time, F3 an LWG change holds no other LWG,
/// F4 one crash is one HWG flush.
enum FlushChecks {
    /// - Parameter isPrimaryMode: the control group has views with the members of the one before, for births of other groups.
    static func run(_ timeline: Timeline, isPrimaryMode: Bool, into findings: inout Findings) {
        for tenure in timeline.tenures {
            holds(tenure, timeline, &findings)
            holdForNothing(tenure, timeline, &findings)
        }
        let heavyweight = timeline.history.groups.count { !$0.isLightweight }
        if !isPrimaryMode || heavyweight == 1 { repeatedFlushes(timeline, &findings) }
    }

    private static func holds(_ tenure: Timeline.Tenure, _ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        var isHeld = false
        var isAnswered = false
        for place in tenure.events {
            let event = timeline.event(at: place)
            let index = timeline.order[place]
            switch event.kind {
            case .hold:
                if isHeld {
                    findings.add("F2", index, "a second Hold in \(history.name(view: tenure.view))")
                } else if event.view != tenure.view {
                    findings.add(
                        "F2", index,
                        "a Hold for \(history.name(view: event.view)) in \(history.name(view: tenure.view))")
                }
                isHeld = true
            case .holdOK:
                if !isHeld || event.view != tenure.view {
                    findings.add(
                        "F2", index,
                        "HoldOK for \(history.name(view: event.view)), of which no Hold is open")
                } else if isAnswered {
                    findings.add("F2", index, "a second HoldOK in \(history.name(view: tenure.view))")
                }
                isAnswered = true
            case .send where isAnswered:
                findings.add(
                    "F1", index,
                    """
                    sends \(history.name(message: event.message)) after its HoldOK and before the view that follows \
                    \(history.name(view: tenure.view))
                    """)
            default:
                break
            }
        }
    }

    /// F3 as far as a trace shows it: a Hold that ends in the same members, with the same label, on the same HWG view was for
    /// nothing.
    private static func holdForNothing(_ tenure: Timeline.Tenure, _ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        guard history.isLightweight(seat: tenure.seat), tenure.next >= 0 else { return }
        let before = timeline.installation(tenure)
        let after = timeline.installation(timeline.tenures[Int(tenure.next)])
        guard before.members == after.members, before.carrierView >= 0, before.carrierView == after.carrierView,
            !isSideView(tenure, timeline), before.primary == after.primary,
            let hold = tenure.events.first(where: { timeline.event(at: $0).kind == .hold })
        else { return }
        findings.add(
            "F3", timeline.order[hold],
            """
            held, and then got \(history.name(view: after.view)) with the members of \
            \(history.name(view: before.view)) on the same HWG view
            """)
    }

    /// The first LWG view on an HWG view may be one side's, which comes from an earlier HWG view; the merged one follows. The
    /// sides met in this HWG view, or in one since that earlier view in which their tables did not arrive.
    private static func isSideView(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> Bool {
        let history = timeline.history
        let carrier = timeline.installation(tenure).carrierView
        let isFromEarlier = timeline.tenures(in: tenure.view).contains { index in
            lastSettledCarrier(before: timeline.tenures[Int(index)], timeline).map {
                hasMerged(from: $0, to: carrier, timeline)
            } ?? false
        }
        if isFromEarlier { return true }
        // Those who came from an earlier view may have failed before they installed this one: joiners are left.
        let group = history.group(seat: tenure.seat)
        let isMissing = (history.members(of: tenure.view) ?? []).contains { member in
            history.seat(group: group, member: member).flatMap { timeline.tenure(of: $0, in: tenure.view) } == nil
        }
        return isMissing && hasMerged(from: carrier, to: carrier, timeline)
    }

    /// The heavyweight view of the last view before this one that did not begin with a Hold: one that did is a side's, which
    /// lasts until the tables arrive. A line need not name its carrier.
    private static func lastSettledCarrier(before tenure: Timeline.Tenure, _ timeline: Timeline) -> Int32? {
        var last: Int32?
        var later = tenure
        while let at = timeline.tenure(of: later.seat, in: timeline.installation(later).previous) {
            let before = timeline.tenures[Int(at)]
            let carrier = timeline.installation(before).carrierView
            // Views that lead in a circle are M2's.
            guard carrier >= 0, carrier != timeline.installation(later).carrierView,
                timeline.history.isOrdered(before.view, later.view)
            else { break }
            last = carrier
            guard let first = before.events.first, timeline.event(at: first).kind == .hold else { break }
            later = before
        }
        return last
    }

    /// Whether a merge is among the heavyweight views on some member's way from one view to another, both included.
    private static func hasMerged(from first: Int32, to last: Int32, _ timeline: Timeline) -> Bool {
        let history = timeline.history
        return timeline.tenures(in: last).contains { index in
            var view = last
            // The first, too: its tables may never have arrived.
            while view >= 0, history.isOrdered(first, view) || view == first,
                let at = timeline.tenure(of: timeline.tenures[Int(index)].seat, in: view)
            {
                let heavy = timeline.installation(timeline.tenures[Int(at)])
                // Who comes from nowhere is at least its own side.
                let together = max(history.lists[Int(heavy.trans)].count, 1)
                if together < history.lists[Int(heavy.members)].count { return true }
                // A view that comes from itself or from a later one is M2's; here it would lead in a circle.
                guard heavy.previous >= 0, history.isOrdered(heavy.previous, view) else { return false }
                view = heavy.previous
            }
            return false
        }
    }

    /// F4 as far as a trace shows it. A heavyweight group's history is plain when at most one member was ever
    /// excluded without having left, no view has more than one successor, and nobody is outside the view: no
    /// partition, no second crash, no merge that may have failed. There, a view with the members of the one before it,
    /// next to the view that excludes the crashed member, is a second flush for the one crash.
    private static func repeatedFlushes(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        let started = history.events.lazy.filter { $0.kind == .start }.map(\.process)
        var excluded: [Int32: Set<Int32>] = [:]
        var branched = Set<Int32>()
        for tenure in timeline.tenures where tenure.next >= 0 {
            let group = history.group(seat: tenure.seat)
            if history.groups[Int(group)].isLightweight { continue }
            let gone = lost(tenure, timeline)
            if !gone.isEmpty { excluded[group, default: []].formUnion(gone) }
        }
        for view in history.views.indices {
            let followers = Set(timeline.tenures(in: Int32(view)).map { timeline.nextView(timeline.tenures[Int($0)]) })
            if followers.subtracting([-1]).count > 1 { branched.insert(history.views[view].group) }
        }
        for tenure in timeline.tenures where tenure.next >= 0 {
            let group = history.group(seat: tenure.seat)
            guard excluded[group]?.count == 1, !branched.contains(group) else { continue }
            let next = timeline.tenures[Int(tenure.next)]
            guard next.next >= 0 else { continue }
            let first = lost(tenure, timeline)
            let second = lost(next, timeline)
            guard first.isEmpty != second.isEmpty, isRepeat(first.isEmpty ? tenure : next, timeline),
                everybody(of: group, isIn: tenure.view, timeline),
                // A process that starts may have asked to merge, and failed before it showed a view.
                started.allSatisfy({ process in
                    history.seat(group: group, member: process).flatMap { timeline.tenure(of: $0, in: tenure.view) }
                        != nil
                })
            else { continue }
            findings.add(
                "F4", timeline.installation(timeline.tenures[Int(next.next)]).event,
                """
                two flushes for the crash of \(history.name(member: (first + second)[0])): \
                \(history.name(view: tenure.view)), \(history.name(view: next.view)), \
                \(history.name(view: timeline.nextView(next)))
                """)
        }
    }

    private static func everybody(of group: Int32, isIn view: Int32, _ timeline: Timeline) -> Bool {
        timeline.tenures.allSatisfy { other in
            timeline.history.group(seat: other.seat) != group || other.isLeaving
                || timeline.tenure(of: other.seat, in: view) != nil
        }
    }

    /// Members that the next view excludes and that have neither left nor stopped.
    private static func lost(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> [Int32] {
        let history = timeline.history
        let next = timeline.tenures[Int(tenure.next)]
        let before = timeline.installation(tenure).members
        let after = timeline.installation(next).members
        if before == after { return [] }
        let remaining = Set(history.lists[Int(after)])
        return history.lists[Int(before)].filter { member in
            if remaining.contains(member) || timeline.stopped[Int(member)] { return false }
            guard let seat = history.seat(group: history.group(seat: tenure.seat), member: member),
                let last = timeline.tenure(of: seat, in: tenure.view)
            else { return true }
            return !timeline.tenures[Int(last)].isLeaving
        }
    }

    /// The same members, all of them from the same view: no merge and no join explains the flush.
    private static func isRepeat(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> Bool {
        let next = timeline.installation(timeline.tenures[Int(tenure.next)])
        return timeline.installation(tenure).members == next.members
            && timeline.history.lists[Int(next.trans)].count == timeline.history.lists[Int(next.members)].count
    }
}
