/// O3: members that enter the same next view from V delivered V's total and safe messages in one order; members
/// still in V, prefixes of one order.
///
/// Who is still in V may have crashed there. The sequencer of V is rank 0 of the heavyweight view that carries it
/// (design.md, section 5). If it went on, everything ordered in V is below the cut, and whoever stayed has a prefix of
/// what those who went with it delivered. If it did not, it may have taken its own last order records with it:
/// then the others order the rest anew at the flush, and who stayed is compared only with others who stayed. A
/// leaver takes part in a flush and installs nothing; what it delivered is not compared.
enum TotalOrderChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        for view in timeline.history.views.indices {
            var staying: [Int32] = []
            var reference: [Int32]?
            for group in timeline.tenuresByNext(in: Int32(view)) {
                if group.next < 0 {
                    staying = group.tenures.filter { !timeline.tenures[Int($0)].isLeaving }
                } else {
                    let order = one(group.tenures, timeline, &findings)
                    if sequencerWent(from: Int32(view), to: group.next, timeline) { reference = order }
                }
            }
            prefixes(staying, of: reference, timeline, &findings)
        }
    }

    private static func totals(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> [Int32] {
        var messages: [Int32] = []
        for place in tenure.events {
            let event = timeline.event(at: place)
            if event.kind == .deliver, event.order >= TraceHistory.total, event.to < 0 {
                messages.append(event.message)
            }
        }
        return messages
    }

    /// All tenures that went on together; returns their order.
    private static func one(_ tenures: [Int32], _ timeline: Timeline, _ findings: inout Findings) -> [Int32] {
        let history = timeline.history
        let first = timeline.tenures[Int(tenures[0])]
        let order = totals(first, timeline)
        for index in tenures.dropFirst() {
            let tenure = timeline.tenures[Int(index)]
            let mine = totals(tenure, timeline)
            // A message that one of them lacks is D4's; where both have one, it is the same.
            guard let place = zip(order, mine).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset
            else {
                continue
            }
            findings.add(
                "O3", timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                """
                total message \(place + 1) of \(history.name(view: tenure.view)) is \
                \(history.name(message: mine[place])) here and \(history.name(message: order[place])) at \
                \(timeline.name(first)), and both went to \(history.name(view: timeline.nextView(tenure)))
                """)
        }
        return order
    }

    private static func prefixes(
        _ tenures: [Int32], of reference: [Int32]?, _ timeline: Timeline, _ findings: inout Findings
    ) {
        guard !tenures.isEmpty, reference != nil || tenures.count > 1 else { return }
        let history = timeline.history
        let orders = tenures.map { totals(timeline.tenures[Int($0)], timeline) }
        let longest = orders.indices.max { orders[$0].count < orders[$1].count } ?? 0
        let order = reference ?? orders[longest]
        let whose = reference == nil ? timeline.name(timeline.tenures[Int(tenures[longest])]) : "those who went on"
        for (number, mine) in orders.enumerated() {
            let difference = zip(order, mine).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset
            guard let place = difference ?? (mine.count > order.count ? order.count : nil) else { continue }
            let tenure = timeline.tenures[Int(tenures[number])]
            findings.add(
                "O3", timeline.lastEvent(tenure),
                """
                total message \(place + 1) of \(history.name(view: tenure.view)) is \
                \(history.name(message: mine[place])) here and \
                \(place < order.count ? history.name(message: order[place]) : "none") at \(whose)
                """)
        }
    }

    private static func sequencerWent(from view: Int32, to next: Int32, _ timeline: Timeline) -> Bool {
        let history = timeline.history
        guard !history.groups[Int(history.views[Int(view)].group)].isLightweight else {
            return carrierSequencerWent(from: view, to: next, timeline)
        }
        return went(from: view, to: next, timeline)
    }

    private static func went(from view: Int32, to next: Int32, _ timeline: Timeline) -> Bool {
        let history = timeline.history
        guard let sequencer = history.members(of: view)?.first,
            let seat = history.seat(group: history.views[Int(view)].group, member: sequencer),
            let tenure = timeline.tenure(of: seat, in: view)
        else { return false }
        return timeline.nextView(timeline.tenures[Int(tenure)]) == next
    }

    private static func carrierSequencerWent(from view: Int32, to next: Int32, _ timeline: Timeline) -> Bool {
        let history = timeline.history
        let (first, second) = (history.views[Int(view)].firstInstallation, history.views[Int(next)].firstInstallation)
        guard first >= 0, second >= 0 else { return false }
        let (from, to) = (history.installations[Int(first)], history.installations[Int(second)])
        guard from.carrierView >= 0, to.carrierView >= 0 else { return false }
        // Within one heavyweight view nothing is ordered anew.
        return from.carrierView == to.carrierView || went(from: from.carrierView, to: to.carrierView, timeline)
    }
}
