import GroupModel
import HWGProtocol
import LWGProtocol

/// The heavyweight groups of a node: made, found by their tokens, and forgotten.
extension NodeCore {
    mutating func create(_ group: HWGID, at now: Instant, into effects: inout Effects) {
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

    /// ▸ A light-weight group may have been on another heavyweight group before the mapping changed: the node's messages in it
    /// would have the numbers of earlier ones.
    mutating func numberAlike(at now: Instant, into effects: inout Effects) {
        let number = nextNumber
        for slot in slots.indices where isLive[slot] && slots[slot].nextNumber < number {
            slots[slot].number(from: number, at: now, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }

    /// A group that was left stays for a while, to tell those who have not heard of it.
    mutating func retire(_ slot: Int) {
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

    mutating func refreshTokens(_ slot: Int) {
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
}
