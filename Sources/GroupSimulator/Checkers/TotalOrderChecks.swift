/// O3: members that enter the same next view from V delivered V's total and safe messages in one order; members
/// still in V, prefixes of one order.
///
/// V's sequencer is rank 0 of the heavyweight view that carries it (design.md, section 5), and what anybody delivers before it
/// is held for V's end is in the sequencer's order, wherever it goes from V, or when it leaves or dies there. If the sequencer
/// went on, all of that is below the cut: a prefix of what those who went with it delivered. After the Hold
/// each side orders the rest anew; there a member is compared with those only that enter its next view. Who was killed between
/// the deliveries at V's end and its view line may have had no Hold, when others brought it up to a cut: it
/// agrees with the side that names it.
enum TotalOrderChecks {
    private struct Order {
        let tenure: Int32
        let messages: [Int32]
        /// How many of them were delivered before the Hold.
        var free: Int
    }

    static func run(_ timeline: Timeline, into findings: inout Findings) {
        for view in timeline.history.views.indices {
            var sides: [(next: Int32, order: Order)] = []
            var staying: [Order] = []
            var reference: Order?
            for group in timeline.tenuresByNext(in: Int32(view)) {
                if group.next < 0 {
                    staying = group.tenures.map { order(of: $0, timeline) }
                } else {
                    let order = one(group.tenures, timeline, &findings)
                    sides.append((group.next, order))
                    if sequencerWent(from: Int32(view), to: group.next, timeline) { reference = order }
                }
            }
            if sides.count + staying.count < 2 { continue }
            // Those that came to their side's cut without a Hold are like those who entered its view.
            staying.removeAll { isWithItsSide($0, sides, timeline) }
            prefixes(sides.map(\.order) + staying, of: reference, timeline, &findings)
        }
    }

    private static func order(of index: Int32, _ timeline: Timeline) -> Order {
        let tenure = timeline.tenures[Int(index)]
        var messages: [Int32] = []
        var free: Int?
        for place in tenure.events {
            let event = timeline.event(at: place)
            if event.kind == .deliver, event.order >= TraceHistory.total, event.to < 0 {
                messages.append(event.message)
            } else if event.kind == .hold, free == nil {
                free = messages.count
            }
        }
        // Without a Hold, who went on may have ended V at any place; who did not has not begun to.
        return Order(tenure: index, messages: messages, free: free ?? (tenure.next < 0 ? messages.count : 0))
    }

    private static func isWithItsSide(
        _ order: Order, _ sides: [(next: Int32, order: Order)], _ timeline: Timeline
    ) -> Bool {
        guard order.free == order.messages.count else { return false }
        let member = timeline.history.member(seat: timeline.tenures[Int(order.tenure)].seat)
        return sides.contains { side in
            side.order.messages.starts(with: order.messages)
                && timeline.history.members(of: side.next)?.contains(member) ?? false
        }
    }

    /// All tenures that went on together; returns their order, with the longest part before a Hold.
    private static func one(_ tenures: [Int32], _ timeline: Timeline, _ findings: inout Findings) -> Order {
        let history = timeline.history
        var first = order(of: tenures[0], timeline)
        for index in tenures.dropFirst() {
            let mine = order(of: index, timeline)
            first.free = max(first.free, min(mine.free, first.messages.count))
            // A message that one of them lacks is D4's; where both have one, it is the same.
            guard let place = difference(first.messages[...], mine.messages[...]) else { continue }
            let tenure = timeline.tenures[Int(index)]
            findings.add(
                "O3", timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                """
                total message \(place + 1) of \(history.name(view: tenure.view)) is \
                \(history.name(message: mine.messages[place])) here and \
                \(history.name(message: first.messages[place])) at \
                \(timeline.name(timeline.tenures[Int(first.tenure)])), and both went to \
                \(history.name(view: timeline.nextView(tenure)))
                """)
        }
        return first
    }

    private static func difference(_ one: ArraySlice<Int32>, _ other: ArraySlice<Int32>) -> Int? {
        zip(one, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    }

    private static func prefixes(
        _ orders: [Order], of reference: Order?, _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        guard let longest = orders.max(by: { $0.free < $1.free }), longest.free > 0 else { return }
        let base = reference ?? longest
        let order = reference == nil ? base.messages[..<base.free] : base.messages[...]
        for other in orders where other.tenure != base.tenure {
            let mine = other.messages[..<other.free]
            guard
                let place = difference(order, mine)
                    ?? (reference != nil && mine.count > order.count ? order.count : nil)
            else { continue }
            let tenure = timeline.tenures[Int(other.tenure)]
            findings.add(
                "O3",
                tenure.next < 0
                    ? timeline.lastEvent(tenure) : timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                """
                total message \(place + 1) of \(history.name(view: tenure.view)) is \
                \(history.name(message: mine[place])) here, before any Hold, and \
                \(place < order.count ? history.name(message: order[place]) : "none") at \
                \(timeline.name(timeline.tenures[Int(base.tenure)]))
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
