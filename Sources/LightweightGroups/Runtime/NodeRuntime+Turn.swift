import EventLoop
import GroupCore
import GroupModel

extension NodeRuntime {
    /// Rounds of one turn in which handlers that send make the core run again; what is left waits for the next turn,
    /// which comes at once.
    private static let roundsPerTurn = 32

    /// The end of the loop's turn: the datagrams of this turn are in the core.
    func turn() {
        guard stage != .stopped else { return }
        statistics.turns &+= 1
        drainOutbox()
        if let due = core.pointee.nextDeadline, due <= now {
            // After a pause of the process or the machine, what has arrived is heard before silence is judged.
            if !isReadingPaused { socket.drain() }
            core.pointee.handle(.deadlineReached, at: now, into: &effects.pointee)
        }
        var rounds = 0
        repeat {
            isTurnOpen = false
            core.pointee.handle(.turnEnded, at: now, into: &effects.pointee)
            empty()
            rounds += 1
        } while stage != .stopped && hasEffects && rounds < Self.roundsPerTurn
        guard stage != .stopped else { return }
        if hasEffects { loop.wake() }
        drainIfStopping()
        deadline?.follow(core.pointee.nextDeadline, at: now)
    }

    private var hasEffects: Bool {
        // Groups whose turn the core has not ended yet, because it bounds its rounds, have no deadline that would wake it.
        isTurnOpen || !core.pointee.isAtRest || !effects.pointee.transmissions.isEmpty || !effects.pointee.lwg.isEmpty
            || retriesBlocked
    }

    /// Trace lines to the operating system first: a killed process must not lose the line of a packet that left.
    private func empty() {
        // Names and addresses before both: the lines and the packets of this turn may be the first that need them.
        for card in effects.pointee.learned {
            meet(card, SocketAddress(card.address))
            liveness.learn(.init(card: card, life: 0), from: nil)
        }
        writeTrace()
        transmit()
        if let write = effects.pointee.write { unwritten = write }
        for note in effects.pointee.notes { log(note) }
        let hasStopped = effects.pointee.stopped
        swap(&delivering, &effects.pointee.lwg)
        effects.pointee.removeAll()
        if !delivering.isEmpty {
            deliver()
            delivering.removeAll()
            // The next turn fills the same memory, which is in the caches.
            if effects.pointee.lwg.isEmpty { swap(&delivering, &effects.pointee.lwg) }
        }
        if unwritten != nil { writeRecord() }
        if retriesBlocked { retryBlocked() }
        giveCredit()
        if hasStopped { finish() }
    }

    func writeTrace() {
        guard trace != nil, let failure = trace?.write(effects.pointee.trace) else { return }
        logger.write(.traceFailed, "\(failure); lines are lost and counted until it can be written again")
    }

    // MARK: Packets out

    /// Groups what the core sends by destination, each in its order, so that runs of equal packets leave together.
    private func transmit() {
        if faults != nil { filterTransmissions() }
        guard !effects.pointee.transmissions.isEmpty else { return }
        var used = 0
        // The core emits member by member, so most have the destination of the one before.
        var last: MemberID?
        var bucket = 0
        var address = listenAddress
        for transmission in effects.pointee.transmissions {
            if last != transmission.to {
                guard let found = addresses[transmission.to] else {
                    unaddressed &+= 1
                    continue
                }
                last = transmission.to
                address = found
                if let known = runs[found] {
                    bucket = known
                } else {
                    bucket = used
                    used += 1
                    if bucket == buckets.count { buckets.append([]) }
                    runs[found] = bucket
                }
            }
            let packet = transmission.packet
            buckets[bucket].append(
                OutgoingDatagram(start: packet.bytes, count: packet.count, owner: packet, to: address))
        }
        // One call for all: the last receiver does not wait for the calls before its own.
        if used == 1 {
            socket.send(buckets[0])
        } else {
            for bucket in 0..<used { outgoing.append(contentsOf: buckets[bucket]) }
            socket.send(outgoing)
            outgoing.removeAll(keepingCapacity: true)
        }
        for bucket in 0..<used { buckets[bucket].removeAll(keepingCapacity: true) }
        runs.removeAll(keepingCapacity: true)
    }
}
