import GroupModel

// Virtual time, and what happens in it.
extension World {
    /// Lets everything happen up to and including `end`.
    mutating func run(until end: Int64) {
        while let time = heap.nextTime, time <= end, eventCount < Self.eventLimit {
            guard let event = heap.pop() else { break }
            advance(to: time)
            eventCount += 1
            happen(event)
            if isStaged, react() { return }
        }
        advance(to: max(now, end))
    }

    /// Lets everything happen before that moment.
    mutating func run(until moment: WorldMoment) {
        guard let events = moment.events else { return run(until: moment.time) }
        run(until: moment.time - 1)
        advance(to: moment.time)
        while heap.nextTime == now, eventsOfNow < events, let event = heap.pop() {
            eventCount += 1
            happen(event)
            _ = react()
        }
    }

    private mutating func advance(to time: Int64) {
        guard time != now else { return }
        now = time
        firstEventOfNow = eventCount
    }

    /// Those that a script has as events, too.
    var eventsOfNow: Int { eventCount - firstEventOfNow }

    private mutating func happen(_ event: WorldEvent) {
        let node = Int(event.a)
        if event.kind.isDrawn { firstEventOfNow += 1 }
        switch event.kind {
        case .datagram: arrive(event)
        case .serve, .wake, .turnEnd, .act, .holdAnswer, .relief, .persisted, .resume, .again:
            guard nodes[node].life == event.life, nodes[node].isAlive else { return }
            own(event, node)
        case .connect: connect(node, Int(event.b))
        case .connected, .disconnected: tell(event)
        case .disconnectCheck: breakConnection(node, Int(event.b), event.c)
        case .boot: if mayFail, !nodes[node].isAlive { perform(.start(node)) }
        case .restart: if !nodes[node].isAlive { start(node) }
        case .faults: tickOfFaults()
        }
    }

    private mutating func own(_ event: WorldEvent, _ node: Int) {
        if event.kind == .resume { return resume(node) }
        if nodes[node].isPaused {
            switch event.kind {
            case .act:
                // Its applications go on when the node does.
                guard isBusy else { return }
                scheduleAct(node)
                markLuck()
            case .relief: nodes[node].isDueToRead = true
            // What it wanted to do it wants no more.
            case .again: break
            default: nodes[node].backlog.append(event)
            }
            return
        }
        switch event.kind {
        case .serve: serve(node)
        case .wake:
            // One that an earlier deadline replaced is stale; each would otherwise set another.
            guard event.time == nodes[node].wake else { return }
            wake(node)
        case .turnEnd:
            nodes[node].hasOpenTurn = false
            // A clock that drifts rounds a deadline anew at each look.
            if hasCore(node), cores[node][0].isAtRest, nodes[node].drift == 0, !isStaged { return }
            handle(.turnEnded, node, opensTurn: false)
        case .act: act(node)
        case .holdAnswer: answerHold(node, seat: Int(event.b))
        case .relief: perform(.hear(node))
        case .persisted: persisted(event.c, node)
        case .again: doAgain(node, Int(event.b), isJoin: event.c == 1)
        default: break
        }
    }

    /// What the node's clock shows.
    @inline(__always)
    func clock(_ node: Int) -> Instant {
        let drift = nodes[node].drift
        return Instant(
            nanoseconds: drift == 0
                ? now : now + now / 1_000_000_000 * drift + now % 1_000_000_000 * drift / 1_000_000_000)
    }

    /// When the node's clock shows this, or a moment later.
    @inline(__always)
    func time(_ instant: Instant, _ node: Int) -> Int64 {
        let drift = nodes[node].drift
        guard drift != 0 else { return instant.nanoseconds }
        let ahead = instant - clock(node)
        guard ahead > .zero else { return now }
        // Never earlier than due: what is late by less than a tenth is late by little.
        return now + min(ahead.nanoseconds, 1 << 50) * 1_000 / (1_000 + drift / 1_000_000) + 1
    }
}
