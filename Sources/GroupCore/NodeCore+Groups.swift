import GroupModel
import HWGProtocol
import LWGProtocol

/// What passes between the heavyweight groups of a node and its light-weight layer.
extension NodeCore {
    /// Messages of the datagrams of one turn go up together, unless more than messages came, or very many.
    mutating func gather(_ slot: Int, at now: Instant, into effects: inout Effects) {
        waitingSlot = slot
        if carriesAtOnce || !hwgOutput.isPlain || hwgOutput.indications.batch.slices.count >= Self.togetherLimit {
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
        assert(waitingSlot < 0 || Mutant.mixedOutput.isOn, "what another group delivered waits in the output")
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
        for exclusion in excluded { exclude(exclusion, except: slot, at: now, into: &effects) }
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
}
