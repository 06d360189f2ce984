import GroupCore
import GroupModel

// The end of a node: what was sent leaves, all groups are left in one flush, then everything is closed.
extension NodeRuntime {
    /// How many failure time-outs the others have to agree to the leave, and of how long ones at most: the longest that may be
    /// configured. A program may have set one that means never.
    private static let patience: Int64 = 10
    private static let longestTimeout = Interval.seconds(300)

    func stop() {
        guard stage == .running else { return }
        stage = .draining
        for call in joins.values { call.answer.resolve(.failure(.stopped)) }
        joins.removeAll()
        // Nobody may read any more; the leave must not wait for a consumer.
        for case let consumer? in consumers { caughtUp(consumer) }
        drainOutbox()
        limit?.schedule(
            after: (min(Interval(settings.failureTimeout), Self.longestTimeout) * Self.patience).nanoseconds)
        drainIfStopping()
    }

    /// Ends the node for what it found out about itself; a start that still waits and `run` throw it.
    func fail(_ error: GroupError) {
        logger.write(.failed, "\(error)")
        problem.withLock { $0 = $0 ?? error }
        stop()
    }

    /// Leaves when nothing waits to be sent.
    func drainIfStopping() {
        guard stage == .draining, blocked.isEmpty else { return }
        stage = .stopping
        // The application has said that it ends: Holds of the last flush are not for it to answer.
        for endpoint in explicitEndpoints.sorted() { explicitHolds(endpoint, false) }
        for case let seat? in seats {
            if let view = seat.group.hold { handle(.holdOK(seat.handle, view)) }
        }
        handle(.stop)
        loop.wake()
    }

    func stopLimitReached() {
        if stage == .draining {
            blocked.removeAll()
            drainIfStopping()
            limit?.schedule(after: Interval(settings.failureTimeout).nanoseconds)
        } else {
            logger.write(.leaveTimedOut, "the groups could not be left in time; ending without the others' consent")
            finish()
        }
    }

    func finish() {
        guard stage != .stopped else { return }
        stage = .stopped
        let last = seats.compactMap { $0 }
        for seat in last { tell(seat, .left(.stopped)) }
        handOver()
        seats.removeAll()
        for seat in last {
            seat.group.end(.stopped)
            abandon(seat)
            for waiter in seat.leaving { waiter() }
        }
        tickets.loseAll()
        for case let consumer? in consumers { consumer.finishForGood() }
        consumers.removeAll()
        inboxes.removeAll()
        writeTrace()
        snapshot()
        metrics?.report(statistics)
        endpoint?.close()
        liveness.close()
        socket.close()
        deadline?.cancel()
        pause?.cancel()
        grace?.cancel()
        limit?.cancel()
        reporting?.cancel()
        rewriting?.cancel()
        majorityLook?.cancel()
        recordFile?.release()
        logger.write(.stopped, "\(names.text(me)) has stopped")
        loop.stop()
    }

    // MARK: Any thread

    /// Returns when the loop has ended, and not before: who goes on at once, as a process does that exits, would lose what
    /// was accepted. A cancelled task waits, too; `stop` bounds how long.
    func hasEnded() async { _ = await end.result() }

    /// The same for who may give up waiting for a node that nobody stops.
    func hasEndedOrCancelled() async { try? await end.value() }

    private var end: Answer<Void> {
        let answer = Answer<Void>()
        let isOpen = enders.withLock { list -> Bool in
            list?.append(answer)
            return list != nil
        }
        if !isOpen { answer.resolve(.success(())) }
        return answer
    }

    func tellEnd() {
        let waiting = enders.withLock { list -> [Answer<Void>] in
            defer { list = nil }
            return list ?? []
        }
        for answer in waiting { answer.resolve(.success(())) }
    }
}
