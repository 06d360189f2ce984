import GroupModel

// A consumer that is behind its bounds stops the node from taking data (see `GroupNode`).
extension NodeRuntime {
    /// How long nothing is read at all, in nanoseconds: long enough for most consumers to catch up, so that nothing
    /// needs to be sent twice, and a twentieth of the default failure time-out, so that nobody is suspected for it.
    static let readingPause: Int64 = 50_000_000

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
        behind += 1
        guard behind == 1 else { return }
        statistics.readPauses &+= 1
        socket.pauseReading()
        pause?.schedule(after: min(Self.readingPause, Interval(settings.failureTimeout).nanoseconds / 10))
    }

    func caughtUp(_ consumer: Consumer) {
        guard consumer.isBehind else { return }
        consumer.isBehind = false
        behind -= 1
        guard behind == 0 else { return }
        pause?.cancel()
        intake.pointee.refusesData = false
        socket.resumeReading()
        retriesBlocked = true
        tellAllWritable()
    }

    /// The consumer needs longer: heartbeats and membership must go on, so reading resumes, and data frames are put
    /// back to the network until the consumer has caught up. Their senders repeat them.
    func pauseEnded() {
        guard behind > 0 else { return }
        intake.pointee.refusesData = true
        socket.resumeReading()
    }
}
