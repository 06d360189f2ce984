import GroupModel
import HWGProtocol

/// The mode `primary`: between the control group and the node's other heavyweight groups (Design/0010).
extension NodeCore {
    /// The slot of the control group.
    private var controlSlot: Int? {
        guard isPrimaryMode, let slot = slotOfGroup[configuration.defaultGroup], isLive[slot] else { return nil }
        return slot
    }

    /// After anything happened in the slot's group: the others are told what became of the control group, and it what became of
    /// them, before anything else happens.
    mutating func handDown(from slot: Int, at now: Instant, into effects: inout Effects) {
        guard isPrimaryMode, isLive[slot] else { return }
        if slots[slot].id == configuration.defaultGroup {
            let standing = slots[slot].controlStanding
            guard standing != control else { return }
            control = standing
            for other in slots.indices where isLive[other] && other != slot {
                slots[other].controlChanged(standing, at: now, peers: peers, into: &hwgOutput)
                pump(other, at: now, into: &effects)
            }
        } else if isAttached[slot] != slots[slot].isAttached || isSeeking[slot] != slots[slot].isSeeking {
            isAttached[slot] = slots[slot].isAttached
            isSeeking[slot] = slots[slot].isSeeking
            placesChanged(at: now, into: &effects)
        }
    }

    mutating func placesChanged(at now: Instant, into effects: inout Effects) {
        guard let controlSlot else { return }
        var places = Places()
        for slot in slots.indices where isLive[slot] {
            if isAttached[slot] { places.attached.append(slots[slot].id) }
            if isSeeking[slot] { places.wanted.append(slots[slot].id) }
        }
        slots[controlSlot].placesChanged(places, at: now, peers: peers, into: &hwgOutput)
        pump(controlSlot, at: now, into: &effects)
    }

    /// Another group does not decide who is gone.
    mutating func reportToControl(_ members: [MemberID], at now: Instant, into effects: inout Effects) {
        guard let controlSlot else { return }
        for member in members {
            slots[controlSlot].memberSuspected(member, at: now, peers: peers, into: &hwgOutput)
            pump(controlSlot, at: now, into: &effects)
        }
    }

    /// What the group knows of the control group; nil in the mode `all`, and for the control group itself.
    func dependence(of group: HWGID) -> HWG.Dependence? {
        guard isPrimaryMode, let record = currentRecord, group != configuration.defaultGroup else { return nil }
        return HWG.Dependence(origin: record.origin, standing: control)
    }
}
