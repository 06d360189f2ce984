/// What one member delivers: D1 only what was sent, D2 once, D3 in the view it was sent in, D5 nothing of a view
/// that it has left, D6 its own messages before it goes on.
enum DeliveryChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        sends(timeline, &findings)
        // Per message the seat that delivered it last, for D2, and the tenure in which, for D6.
        var delivererOf = [Int32](repeating: -1, count: history.messages.count)
        for seat in history.seats.indices {
            let seat = Int32(seat)
            for place in timeline.starts[Int(seat)]..<timeline.starts[Int(seat) + 1] {
                let index = timeline.order[place]
                let event = history.events[Int(index)]
                guard event.kind == .deliver else { continue }
                if delivererOf[Int(event.message)] == seat {
                    findings.add("D2", index, "delivers \(history.name(message: event.message)) again")
                }
                delivererOf[Int(event.message)] = seat
                integrity(index, event, timeline, &findings)
                rightView(index, event, timeline, &findings)
            }
        }
        ownMessages(timeline, &findings)
    }

    /// D1: a name is given to one message only, by its sender. D3: it is sent in the view that its sender is in.
    private static func sends(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        for (index, event) in history.events.enumerated() where event.kind == .send {
            let message = history.messages[Int(event.message)]
            let index = Int32(index)
            if message.send != index {
                findings.add("D1", index, "sends \(history.name(message: event.message)) a second time")
            }
            if message.sender != history.member(seat: event.seat) {
                findings.add("D1", index, "sends \(history.name(message: event.message)) in another's name")
            }
            let tenure = timeline.tenureOf[Int(index)]
            if tenure >= 0, timeline.tenures[Int(tenure)].view != event.view {
                findings.add(
                    "D3", index,
                    """
                    sends \(history.name(message: event.message)) in \(history.name(view: event.view)), but is in \
                    \(history.name(view: timeline.tenures[Int(tenure)].view))
                    """)
            }
        }
    }

    private static func integrity(
        _ index: Int32, _ event: TraceHistory.Event, _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        let message = history.messages[Int(event.message)]
        guard message.send >= 0 else {
            findings.add(
                "D1", index,
                """
                delivers \(history.name(message: event.message)), which no line sends (is the trace of \
                \(history.name(member: history.members[Int(message.sender)].process)) among the files?)
                """)
            return
        }
        let send = history.events[Int(message.send)]
        // A process's lines are in its order, so that here, and only here, before and after are plain.
        if send.process == event.process, message.send > index {
            findings.add("D1", index, "delivers \(history.name(message: event.message)) before it is sent")
        }
        if send.order != event.order {
            findings.add(
                "D1", index,
                """
                delivers \(history.name(message: event.message)) as \(TraceHistory.orders[Int(event.order)]), which was \
                sent as \(TraceHistory.orders[Int(send.order)])
                """)
        }
        let me = history.member(seat: event.seat)
        if send.to != event.to || (send.to >= 0 && send.to != me) {
            findings.add(
                "D1", index,
                """
                delivers \(history.name(message: event.message)), which was sent to \
                \(send.to < 0 ? "all" : history.name(member: send.to))
                """)
        }
    }

    private static func rightView(
        _ index: Int32, _ event: TraceHistory.Event, _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        let tenure = timeline.tenureOf[Int(index)]
        guard tenure >= 0 else { return }
        let current = timeline.tenures[Int(tenure)].view
        let send = history.messages[Int(event.message)].send
        let sent = send < 0 ? event.view : history.events[Int(send)].view
        if event.view == current && sent == current { return }
        let name = history.name(message: event.message)
        findings.add(
            "D3", index,
            """
            delivers \(name) in \(history.name(view: current)), which was sent in \(history.name(view: sent)) \
            (the line says \(history.name(view: event.view)))
            """)
        if let left = timeline.tenure(of: event.seat, in: sent), left < tenure {
            findings.add(
                "D5", index,
                "delivers \(name), sent in \(history.name(view: sent)), after it installed \(history.name(view: current))"
            )
        }
    }

    private static func ownMessages(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        var deliveredIn = [Int32](repeating: -1, count: history.messages.count)
        for (number, tenure) in timeline.tenures.enumerated() where tenure.next >= 0 {
            for place in tenure.events {
                let event = timeline.event(at: place)
                if event.kind == .deliver { deliveredIn[Int(event.message)] = Int32(number) }
            }
            for place in tenure.events {
                let event = timeline.event(at: place)
                guard event.kind == .send, event.to < 0, deliveredIn[Int(event.message)] != Int32(number) else {
                    continue
                }
                findings.add(
                    "D6", timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                    """
                    installs \(history.name(view: timeline.nextView(tenure))) without having delivered its own \
                    \(history.name(message: event.message)) of \(history.name(view: tenure.view))
                    """)
                break
            }
        }
    }
}
