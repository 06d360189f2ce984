import GroupModel
import HWGProtocol
import LWGProtocol

/// The end of a turn, and what is due.
extension NodeCore {
    mutating func turnEnded(at now: Instant, into effects: inout Effects) {
        // Ending one group's turn can give another something to send: bounded, because nothing new arrives meanwhile.
        var rounds = 0
        while !touched.isEmpty, rounds < 8 {
            rounds += 1
            swap(&touched, &ending)
            for place in ending.indices {
                let slot = ending[place]
                isTouched[slot] = false
                guard isLive[slot] else { continue }
                slots[slot].turnEnded(at: now, into: &hwgOutput)
                if !hwgOutput.isEmpty {
                    pump(slot, at: now, into: &effects)
                    settle(at: now, into: &effects)
                }
                let due = slots[slot].nextDeadline
                deadlines.set(slot, to: due)
            }
            ending.removeAll(keepingCapacity: true)
        }
    }

    mutating func deadlineReached(at now: Instant, into effects: inout Effects) {
        var heartbeats: [(MemberID, Bool)] = []
        let changes = peers.deadlineReached(at: now) { heartbeats.append(($0, $1)) }
        sendHeartbeats(heartbeats, at: now, into: &effects)
        apply(changes, at: now, into: &effects)
        if let attendAt, attendAt <= now {
            self.attendAt = nil
            lwg.attend(configuration.defaultGroup, into: &lwgOutput)
            settle(at: now, into: &effects)
        }
        if let announceAt, announceAt <= now {
            self.announceAt = now + configuration.announceInterval
            announce(at: now, into: &effects)
            let members = Set(slots.indices.flatMap { isLive[$0] ? slots[$0].view.members : [] })
            peers.forget { members.contains($0) }
        }
        while let slot = deadlines.popDue(at: now) {
            guard isLive[slot] else { continue }
            slots[slot].deadlineReached(at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
            settle(at: now, into: &effects)
            if slots[slot].departure?.isFinished == true { retire(slot) }
        }
        if let due = lwg.nextDeadline, due <= now {
            lwg.deadlineReached(at: now, into: &lwgOutput)
            settle(at: now, into: &effects)
        }
        finishStop(at: now, into: &effects)
    }

    mutating func announce(at now: Instant, into effects: inout Effects) {
        for slot in slots.indices where isLive[slot] {
            slots[slot].announce(at: now, peers: peers, into: &hwgOutput)
            if !hwgOutput.isEmpty { pump(slot, at: now, into: &effects) }
        }
    }
}
