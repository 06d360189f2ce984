/// Where members of a view come from: M5 the same view or views without a common member, M6 transitional sets,
/// M8 who was excluded comes back only by a merge.
enum ContinuityChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        for tenure in timeline.tenures { comesFromItsOwnView(tenure, timeline, &findings) }
        // Per member, the last view for which it was marked, and what it was marked with.
        var marks = Marks(count: history.members.count)
        for view in history.views.indices {
            let installers = timeline.tenures(in: Int32(view))
            if installers.isEmpty { continue }
            disjointSides(installers, timeline, &marks, &findings)
            transitionalSets(installers, timeline, &marks, &findings)
        }
    }

    /// A table over members that is cleared in one step.
    struct Marks {
        private var stamps: [Int32]
        private var values: [Int32]
        private var stamp: Int32 = 0
        init(count: Int) {
            stamps = Array(repeating: 0, count: count)
            values = Array(repeating: 0, count: count)
        }
        mutating func clear() { stamp += 1 }
        subscript(_ index: Int32) -> Int32? {
            get { stamps[Int(index)] == stamp ? values[Int(index)] : nil }
            set {
                stamps[Int(index)] = newValue == nil ? 0 : stamp
                values[Int(index)] = newValue ?? 0
            }
        }
    }

    /// `prev` is the view that the member was in; null only at a seat's first view, or after leaving.
    private static func comesFromItsOwnView(
        _ tenure: Timeline.Tenure, _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        let installation = timeline.installation(tenure)
        let place = tenure.events.lowerBound - 1
        let start = timeline.starts[Int(tenure.seat)]
        // The view that the seat is in before this line.
        var current: Int32 = -1
        if place > start {
            let before = timeline.tenureOf[Int(timeline.order[place - 1])]
            if before >= 0 { current = timeline.tenures[Int(before)].view }
        }
        if installation.previous >= 0, installation.previous != current {
            findings.add(
                "M5", installation.event,
                """
                says that it comes from \(history.name(view: installation.previous)), but was in \
                \(current < 0 ? "none" : history.name(view: current))
                """)
        } else if installation.previous < 0, current >= 0 {
            findings.add(
                "M8", installation.event,
                "comes back from nowhere: it was in \(history.name(view: current)) and neither left nor joined since")
        }
    }

    private static func disjointSides(
        _ installers: ArraySlice<Int32>, _ timeline: Timeline, _ marks: inout Marks, _ findings: inout Findings
    ) {
        let history = timeline.history
        // One installer for each previous view.
        var sides: [(view: Int32, tenure: Int32)] = []
        marks.clear()
        for index in installers {
            let installation = timeline.installation(timeline.tenures[Int(index)])
            let previous = installation.previous
            if previous < 0 || sides.contains(where: { $0.view == previous }) { continue }
            sides.append((previous, index))
            for member in history.members(of: previous) ?? [] {
                guard let other = marks[member] else { marks[member] = previous; continue }
                if other == previous { continue }
                findings.add(
                    "M5", installation.event,
                    """
                    \(history.name(view: installation.view)) is installed from \(history.name(view: previous)) and \
                    from \(history.name(view: other)), which both contain \(history.name(member: member))
                    """)
                break
            }
        }
        if sides.count > 1 { comesBackFromAnOldView(sides, timeline, &findings) }
    }

    /// M8: one side excluded a member from X, and that member enters with X as its previous view.
    private static func comesBackFromAnOldView(
        _ sides: [(view: Int32, tenure: Int32)], _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        for side in sides {
            let back = history.member(seat: timeline.tenures[Int(side.tenure)].seat)
            for other in sides where other.view != side.view {
                let seat = timeline.tenures[Int(other.tenure)].seat
                guard timeline.tenure(of: seat, in: side.view) != nil,
                    let members = history.members(of: other.view), !members.contains(back)
                else { continue }
                let tenure = timeline.tenures[Int(side.tenure)]
                findings.add(
                    "M8", timeline.installation(tenure).event,
                    """
                    comes back to \(history.name(view: tenure.view)) right from \(history.name(view: side.view)), \
                    from which \(history.name(member: history.member(seat: seat))) excluded it in \
                    \(history.name(view: other.view))
                    """)
            }
        }
    }

    private static func transitionalSets(
        _ installers: ArraySlice<Int32>, _ timeline: Timeline, _ marks: inout Marks, _ findings: inout Findings
    ) {
        let history = timeline.history
        for index in installers {
            let tenure = timeline.tenures[Int(index)]
            let installation = timeline.installation(tenure)
            let me = history.member(seat: tenure.seat)
            let members = history.lists[Int(installation.members)]
            marks.clear()
            for member in members { marks[member] = 0 }
            for member in history.lists[Int(installation.trans)] {
                if marks[member] == nil {
                    findings.add(
                        "M6", installation.event,
                        "\(history.name(member: member)) is in the transitional set and not in the view")
                }
                marks[member] = 1
            }
            if installation.previous >= 0, marks[me] != 1 {
                findings.add("M6", installation.event, "is not in its own transitional set")
            }
            for other in installers where other != index {
                let peer = timeline.tenures[Int(other)]
                if peer.seat == tenure.seat { continue }
                let member = history.member(seat: peer.seat)
                let previous = timeline.installation(peer).previous
                let isTogether = previous >= 0 && previous == installation.previous
                if (marks[member] == 1) == isTogether { continue }
                findings.add(
                    "M6", installation.event,
                    """
                    \(history.name(member: member)) comes from \(history.name(view: previous)) and this member from \
                    \(history.name(view: installation.previous)), but the transitional set says \
                    \(isTogether ? "otherwise" : "that they come together")
                    """)
            }
            comesFromElsewhere(installation, me, timeline, &marks, &findings)
        }
    }

    /// Who was not in my previous view does not come from it; from no view, nobody comes with me.
    private static func comesFromElsewhere(
        _ installation: TraceHistory.Installation, _ me: Int32, _ timeline: Timeline, _ marks: inout Marks,
        _ findings: inout Findings
    ) {
        let history = timeline.history
        marks.clear()
        if installation.previous < 0 {
            marks[me] = 0
        } else {
            let first = history.views[Int(installation.previous)].firstInstallation
            guard first >= 0 else { return }
            let members = history.installations[Int(first)].members
            if members == installation.trans { return }
            for member in history.lists[Int(members)] { marks[member] = 0 }
        }
        for member in history.lists[Int(installation.trans)] where marks[member] == nil {
            findings.add(
                "M6", installation.event,
                """
                \(history.name(member: member)) is in the transitional set and was not in \
                \(installation.previous < 0 ? "a view with it" : history.name(view: installation.previous))
                """)
        }
    }
}
