/// L1 the members' nodes are within the HWG view named, L2 leaving the HWG is leaving its LWGs in the same cut. (L3,
/// one mapping per view, is checked where views are compared.)
enum MappingChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        // Per light-weight tenure, the seat of its process in the heavyweight group that carries it, or -1.
        var carrierSeats = [Int32](repeating: -1, count: timeline.tenures.count)
        for (number, tenure) in timeline.tenures.enumerated() {
            let installation = timeline.installation(tenure)
            guard installation.carrierView >= 0 else { continue }
            nodesWithin(installation, timeline, &findings)
            let process = history.process(seat: tenure.seat)
            if let seat = history.seat(group: installation.carrier, member: process) {
                carrierSeats[number] = seat
            }
        }
        sameCut(timeline, carrierSeats, &findings)
        oneNextView(timeline, &findings)
        passedOver(timeline, &findings)
    }

    private static func nodesWithin(
        _ installation: TraceHistory.Installation, _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        let view = history.views[Int(installation.view)]
        // Once for each view; L3 has compared the others with it.
        guard history.installations[Int(view.firstInstallation)].event == installation.event,
            let nodes = history.members(of: installation.carrierView)
        else { return }
        let within = Set(nodes)
        for member in history.lists[Int(installation.members)] {
            if within.contains(history.members[Int(member)].process) { continue }
            findings.add(
                "L1", installation.event,
                """
                \(history.name(view: installation.view)) holds \(history.name(member: member)), whose node is not in \
                \(history.name(group: installation.carrier)) view \(history.name(view: installation.carrierView))
                """)
            return
        }
    }

    /// In each process's order: a light-weight view is installed in the heavyweight view that it names, and
    /// once that has ended, nothing is sent or delivered in it.
    private static func sameCut(_ timeline: Timeline, _ carrierSeats: [Int32], _ findings: inout Findings) {
        let history = timeline.history
        var current = [Int32](repeating: -1, count: history.seats.count)
        for (index, event) in history.events.enumerated() where event.seat >= 0 {
            if event.kind == .view { current[Int(event.seat)] = event.view }
            if event.kind == .leave { current[Int(event.seat)] = -1 }
            guard event.kind == .view || event.kind == .send || event.kind == .deliver else { continue }
            let tenure = timeline.tenureOf[index]
            guard tenure >= 0, carrierSeats[Int(tenure)] >= 0 else { continue }
            let named = timeline.installation(timeline.tenures[Int(tenure)]).carrierView
            let actual = current[Int(carrierSeats[Int(tenure)])]
            if actual == named { continue }
            if event.kind == .view {
                findings.add(
                    "L1", Int32(index),
                    """
                    \(history.name(view: event.view)) names the HWG view \(history.name(view: named)), and this process \
                    is in \(history.name(view: actual))
                    """)
            } else {
                findings.add(
                    "L2", Int32(index),
                    """
                    \(event.kind)s \(history.name(message: event.message)) in \(history.name(view: event.view)) of the \
                    HWG view \(history.name(view: named)), when this process is in \(history.name(view: actual))
                    """)
            }
        }
    }

    /// Two members that go from one light-weight view to different ones on the same HWG view left different nodes
    /// behind at the same cut.
    private static func oneNextView(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        for view in history.views.indices where history.groups[Int(history.views[view].group)].isLightweight {
            var byCarrier: [Int32: Int32] = [:]
            for index in timeline.tenures(in: Int32(view)) {
                let tenure = timeline.tenures[Int(index)]
                guard tenure.next >= 0 else { continue }
                let next = timeline.installation(timeline.tenures[Int(tenure.next)])
                guard next.carrierView >= 0 else { continue }
                guard let other = byCarrier[next.carrierView] else {
                    byCarrier[next.carrierView] = next.view
                    continue
                }
                if other == next.view { continue }
                findings.add(
                    "L2", next.event,
                    """
                    goes from \(history.name(view: Int32(view))) to \(history.name(view: next.view)), others to \
                    \(history.name(view: other)), both on the HWG view \(history.name(view: next.carrierView))
                    """)
            }
        }
    }

    /// Nodes that go from one heavyweight view to the next together deliver the same there, so that a light-weight view that one
    /// of them installed in it comes to all of its members among them, unless they left.
    private static func passedOver(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        for view in history.views.indices where history.groups[Int(history.views[view].group)].isLightweight {
            let view = Int32(view)
            let installers = timeline.tenures(in: view)
            guard let first = installers.first, let members = history.members(of: view),
                installers.count < members.count
            else { continue }
            let installation = timeline.installation(timeline.tenures[Int(first)])
            guard installation.carrierView >= 0 else { continue }
            // The heavyweight views that installers went to.
            var ways: [Int32] = []
            for index in installers {
                let process = history.process(seat: timeline.tenures[Int(index)].seat)
                guard let tenure = heavyTenure(of: process, installation, timeline) else { continue }
                let next = timeline.nextView(tenure)
                if next >= 0, !ways.contains(next) { ways.append(next) }
            }
            if ways.isEmpty { continue }
            for member in members {
                let seat = history.seat(group: history.views[Int(view)].group, member: member)
                if let seat, timeline.tenure(of: seat, in: view) != nil { continue }
                guard let tenure = heavyTenure(of: history.members[Int(member)].process, installation, timeline),
                    ways.contains(timeline.nextView(tenure)),
                    seat.map({ !hasLeft($0, by: tenure, timeline) }) ?? true
                else { continue }
                findings.add(
                    "L2", timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                    """
                    goes to \(history.name(view: timeline.nextView(tenure))), and \(history.name(member: member)) never \
                    got \(history.name(view: view)) of \(history.name(group: history.views[Int(view)].group)), which \
                    others that come along installed before
                    """)
            }
        }
    }

    private static func heavyTenure(
        of process: Int32, _ installation: TraceHistory.Installation, _ timeline: Timeline
    ) -> Timeline.Tenure? {
        timeline.history.seat(group: installation.carrier, member: process)
            .flatMap { timeline.tenure(of: $0, in: installation.carrierView) }
            .map { timeline.tenures[Int($0)] }
    }

    /// The seat left in that heavyweight view, or had left before it and not yet come back.
    private static func hasLeft(_ seat: Int32, by tenure: Timeline.Tenure, _ timeline: Timeline) -> Bool {
        let begin = timeline.installation(tenure).event
        let end = timeline.installation(timeline.tenures[Int(tenure.next)]).event
        var isGone = false
        for place in timeline.starts[Int(seat)]..<timeline.starts[Int(seat) + 1] {
            let index = timeline.order[place]
            if index >= end { break }
            let kind = timeline.event(at: place).kind
            if kind == .leave { isGone = true }
            // What comes anew in this heavyweight view may be a second time.
            if kind == .view, index < begin { isGone = false }
        }
        return isGone
    }
}
