/// O1: each sender's messages of a group, of all orders, in the order sent and without gaps; point-to-point messages
/// likewise for each pair. Numbers grow in the order sent. O4: no holes below the cut, that is, below the highest delivered when the view ends.
enum SenderOrderChecks {
    /// Per sender, what a tenure has delivered; cleared by naming the next tenure.
    private struct Row {
        var tenure: Int32 = -1
        var expected: Int32 = 0
        var highest: Int32 = -1
        var count: Int32 = 0
    }

    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        numbers(timeline, &findings)
        var multicasts = [Row](repeating: Row(), count: history.members.count)
        var directs = multicasts
        for (number, tenure) in timeline.tenures.enumerated() {
            let number = Int32(number)
            for place in tenure.events {
                let event = timeline.event(at: place)
                guard event.kind == .deliver else { continue }
                let message = history.messages[Int(event.message)]
                let sequence = timeline.sequence[Int(event.message)]
                // What was sent in another view, or never, is D3's and D1's.
                guard sequence >= 0, history.events[Int(message.send)].view == tenure.view else { continue }
                if event.to < 0 {
                    take(event, sequence, number, place, &multicasts[Int(message.sender)], timeline, &findings)
                } else {
                    take(event, sequence, number, place, &directs[Int(message.sender)], timeline, &findings)
                }
            }
            if tenure.next >= 0 { holes(tenure, number, multicasts, timeline, &findings) }
        }
    }

    /// A sender numbers its messages in the order in which it sends them, to all and to each one.
    private static func numbers(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        var multicasts = [UInt64](repeating: 0, count: history.seats.count)
        var directs: [UInt64: UInt64] = [:]
        for (index, event) in history.events.enumerated() where event.kind == .send {
            let number = history.messages[Int(event.message)].number
            let last: UInt64
            if event.to < 0 {
                last = multicasts[Int(event.seat)]
                multicasts[Int(event.seat)] = number
            } else {
                let pair = UInt64(event.seat) << 32 | UInt64(event.to)
                last = directs.updateValue(number, forKey: pair) ?? 0
            }
            // The same number again is D1's.
            if number >= last { continue }
            findings.add(
                "O1", Int32(index), "sends \(history.name(message: event.message)) after its number \(last)")
        }
    }

    private static func take(
        _ event: TraceHistory.Event, _ sequence: Int32, _ tenure: Int32, _ place: Int, _ row: inout Row,
        _ timeline: Timeline, _ findings: inout Findings
    ) {
        if row.tenure != tenure { row = Row(tenure: tenure) }
        if sequence != row.expected {
            let name = timeline.history.name(message: event.message)
            let view = timeline.history.name(view: event.view)
            findings.add(
                "O1", timeline.order[place],
                sequence < row.expected
                    ? "delivers \(name) after a later message of its sender"
                    : """
                    delivers \(name), its sender's message \(sequence + 1) in \(view), where message \
                    \(row.expected + 1) is next
                    """)
        }
        row.expected = max(row.expected, sequence + 1)
        row.highest = max(row.highest, sequence)
        row.count += 1
    }

    private static func holes(
        _ tenure: Timeline.Tenure, _ number: Int32, _ rows: [Row], _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        for place in tenure.events {
            let event = timeline.event(at: place)
            guard event.kind == .deliver, event.to < 0 else { continue }
            let message = history.messages[Int(event.message)]
            let row = rows[Int(message.sender)]
            // At the sender's highest only, so that each sender is judged once.
            guard row.tenure == number, timeline.sequence[Int(event.message)] == row.highest,
                row.count <= row.highest
            else { continue }
            findings.add(
                "O4", timeline.installation(timeline.tenures[Int(tenure.next)]).event,
                """
                leaves \(history.name(view: tenure.view)) with \(history.name(message: event.message)), message \
                \(row.highest + 1) of its sender there, but has delivered only \(row.count) of them
                """)
        }
    }
}
