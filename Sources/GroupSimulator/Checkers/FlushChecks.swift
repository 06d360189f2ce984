/// F1 nothing is sent between HoldOK and the next view, F2 one Hold at a time, F3 an LWG change holds no other LWG,
/// F4 one crash is one HWG flush, and without any change there is no storm of them.
enum FlushChecks {
    /// - Parameter isPrimaryMode: the control group has views with the members of the one before, for births of other groups.
    static func run(
        _ timeline: Timeline, isPrimaryMode: Bool, flushesAtWill: Bool, into findings: inout Findings
    ) {
        for tenure in timeline.tenures {
            holds(tenure, timeline, &findings)
            holdForNothing(tenure, timeline, &findings)
        }
        let heavyweight = timeline.history.groups.count { !$0.isLightweight }
        if !isPrimaryMode || heavyweight == 1 {
            repeatedFlushes(timeline, judgesStorms: !isPrimaryMode && !flushesAtWill, &findings)
        }
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
        if hasMerged(before: tenure.view, to: carrier, timeline) { return true }
        // Those who came from an earlier view may have failed, or been put out, before they installed this one: joiners are left.
        let group = history.group(seat: tenure.seat)
        return (history.members(of: tenure.view) ?? []).contains { member in
            let seat = history.seat(group: group, member: member)
            guard seat.flatMap({ timeline.tenure(of: $0, in: tenure.view) }) == nil else { return false }
            let last = seat.flatMap { timeline.lastTenure(of: $0, before: tenure.view) }
            let from = last.map { timeline.installation(timeline.tenures[Int($0)]).carrierView } ?? -1
            return hasMerged(from: carrier, to: carrier, timeline)
                || from >= 0 && hasMerged(from: from, to: carrier, timeline)
        }
    }

    /// Whether a merge is among the heavyweight views since the last LWG views that did not begin with a Hold: one that did is a
    /// side's, which lasts until the tables arrive, and who comes into it first has no view that is earlier.
    private static func hasMerged(before view: Int32, to carrier: Int32, _ timeline: Timeline) -> Bool {
        var views = [view]
        var seen = 0
        while seen < views.count {
            for index in timeline.tenures(in: views[seen]) {
                let later = timeline.tenures[Int(index)]
                guard let at = timeline.tenure(of: later.seat, in: timeline.installation(later).previous) else {
                    continue
                }
                let before = timeline.tenures[Int(at)]
                let from = timeline.installation(before).carrierView
                // A line need not name its carrier. Views that lead in a circle are M2's.
                guard from >= 0, from != timeline.installation(later).carrierView,
                    timeline.history.isOrdered(before.view, later.view)
                else { continue }
                if hasMerged(from: from, to: carrier, timeline) { return true }
                guard let first = before.events.first, timeline.event(at: first).kind == .hold else { continue }
                if !views.contains(before.view) { views.append(before.view) }
            }
            seen += 1
        }
        return false
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
    /// next to the view that excludes the crashed member, is a second flush for the one crash; and more than
    /// `needlessLimit` such views in a row are a storm. (In the mode `primary` each is one that was held and came back whole.)
    private static func repeatedFlushes(_ timeline: Timeline, judgesStorms: Bool, _ findings: inout Findings) {
        let history = timeline.history
        let plain = PlainViews(timeline)
        // Per tenure, how many views without a change were installed in a row, up to its own.
        var needless = [Int](repeating: 0, count: timeline.tenures.count)
        for (number, tenure) in timeline.tenures.enumerated() where tenure.next >= 0 {
            let group = history.group(seat: tenure.seat)
            guard plain.isPlain(group) else { continue }
            let next = timeline.tenures[Int(tenure.next)]
            let isRepeated = isRepeat(tenure, timeline)
            if isRepeated, judgesStorms, plain.isFull(tenure.view, timeline) {
                needless[Int(tenure.next)] = needless[number] + 1
                if needless[number] == needlessLimit {
                    findings.add(
                        "F4", timeline.installation(next).event,
                        """
                        a storm: \(needlessLimit + 1) flushes in a row, up to \(history.name(view: next.view)), without any \
                        change of members
                        """)
                }
            }
            guard plain.hasCrash(group), next.next >= 0 else { continue }
            let first = lost(tenure, timeline)
            let second = lost(next, timeline)
            guard first.isEmpty != second.isEmpty, first.isEmpty ? isRepeated : isRepeat(next, timeline),
                plain.isFull(tenure.view, timeline)
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

    /// A process that starts, and whose trace is not among the files, may cause a few.
    private static let needlessLimit = 3

    /// Which heavyweight groups had no partition and at most one crash, and which of their views everybody is in.
    private struct PlainViews {
        /// Per group.
        private var excluded: [Int32: Set<Int32>] = [:]
        private var isBranched: [Bool]
        private var stayers: [Int]
        /// Per seat: it did not leave from each view that it was in.
        private var isStayer: [Bool]
        /// Per process. One that starts may have asked to merge, and failed before it showed a view.
        private var isStarted: [Bool]
        private var started = 0
        private let isLightweight: [Bool]

        init(_ timeline: Timeline) {
            let history = timeline.history
            isBranched = Array(repeating: false, count: history.groups.count)
            stayers = Array(repeating: 0, count: history.groups.count)
            isStayer = Array(repeating: false, count: history.seats.count)
            isStarted = Array(repeating: false, count: history.members.count)
            isLightweight = history.groups.map(\.isLightweight)
            for event in history.events where event.kind == .start && !isStarted[Int(event.process)] {
                isStarted[Int(event.process)] = true
                started += 1
            }
            var follower = [Int32](repeating: -1, count: history.views.count)
            for tenure in timeline.tenures {
                let group = history.group(seat: tenure.seat)
                if isLightweight[Int(group)] { continue }
                if !tenure.isLeaving, !isStayer[Int(tenure.seat)] {
                    isStayer[Int(tenure.seat)] = true
                    stayers[Int(group)] += 1
                }
                let next = timeline.nextView(tenure)
                if next < 0 { continue }
                if follower[Int(tenure.view)] >= 0, follower[Int(tenure.view)] != next { isBranched[Int(group)] = true }
                follower[Int(tenure.view)] = next
                let gone = FlushChecks.lost(tenure, timeline)
                if !gone.isEmpty { excluded[group, default: []].formUnion(gone) }
            }
        }

        func isPlain(_ group: Int32) -> Bool {
            !isLightweight[Int(group)] && !isBranched[Int(group)] && (excluded[group]?.count ?? 0) <= 1
        }

        func hasCrash(_ group: Int32) -> Bool { excluded[group]?.count == 1 }

        /// Everybody who stays, and every process that starts, is in the view.
        func isFull(_ view: Int32, _ timeline: Timeline) -> Bool {
            let history = timeline.history
            var (staying, starting) = (0, 0)
            for index in timeline.tenures(in: view) {
                let seat = timeline.tenures[Int(index)].seat
                if isStayer[Int(seat)] { staying += 1 }
                if isStarted[Int(history.process(seat: seat))] { starting += 1 }
            }
            return staying == stayers[Int(history.views[Int(view)].group)] && starting == started
        }
    }

    /// Members that the next view excludes and that have neither left nor stopped.
    fileprivate static func lost(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> [Int32] {
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
