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
        refreshStops()
        scheduleGrace()
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
        refreshStops()
        scheduleGrace()
    }

    /// The consumer needs longer: heartbeats and membership must go on, so reading resumes, and data of its heavyweight
    /// groups are put back to the network until it has caught up. Their senders repeat them.
    func pauseEnded() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        pause?.cancel()
        socket.resumeReading()
    }

    /// The heavyweight group that carries the seat; nil when the seat is gone.
    func place(_ seat: Seat, on hwg: HWGID?) {
        guard seat.hwg != hwg else { return }
        let consumer = seat.consumer
        if let old = seat.hwg {
            seatsOn[old] = seatsOn[old].flatMap { $0 > 1 ? $0 - 1 : nil }
            consumer.seatsOn[old] = consumer.seatsOn[old].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
        if let hwg {
            seatsOn[hwg, default: 0] += 1
            consumer.seatsOn[hwg, default: 0] += 1
        }
        seat.hwg = hwg
        // Later: deliveries may be half handed over now.
        if consumer.isBehind { stopsAreStale = true }
    }

    func refreshStops() {
        stopsAreStale = false
        var groups: Set<HWGID> = []
        if behind > 0 {
            for case let consumer? in consumers where consumer.isBehind { groups.formUnion(consumer.seatsOn.keys) }
        }
        guard groups != stopped else { return }
        let isRelief = !stopped.isSubset(of: groups)
        stopped = groups
        handle(.refuseData(of: groups.sorted()))
        guard isRelief else { return }
        pauseEnded()
        retriesBlocked = true
        tellAllWritable()
    }

    // MARK: Eviction

    /// Seats of groups whose consumers are evicted.
    private func evictable(_ consumer: Consumer) -> [Seat] {
        seats.compactMap { $0 }.filter { $0.consumer === consumer && $0.policy == .evict }
    }

    private func graceEnd(_ consumer: Consumer) -> Instant? {
        guard consumer.isBehind, !evictable(consumer).isEmpty else { return nil }
        return consumer.behindSince + Interval(settings.slowConsumerGrace)
    }

    private func scheduleGrace() {
        guard stage == .running, behind > 0, let due = consumers.compactMap({ $0.flatMap(graceEnd) }).min() else {
            grace?.cancel()
            return
        }
        grace?.schedule(after: max(0, (due - now).nanoseconds))
    }

    func graceEnded() {
        let now = now
        for case let consumer? in consumers {
            if let due = graceEnd(consumer), due <= now { evict(evictable(consumer)) }
        }
        scheduleGrace()
    }

    /// A consumer that is behind got a view of the heavyweight view `view`.
    func sawView(_ consumer: Consumer, _ view: ViewID) {
        guard consumer.lastViewBehind != view else { return }
        consumer.lastViewBehind = view
        consumer.viewsBehind += 1
        guard consumer.viewsBehind > Self.viewsBehindLimit else { return }
        evict(seats.compactMap { $0 }.filter { $0.consumer === consumer })
    }

    private func evict(_ seats: [Seat]) {
        guard !seats.isEmpty else { return }
        statistics.evictedSeats &+= UInt64(seats.count)
        logger.write(
            .seatsEvicted,
            "\(seats.count) seats are lost, the first in ‘\(seats[0].group.name)’: their consumer does not take its messages"
        )
        handle(.evict(seats: seats.map(\.handle), .slow))
    }
}
