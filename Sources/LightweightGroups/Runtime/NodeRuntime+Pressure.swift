import GroupModel

// A consumer that is behind its bounds stops the senders of its groups, or loses its seats (see `GroupNode`).
extension NodeRuntime {
    /// How long nothing is read at all, in nanoseconds: long enough for most consumers to catch up, so that nothing
    /// needs to be sent twice, and a twentieth of the default failure time-out, so that nobody is suspected for it.
    static let readingPause: Int64 = 50_000_000

    /// A view change delivers what its cut names, a window per sender, also to a consumer that is behind. After so many,
    /// one that has not read meanwhile is evicted whatever its policy, so that memory stays bounded.
    static let viewsBehindLimit = 8

    /// Called on any thread when a queue is down to half its bounds.
    func relief(of index: Int) -> @Sendable () -> Void {
        { [weak self] in
            guard let self else { return }
            loop.execute { [self] in
                guard index < consumers.count, let consumer = consumers[index] else { return }
                caughtUp(consumer)
            }
        }
    }

    func fellBehind(_ consumer: Consumer) {
        // A node that stops no longer waits for its consumers: what comes until it has left is little.
        guard !consumer.isBehind, stage == .running else { return }
        consumer.isBehind = true
        consumer.behindSince = now
        consumer.viewsBehind = 0
        consumer.lastViewBehind = nil
        behind += 1
        for hwg in consumer.seatsOn.keys { countStop(of: hwg, by: 1) }
        refreshStops()
        if consumer.evictableSeats > 0, graceDue == nil { scheduleGrace(at: graceEnd(consumer)) }
        // What the kernel holds meanwhile needs no repeating; but other heavyweight groups must not wait.
        guard !isReadingPaused, stopped.count == seatsOn.count else { return }
        isReadingPaused = true
        statistics.readPauses &+= 1
        socket.pauseReading()
        pause?.schedule(after: min(Self.readingPause, Interval(settings.failureTimeout).nanoseconds / 10))
    }

    func caughtUp(_ consumer: Consumer) {
        guard consumer.isBehind else { return }
        consumer.isBehind = false
        behind -= 1
        for hwg in consumer.seatsOn.keys { countStop(of: hwg, by: -1) }
        refreshStops()
    }

    /// The consumer needs longer: heartbeats and membership must go on, so reading resumes, and data of its heavyweight
    /// groups are put back to the network until it has caught up. Their senders repeat them.
    func pauseEnded() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        pause?.cancel()
        socket.resumeReading()
    }

    // MARK: Stops

    /// The heavyweight group that carries the seat; nil when the seat is gone.
    func place(_ seat: Seat, on hwg: HWGID?) {
        guard seat.hwg != hwg else { return }
        let consumer = seat.consumer
        if let old = seat.hwg {
            Self.count(&seatsOn, old, -1)
            // Deliveries may be half handed over: what follows from this waits for their end.
            if Self.count(&consumer.seatsOn, old, -1) == 0, consumer.isBehind { countStop(of: old, by: -1) }
        }
        if let hwg {
            Self.count(&seatsOn, hwg, 1)
            if Self.count(&consumer.seatsOn, hwg, 1) == 1, consumer.isBehind { countStop(of: hwg, by: 1) }
        }
        seat.hwg = hwg
        // It may be the first that is evictable of an inbox that was behind already.
        if consumer.isBehind, consumer.evictableSeats > 0, graceDue == nil { scheduleGrace(at: graceEnd(consumer)) }
    }

    @discardableResult
    private static func count(_ counts: inout [HWGID: Int], _ hwg: HWGID, _ change: Int) -> Int {
        let count = counts[hwg, default: 0] + change
        counts[hwg] = count > 0 ? count : nil
        return count
    }

    private func countStop(of hwg: HWGID, by change: Int) {
        let isFirstOrLast = Self.count(&stopped, hwg, change) == max(change, 0)
        guard isFirstOrLast else { return }
        stopsAreStale = true
        if change < 0 { hasRelief = true }
    }

    /// Tells the core what is stopped now, and who waited for relief that it is there.
    func refreshStops() {
        guard stopsAreStale else { return }
        stopsAreStale = false
        handle(.refuseData(of: stopped.keys.sorted()))
        guard hasRelief else { return }
        hasRelief = false
        pauseEnded()
        retriesBlocked = true
        tellAllWritable()
    }

    // MARK: Eviction

    private func graceEnd(_ consumer: Consumer) -> Instant {
        consumer.behindSince + Interval(settings.slowConsumerGrace)
    }

    private func scheduleGrace(at due: Instant?) {
        graceDue = due
        if let due { grace?.schedule(after: max(0, (due - now).nanoseconds)) }
    }

    /// Who is still behind after the grace time is evicted where the policy says so. One timer for all: the first that fell
    /// behind is due first.
    func graceEnded() {
        let now = now
        var next: Instant?
        for case let consumer? in consumers where consumer.isBehind && consumer.evictableSeats > 0 {
            let due = graceEnd(consumer)
            if due <= now { consumer.isDue = true } else { next = min(next ?? due, due) }
        }
        evictDue { $0.policy == .evict }
        scheduleGrace(at: stage == .running ? next : nil)
    }

    /// A consumer that is behind got a view of the heavyweight view `view`.
    func sawView(_ consumer: Consumer, _ view: ViewID) {
        guard consumer.lastViewBehind != view else { return }
        consumer.lastViewBehind = view
        consumer.viewsBehind += 1
        guard consumer.viewsBehind > Self.viewsBehindLimit else { return }
        consumer.isDue = true
        hasSleepers = true
    }

    /// Those who slept through too many views, whatever their policy.
    func evictSleepers() {
        guard hasSleepers else { return }
        hasSleepers = false
        evictDue { _ in true }
    }

    private func evictDue(_ condition: (Seat) -> Bool) {
        var due: [Seat] = []
        for case let seat? in seats where seat.consumer.isDue && condition(seat) { due.append(seat) }
        for case let consumer? in consumers { consumer.isDue = false }
        guard !due.isEmpty else { return }
        statistics.evictedSeats &+= UInt64(due.count)
        logger.write(
            .seatsEvicted,
            "\(due.count) seats are lost, the first in ‘\(due[0].group.name)’: their consumer does not take its messages"
        )
        handle(.evict(seats: due.map(\.handle), .slow))
    }
}
