import GroupModel

/// Where views and messages of some seats go: one group's event stream, an inbox, or a handler on the loop. Lives on
/// the loop; it gathers one turn's steps and hands them over together.
final class Consumer {
    enum Sink: Sendable {
        case stream(EventQueue)
        case inbox(Inbox)
        case handler(BatchHandler)
    }

    let sink: Sink
    /// The node-wide number by which seats find their consumer.
    let index: Int
    /// Seats that feed this consumer; a stream or handler without any is dropped.
    var seatCount = 0
    /// How many of them ride on which heavyweight group.
    var seatsOn: [HWGID: Int] = [:]
    /// How many of them are lost when it does not keep up.
    var evictableSeats = 0
    /// Its queue is over its bounds.
    var isBehind = false
    var behindSince = Instant.zero
    /// Heavyweight views that were installed since.
    var viewsBehind = 0
    var lastViewBehind: ViewID?
    /// It has been behind for too long.
    var isDue = false
    private(set) var isTouched = false
    private(set) var entries = 0

    var slices: [LWGSlice] = []
    private var steps: [BatchStep] = []
    private var seats: [SeatRecord?] = []
    private var changes: [(seat: UInt32, entry: Int, record: SeatRecord)] = []

    init(_ sink: Sink, index: Int) {
        self.sink = sink
        self.index = index
    }

    // MARK: Gathering

    /// The next `count` entries belong to this consumer. True for the first step of a turn.
    func messages(_ count: Int) -> Bool {
        let end = entries + count
        if case .messages(let range) = steps.last {
            steps[steps.count - 1] = .messages(range.lowerBound..<end)
        } else {
            steps.append(.messages(entries..<end))
        }
        entries = end
        return touch()
    }

    func event(_ group: Group, _ event: GroupEvent) -> Bool {
        steps.append(.event(group, event))
        return touch()
    }

    func view(_ group: Group, _ view: GroupView) -> Bool {
        let record = SeatRecord(group: group, view: view)
        changes.append((group.key.index, entries, record))
        return event(group, .view(view))
    }

    private func touch() -> Bool {
        defer { isTouched = true }
        return !isTouched
    }

    // MARK: Handing over

    /// Hands over what was gathered; `packets` hold the slices' bytes. True when the queue is over its bounds now.
    func finish(packets: [Packet]) -> Bool {
        guard isTouched else { return false }
        var turn = TurnBatch()
        swap(&turn.steps, &steps)
        swap(&turn.slices, &slices)
        turn.seats = seats
        if !changes.isEmpty {
            if !turn.slices.isEmpty {
                for change in changes { turn.changes[change.seat, default: []].append((change.entry, change.record)) }
            }
        }
        entries = 0
        isTouched = false
        var isOver = false
        switch sink {
        case .handler(let handler):
            handler(LoopBatch(turn))
            apply()
            reuse(&turn)
        case .inbox(let inbox):
            if !turn.slices.isEmpty { turn.packets = packets }
            // The next turn is likely of this size; growing there step by step would copy it over and over.
            slices.reserveCapacity(turn.slices.count)
            isOver = inbox.push(turn)
            apply()
        case .stream(let queue):
            isOver = Self.push(turn, to: queue)
            apply()
            reuse(&turn)
        }
        return isOver
    }

    /// Called when a seat left: its record must not keep the group alive. Another one may have its place already.
    func forget(_ seat: SeatKey) {
        let index = Int(seat.index)
        if index < seats.count, seats[index]?.group.key == seat { seats[index] = nil }
    }

    private func apply() {
        for change in changes {
            let index = Int(change.seat)
            while seats.count <= index { seats.append(nil) }
            seats[index] = change.record
        }
        changes.removeAll(keepingCapacity: true)
    }

    // What a handler sent meanwhile was gathered for the next turn only if nothing else is: arrays are kept, not
    // contents.
    private func reuse(_ turn: inout TurnBatch) {
        if slices.isEmpty {
            turn.slices.removeAll(keepingCapacity: true)
            swap(&turn.slices, &slices)
        }
        if steps.isEmpty {
            turn.steps.removeAll(keepingCapacity: true)
            swap(&turn.steps, &steps)
        }
    }

    // The messages of one turn are copied into one buffer, so that a slow reader of small messages keeps these
    // alive and not the packets of all other groups.
    private static func push(_ turn: TurnBatch, to queue: EventQueue) -> Bool {
        let total = turn.slices.reduce(0) { $0 + Int($1.length) }
        let packet = Packet(capacity: total)
        var events: [GroupEvent] = []
        events.reserveCapacity(turn.slices.count + turn.steps.count)
        var offset = 0
        var held = 0
        for step in turn.steps {
            switch step {
            case .event(_, let event):
                events.append(event)
                held += event.heldBytes
            case .messages(let range):
                for index in range {
                    let slice = turn.slices[index]
                    let length = Int(slice.length)
                    (packet.bytes + offset).copyMemory(from: slice.start, byteCount: length)
                    events.append(
                        .message(
                            GroupMessage(
                                sender: turn.sender(ofEntryAt: index), number: slice.number, order: slice.order,
                                isTransitional: slice.isTransitional, isDirect: false, packet: packet,
                                offset: offset, count: length)))
                    offset += length
                }
            }
        }
        packet.count = total
        return queue.push(events, messages: events.count, bytes: total + held)
    }

    /// Nothing follows.
    func finishForGood() {
        switch sink {
        case .stream(let queue): queue.finish()
        case .inbox(let inbox): inbox.finish()
        case .handler: break
        }
    }
}
