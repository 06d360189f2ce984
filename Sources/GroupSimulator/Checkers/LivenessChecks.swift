/// What must have come about when a history ends after a `quiet` line: faults have stopped, and there was time enough.
///
/// Judged are the processes that are live: their own trace has a `quiet` line and no `stop`. Where only one
/// process that does nothing else wrote `quiet` (a driver's own trace), all processes count that neither stopped nor
/// came back as a later incarnation. Live processes are taken for connected.
///
/// One view per group with exactly its live members (no ghosts), every join finished, every Hold ended, every
/// multicast of the last view delivered by all, and every point-to-point message of it by its receiver. (What was sent in earlier views is D4's and D6's.)
enum LivenessChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        guard history.events.contains(where: { $0.kind == .quiet }) else { return }
        let isLive = liveProcesses(timeline)
        var seatsOf = [[Int32]](repeating: [], count: history.groups.count)
        for seat in history.seats.indices where isLive[Int(history.process(seat: Int32(seat)))] {
            seatsOf[Int(history.seats[seat].group)].append(Int32(seat))
        }
        var taker = [Int32](repeating: -1, count: history.messages.count)
        for seats in seatsOf { judge(seats, timeline, &taker, &findings) }
    }

    private static func liveProcesses(_ timeline: Timeline) -> [Bool] {
        let history = timeline.history
        var isQuiet = [Bool](repeating: false, count: history.members.count)
        var acts = isQuiet
        var isKnown = isQuiet
        for event in history.events {
            let process = Int(event.process)
            isKnown[process] = true
            if event.kind == .quiet { isQuiet[process] = true } else { acts[process] = true }
        }
        // By the number of the lasting name.
        var latest = [UInt64](repeating: 0, count: history.names.count)
        for process in history.members.indices where isKnown[process] {
            let member = history.members[process]
            latest[Int(member.lasting)] = max(latest[Int(member.lasting)], member.incarnation)
        }
        let isDriverOnly = !isQuiet.indices.contains { isQuiet[$0] && acts[$0] }
        return history.members.indices.map { process in
            let member = history.members[process]
            return isKnown[process] && (isDriverOnly || isQuiet[process]) && acts[process]
                && !timeline.stopped[process] && latest[Int(member.lasting)] == member.incarnation
        }
    }

    private static func judge(
        _ seats: [Int32], _ timeline: Timeline, _ taker: inout [Int32], _ findings: inout Findings
    ) {
        let history = timeline.history
        var live: [Timeline.Tenure] = []
        for seat in seats {
            let range = timeline.starts[Int(seat)]..<timeline.starts[Int(seat) + 1]
            guard let last = range.last else { continue }
            let lastEvent = timeline.order[last]
            let asked = range.last { [.join, .leave].contains(timeline.event(at: $0).kind) }
            if let asked, timeline.event(at: asked).kind == .leave { continue }
            let current = timeline.tenureOf[Int(lastEvent)]
            let view = range.last { timeline.event(at: $0).kind == .view }
            if let asked,
                view == nil || timeline.history.events[Int(timeline.order[asked])].kind == .join && asked > view!
            {
                findings.add("liveness", timeline.order[asked], "this join never ended in a view")
                continue
            }
            guard current >= 0 else { continue }
            live.append(timeline.tenures[Int(current)])
        }
        guard let first = live.first else { return }
        for tenure in live {
            if let hold = tenure.events.first(where: { timeline.event(at: $0).kind == .hold }) {
                findings.add(
                    "liveness", timeline.order[hold], "this Hold in \(history.name(view: tenure.view)) never ended")
            }
        }
        if let other = live.first(where: { $0.view != first.view }) {
            findings.add(
                "liveness", timeline.lastEvent(other),
                """
                ends in \(history.name(view: other.view)), and \(timeline.name(first)) in \
                \(history.name(view: first.view))
                """)
            return
        }
        let members = Set(live.map { history.member(seat: $0.seat) })
        for member in history.members(of: first.view) ?? [] where !members.contains(member) {
            findings.add(
                "liveness", timeline.installation(first).event,
                "\(history.name(view: first.view)) holds a ghost: \(history.name(member: member))")
        }
        undelivered(live, timeline, &taker, &findings)
    }

    /// `taker`: per message the seat that was last seen to deliver it.
    private static func undelivered(
        _ live: [Timeline.Tenure], _ timeline: Timeline, _ taker: inout [Int32], _ findings: inout Findings
    ) {
        let history = timeline.history
        var sent: [(message: Int32, event: Int32)] = []
        var directs: [(to: Int32, message: Int32, event: Int32)] = []
        for tenure in live {
            for place in tenure.events {
                let event = timeline.event(at: place)
                guard event.kind == .send else { continue }
                if event.to < 0 {
                    sent.append((event.message, timeline.order[place]))
                } else {
                    directs.append((event.to, event.message, timeline.order[place]))
                }
            }
        }
        if sent.isEmpty, directs.isEmpty { return }
        var seats: [Int32: Int32] = [:]
        for tenure in live {
            seats[history.member(seat: tenure.seat)] = tenure.seat
            for place in tenure.events {
                let event = timeline.event(at: place)
                if event.kind == .deliver { taker[Int(event.message)] = tenure.seat }
            }
            if let missing = sent.first(where: { taker[Int($0.message)] != tenure.seat }) {
                findings.add(
                    "liveness", missing.event,
                    "\(timeline.name(tenure)) never delivered \(history.name(message: missing.message))")
            }
        }
        // Who has left or died may lack what was sent to it.
        for direct in directs {
            guard let seat = seats[direct.to], taker[Int(direct.message)] != seat else { continue }
            findings.add(
                "liveness", direct.event,
                "\(history.name(member: direct.to)) never delivered \(history.name(message: direct.message))")
        }
    }
}
