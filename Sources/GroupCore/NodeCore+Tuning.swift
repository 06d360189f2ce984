import GroupModel
import HWGProtocol
import LWGProtocol

/// What a running node can be told anew. Safety rests on none of it: times decide when something is suspected, proposed
/// or repeated, and the mapping where groups go that are joined from now on.
extension NodeCore {
    mutating func retune(by fresh: CoreConfiguration, at now: Instant) {
        configuration.heartbeatInterval = fresh.heartbeatInterval
        configuration.failureTimeout = fresh.failureTimeout
        configuration.gather = fresh.gather
        configuration.mergeGather = fresh.mergeGather
        configuration.resendInterval = fresh.resendInterval
        configuration.flushTimeout = fresh.flushTimeout
        if fresh.holdDeadline < configuration.holdDeadline {
            formerHoldDeadline = (toldHoldDeadline(at: now), now + toldHoldDeadline(at: now))
        }
        configuration.holdDeadline = fresh.holdDeadline
        configuration.joinGather = fresh.joinGather
        configuration.announceInterval = fresh.announceInterval
        // The control group is what it is for the node's life.
        if record == nil { configuration.defaultGroup = fresh.defaultGroup }
        configuration.pins = fresh.pins
        configuration.perGroup = fresh.perGroup
        peers.retime(heartbeatInterval: fresh.heartbeatInterval, failureTimeout: fresh.failureTimeout)
        lwg.remap(configuration.mapping)
        mappingDigest = configuration.mapping.digest
        isRemapped = true
        lwg.retime(holdDeadline: fresh.holdDeadline)
        if let due = announceAt { announceAt = min(due, now + fresh.announceInterval) }
        let parameters = configuration.groupParameters
        for slot in slots.indices where isLive[slot] {
            slots[slot].retime(by: parameters)
            // Deadlines follow from the times: the turn's end asks for them again.
            touch(slot)
        }
    }

    /// How long an application here may take with its answer to a Hold.
    ///
    /// ▸ Holds that are raised keep their deadlines. Others, who were told of a shorter one at once, would put the node out.
    func toldHoldDeadline(at now: Instant) -> Interval {
        now < formerHoldDeadline.until && !Mutant.shortDeadlineAtOnce.isOn
            ? max(formerHoldDeadline.deadline, configuration.holdDeadline) : configuration.holdDeadline
    }
}

extension CoreConfiguration {
    var mapping: StaticMapping { StaticMapping(default: defaultGroup, pins: pins, perGroup: perGroup) }

    /// Of each heavyweight group.
    var groupParameters: HWGParameters {
        var parameters = HWGParameters()
        parameters.gather = gather
        parameters.mergeGather = mergeGather
        parameters.resendInterval = resendInterval
        parameters.flushTimeout = flushTimeout
        parameters.joinGather = joinGather
        parameters.rule = PrimaryRule(initialNodes: initialNodes, initialCount: initialCount)
        parameters.multicast = multicast
        parameters.multicast.packetBytes = packetBytes
        parameters.multicast.windowPackets = windowPackets
        parameters.multicast.windowBytes = windowBytes
        return parameters
    }
}
