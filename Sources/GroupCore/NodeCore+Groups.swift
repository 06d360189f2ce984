import GroupModel
import GroupWire
import HWGProtocol
import LWGProtocol

/// The heavyweight groups of a node, and what passes between them and the light-weight layer.
extension NodeCore {
    // MARK: Between the layers

    /// Messages of the datagrams of one turn go up together, unless more than messages came, or very many.
    mutating func gather(_ slot: Int, at now: Instant, into effects: inout Effects) {
        waitingSlot = slot
        if isTraced || !hwgOutput.isPlain || hwgOutput.indications.batch.slices.count >= Self.togetherLimit {
            carry(at: now, into: &effects)
        }
    }

    /// Carries what waits.
    @inline(__always)
    mutating func carry(at now: Instant, into effects: inout Effects) {
        guard waitingSlot >= 0 else { return }
        let slot = waitingSlot
        waitingSlot = -1
        pump(slot, at: now, into: &effects)
        settle(at: now, into: &effects)
    }

    /// Carries what one group emitted: datagrams to the shell, indications to the light-weight layer.
    mutating func pump(_ slot: Int, at now: Instant, into effects: inout Effects) {
        touch(slot)
        guard !hwgOutput.isEmpty else { return handDown(from: slot, at: now, into: &effects) }
        let group = slots[slot].id
        if !hwgOutput.transmissions.isEmpty {
            effects.transmissions.append(contentsOf: hwgOutput.transmissions)
        }
        for card in hwgOutput.learned where card.member != me && !peers.knows(card.member) {
            if peers.learn(card, at: now) { effects.learned.append(card) }
        }
        for note in hwgOutput.notes {
            count(note)
            effects.notes.append(.group(group, note))
        }
        if let write = hwgOutput.write {
            counters.recordWrites += 1
            effects.write = write
        }
        let excluded = hwgOutput.excluded
        let suspected = hwgOutput.suspected
        var hasLeft = false
        if !hwgOutput.indications.isEmpty {
            for case .left in hwgOutput.indications.events { hasLeft = true }
            if !isTraced {
                // Appended to what the turn has so far, instead of being copied there afterwards.
                if lwgOutput.up.isEmpty { swap(&effects.lwg, &lwgOutput.up) }
                lwg.handle(hwgOutput.indications, from: group, at: now, into: &lwgOutput)
            } else {
                handleTraced(group, at: now, into: &effects)
            }
        }
        hwgOutput.removeAll()
        takeIndications(at: now, into: &effects)
        refreshTokens(slot)
        handDown(from: slot, at: now, into: &effects)
        if !suspected.isEmpty { reportToControl(suspected, at: now, into: &effects) }
        // Exclusion from one group is suspicion in every shared one.
        for member in excluded where member != me { suspect(member, except: slot, at: now, into: &effects) }
        if hasLeft || slots[slot].hasDeparted { retire(slot) }
    }

    private mutating func count(_ note: HWGNote) {
        switch note {
        case .installed: counters.heavyweightFlushes += 1
        case .noMajority: counters.heldForMajority += 1
        case .gaveUp: counters.gaveUp += 1
        case .otherInitial: counters.otherInitial += 1
        case .held, .restarted, .tookOver, .adopted, .excluded, .refused, .mergeFailed, .left, .donorFailed,
            .lostRecord:
            break
        }
    }

    /// One indication after the other, so that the lines of both layers stand in the order in which things happened.
    private mutating func handleTraced(_ group: HWGID, at now: Instant, into effects: inout Effects) {
        if hwgOutput.indications.events.count == 1 {
            tracer?.heavyweight(group, hwgOutput.indications, at: now, into: &effects)
            lwg.handle(hwgOutput.indications, from: group, at: now, into: &lwgOutput)
            return takeIndications(at: now, into: &effects)
        }
        let all = hwgOutput.indications
        var taken = 0
        for event in all.events {
            var one = HWGIndications()
            one.events = [event]
            if case .messages(let count) = event {
                one.batch.slices = Array(all.batch.slices[taken..<(taken + count)])
                one.batch.packets = all.batch.packets
                taken += count
            }
            tracer?.heavyweight(group, one, at: now, into: &effects)
            lwg.handle(one, from: group, at: now, into: &lwgOutput)
            takeIndications(at: now, into: &effects)
        }
    }

    /// Does what the light-weight layer asked for, until it asks for nothing more.
    mutating func settle(at now: Instant, into effects: inout Effects) {
        takeIndications(at: now, into: &effects)
        if !lwgOutput.notes.isEmpty {
            for note in lwgOutput.notes { effects.notes.append(.lightweight(note)) }
            lwgOutput.notes.removeAll(keepingCapacity: true)
        }
        while !lwgOutput.requests.isEmpty || !lwgOutput.relabels.isEmpty {
            let requests = lwgOutput.requests
            let relabels = lwgOutput.relabels
            lwgOutput.requests.removeAll(keepingCapacity: true)
            lwgOutput.relabels.removeAll(keepingCapacity: true)
            for relabel in relabels { perform(relabel, at: now, into: &effects) }
            for request in requests { perform(request, at: now, into: &effects) }
            takeIndications(at: now, into: &effects)
        }
        finishStop(at: now, into: &effects)
    }

    private mutating func takeIndications(at now: Instant, into effects: inout Effects) {
        guard !lwgOutput.up.isEmpty else { return }
        if isTraced { tracer?.lightweight(lwgOutput.up, at: now, into: &effects) }
        if effects.lwg.isEmpty {
            swap(&effects.lwg, &lwgOutput.up)
        } else {
            effects.lwg.append(lwgOutput.up)
        }
        lwgOutput.up.removeAll()
    }

    private mutating func perform(_ request: HWGRequest, at now: Instant, into effects: inout Effects) {
        switch request {
        case .join(let group):
            return create(group, at: now, into: &effects)
        case .leave(let group):
            guard let slot = slotOfGroup[group] else { return }
            slots[slot].leave(at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        case .control(let group, let bytes):
            guard let slot = slotOfGroup[group] else { return }
            slots[slot].control(bytes, at: now, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        case .direct(let group, let member, let bytes):
            guard let slot = slotOfGroup[group] else { return }
            _ = slots[slot].direct(to: member, bytes, at: now, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        case .holdOK(let group, let view, let hasState):
            guard let slot = slotOfGroup[group] else { return }
            tracer?.holdOK(group, view, at: now, into: &effects)
            slots[slot].holdOK(view, hasState: hasState, at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        case .flush(let group, let token):
            guard let slot = slotOfGroup[group] else { return }
            slots[slot].flush(token: token, at: now, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }

    private mutating func perform(_ relabel: Relabel, at now: Instant, into effects: inout Effects) {
        guard let slot = slotOfGroup[relabel.hwg] else { return }
        slots[slot].relabel(to: relabel.label, in: relabel.view, at: now, into: &hwgOutput)
        pump(slot, at: now, into: &effects)
    }

    // MARK: Slots

    private mutating func create(_ group: HWGID, at now: Instant, into effects: inout Effects) {
        // Joining again while the departure is still being told ends the telling.
        if let slot = slotOfGroup[group], slots[slot].departure != nil { remove(slot) }
        let limit = isPrimaryMode ? Places.limit : Limits.heavyweightGroups
        guard slotOfGroup[group] == nil, slotOfGroup.count < limit else { return }
        tracer?.joined(group, at: now, into: &effects)
        let created = HWG(
            id: group, me: me, cluster: cluster, parameters: configuration.groupParameters, epochFloor: highestEpoch,
            nextNumber: nextNumber, isFresh: configuration.isFresh,
            record: group == configuration.defaultGroup ? record : nil, dependence: dependence(of: group), at: now,
            into: &hwgOutput)
        let slot = isLive.firstIndex(of: false) ?? slots.count
        if slot == slots.count {
            slots.append(created)
            isLive.append(true)
            tokens.append(SlotTokens(current: created.token.raw, retired: nil))
            isTouched.append(false)
            isAttached.append(false)
            isSeeking.append(false)
            refusesData.append(refused.contains(group))
        } else {
            slots[slot] = created
            isLive[slot] = true
            isAttached[slot] = false
            isSeeking[slot] = false
            refusesData[slot] = refused.contains(group)
            tokens[slot] = SlotTokens(current: created.token.raw, retired: nil)
        }
        slotOfGroup[group] = slot
        slotOfToken[created.token.raw] = slot
        slots[slot].announce(at: now, peers: peers, into: &hwgOutput)
        if announceAt == nil { announceAt = now + configuration.announceInterval }
        pump(slot, at: now, into: &effects)
        if isPrimaryMode { placesChanged(at: now, into: &effects) }
    }

    private var highestEpoch: UInt64 { slots.reduce(pastEpoch) { max($0, $1.highestEpoch) } }
    private var nextNumber: UInt64 { slots.reduce(pastNumber) { max($0, $1.nextNumber) } }

    /// A group that was left stays for a while, to tell those who have not heard of it.
    private mutating func retire(_ slot: Int) {
        guard slots[slot].departure?.isFinished == true else { return }
        remove(slot)
    }

    private mutating func remove(_ slot: Int) {
        guard isLive[slot] else { return }
        pastEpoch = max(pastEpoch, slots[slot].highestEpoch)
        pastNumber = max(pastNumber, slots[slot].nextNumber)
        counters.multicast = counters.multicast + slots[slot].counters
        record = slots[slot].record ?? record
        slotOfGroup[slots[slot].id] = nil
        slotOfToken[tokens[slot].current] = nil
        if let retired = tokens[slot].retired { slotOfToken[retired] = nil }
        isLive[slot] = false
        deadlines.set(slot, to: nil)
    }

    private mutating func refreshTokens(_ slot: Int) {
        let current = slots[slot].token.raw
        guard isLive[slot], current != tokens[slot].current else { return }
        if let retired = tokens[slot].retired { slotOfToken[retired] = nil }
        let retired = slots[slot].retiredToken?.raw
        tokens[slot] = SlotTokens(current: current, retired: retired)
        slotOfToken[current] = slot
        if let retired { slotOfToken[retired] = slot }
    }

    @inline(__always)
    mutating func touch(_ slot: Int) {
        guard !isTouched[slot] else { return }
        isTouched[slot] = true
        touched.append(slot)
    }

    // MARK: Turns and time

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
        sendHeartbeats(heartbeats, into: &effects)
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

    private mutating func announce(at now: Instant, into effects: inout Effects) {
        for slot in slots.indices where isLive[slot] {
            slots[slot].announce(at: now, peers: peers, into: &hwgOutput)
            if !hwgOutput.isEmpty { pump(slot, at: now, into: &effects) }
        }
    }

    // MARK: Peers

    mutating func peerConnected(_ card: NodeCard, at now: Instant, into effects: inout Effects) {
        guard card.member != me else { return }
        apply(peers.connected(card, at: now), at: now, into: &effects)
        sendHeartbeats([(card.member, true)], into: &effects)
        announce(at: now, into: &effects)
    }

    /// One packet for all who hear the same.
    private func sendHeartbeats(_ heartbeats: [(member: MemberID, hearsYou: Bool)], into effects: inout Effects) {
        var packets: (Packet?, Packet?)
        for (member, hearsYou) in heartbeats {
            let packet = (hearsYou ? packets.1 : packets.0) ?? heartbeat(hearsYou: hearsYou)
            if hearsYou { packets.1 = packet } else { packets.0 = packet }
            effects.transmissions.append(Transmission(packet: packet, to: member))
        }
    }

    private func heartbeat(hearsYou: Bool) -> Packet {
        var writer = ByteWriter(reserving: FrameHeader.bytes + 1)
        writer.frameHeader(FrameHeader(kind: .heartbeat, cluster: cluster, sender: me))
        writer.bool(hearsYou)
        return Packet(writer.bytes)
    }

    mutating func apply(_ changes: [PeerTable.Change], at now: Instant, into effects: inout Effects) {
        for change in changes {
            guard let cause = change.suspicion else {
                effects.notes.append(.alive(change.member))
                heard(change.member, at: now, into: &effects)
                continue
            }
            counters.suspicions += 1
            effects.notes.append(.suspected(change.member, Note.Suspicion(cause)))
            suspect(change.member, except: nil, at: now, into: &effects)
        }
    }

    private mutating func heard(_ member: MemberID, at now: Instant, into effects: inout Effects) {
        guard record != nil else { return }
        for slot in slots.indices where isLive[slot] {
            slots[slot].memberHeard(member, at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }

    mutating func recordPersisted(_ sequence: UInt64, at now: Instant, into effects: inout Effects) {
        for slot in slots.indices where isLive[slot] {
            slots[slot].recordPersisted(sequence, at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }

    private mutating func suspect(_ member: MemberID, except: Int?, at now: Instant, into effects: inout Effects) {
        for slot in slots.indices where slot != except && isLive[slot] {
            slots[slot].memberSuspected(member, at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }
}
