import GroupModel
import GroupWire
import HWGProtocol
import LWGProtocol

/// What the node hears of its peers, and tells its groups of them.
extension NodeCore {
    mutating func peerConnected(_ card: NodeCard, at now: Instant, into effects: inout Effects) {
        guard card.member != me else { return }
        apply(peers.connected(card, at: now), at: now, into: &effects)
        sendHeartbeats([(card.member, true)], at: now, into: &effects)
        announce(at: now, into: &effects)
    }

    /// One packet for all who hear the same.
    func sendHeartbeats(
        _ heartbeats: [(member: MemberID, hearsYou: Bool)], at now: Instant, into effects: inout Effects
    ) {
        guard !heartbeats.isEmpty else { return }
        let deadline = toldHoldDeadline(at: now)
        var packets: (Packet?, Packet?)
        for (member, hearsYou) in heartbeats {
            let packet =
                (hearsYou ? packets.1 : packets.0)
                ?? Heartbeat(hearsYou: hearsYou, holdDeadline: deadline, mapping: mappingDigest)
                .packet(cluster: cluster, sender: me)
            if hearsYou { packets.1 = packet } else { packets.0 = packet }
            effects.transmissions.append(Transmission(packet: packet, to: member))
        }
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
            suspect(change.member, at: now, into: &effects)
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

    private mutating func suspect(_ member: MemberID, at now: Instant, into effects: inout Effects) {
        for slot in slots.indices where isLive[slot] {
            slots[slot].memberSuspected(member, isSeen: true, at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }

    /// What this node saw in one group is told to every shared one.
    mutating func exclude(
        _ exclusion: HWG.Exclusion, except: Int, at now: Instant, into effects: inout Effects
    ) {
        for slot in slots.indices where slot != except && isLive[slot] {
            slots[slot].memberExcluded(exclusion, at: now, peers: peers, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }
}
