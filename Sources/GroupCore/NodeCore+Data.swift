import GroupModel
import GroupWire
import HWGProtocol
import LWGProtocol

// The bulk path: datagrams in, messages out.
extension NodeCore {
    /// In: one datagram, borrowed for the call. Nothing in it can trap.
    public mutating func datagramArrived(
        _ bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) {
        datagramArrived(bytes, memory: nil, at: now, into: &effects)
    }

    /// The same. When `memory` keeps the bytes valid and unchanged, packets are kept without being copied.
    public mutating func datagramArrived(
        _ bytes: UnsafeRawBufferPointer, memory: AnyObject?, at now: Instant, into effects: inout Effects
    ) {
        counters.datagrams &+= 1
        let header: FrameHeader
        do {
            header = try FrameHeader.read(bytes)
        } catch {
            counters.rejected[error, default: 0] += 1
            return effects.notes.append(.rejected(error))
        }
        guard header.cluster == cluster else {
            counters.otherCluster += 1
            return effects.notes.append(.otherCluster(from: header.sender))
        }
        guard header.sender != me else { return }
        if let change = peers.heard(header.sender, at: now) {
            if !Mutant.mixedOutput.isOn { carry(at: now, into: &effects) }
            apply([change], at: now, into: &effects)
        }
        switch header.kind {
        case .data, .acknowledge, .negativeAcknowledge, .direct, .directAcknowledge:
            return streamFrameArrived(header, bytes, memory: memory, at: now, into: &effects)
        case .heartbeat:
            guard let heartbeat = Heartbeat(bytes) else { return malformed(header, into: &effects) }
            if let isOther = peers.heartbeatArrived(from: header.sender, heartbeat, mapping: mappingDigest, at: now) {
                effects.notes.append(isOther ? .otherMapping(header.sender) : .sameMapping(header.sender))
            }
        case .propose, .flushed, .cut, .cutReached, .install, .refuse, .report, .installed, .announce, .mergeRequest,
            .mergeAnswer:
            carry(at: now, into: &effects)
            membershipFrameArrived(header, bytes, at: now, into: &effects)
        }
        settle(at: now, into: &effects)
    }

    private mutating func streamFrameArrived(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, memory: AnyObject?, at now: Instant,
        into effects: inout Effects
    ) {
        guard let token = ViewToken(of: bytes) else { return malformed(header, into: &effects) }
        guard let slot = slot(of: token) else {
            carry(at: now, into: &effects)
            strayed(header, bytes, token: token, at: now, into: &effects)
            return settle(at: now, into: &effects)
        }
        if refusesData[slot], header.kind == .data || header.kind == .direct, slots[slot].mayWait(token) {
            counters.refusedData &+= 1
            return
        }
        if slot != waitingSlot { carry(at: now, into: &effects) }
        let isSound =
            slots[slot].streamFrameArrived(
                header.kind, bytes, memory: memory, token: token, from: header.sender, at: now, into: &hwgOutput)
        if slots[slot].isAccepting { slots[slot].acceptanceFilled(token, at: now, peers: peers, into: &hwgOutput) }
        if !isSound { malformed(header, into: &effects) }
        touch(slot)
        gather(slot, at: now, into: &effects)
    }

    /// Most datagrams are of the view that the last one was of.
    private mutating func slot(of token: ViewToken) -> Int? {
        if let lastStream, lastStream.token == token.raw { return lastStream.slot }
        guard let slot = slotOfToken[token.raw] else { return nil }
        lastStream = (token.raw, slot)
        return slot
    }

    /// A view that this node does not know: a group that is about to install it keeps the frame.
    private mutating func strayed(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, token: ViewToken, at now: Instant,
        into effects: inout Effects
    ) {
        counters.strayed += 1
        for slot in slots.indices where isLive[slot] && slots[slot].awaits(token) {
            _ = slots[slot].streamFrameArrived(
                header.kind, bytes, memory: nil, token: token, from: header.sender, at: now, into: &hwgOutput)
            pump(slot, at: now, into: &effects)
        }
    }

    func malformedNote(_ header: FrameHeader) -> Note { .malformed(header.kind, from: header.sender) }

    mutating func malformed(_ header: FrameHeader, into effects: inout Effects) {
        counters.malformed += 1
        effects.notes.append(malformedNote(header))
    }

    private mutating func membershipFrameArrived(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) {
        guard let group = MembershipFrame.group(of: bytes), let frame = MembershipFrame.decode(header.kind, bytes)
        else {
            return malformed(header, into: &effects)
        }
        guard let slot = slotOfGroup[group] else {
            if let refusal = HWG.refusal(of: frame) {
                let packet = refusal.encoded(group: group, cluster: cluster, sender: me)
                effects.transmissions.append(Transmission(packet: packet, to: header.sender))
            }
            return
        }
        slots[slot].frameArrived(frame, from: header.sender, at: now, peers: peers, into: &hwgOutput)
        pump(slot, at: now, into: &effects)
    }

    /// Out: one message, copied before the call returns.
    public mutating func multicast(
        _ seat: SeatHandle, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) -> SendOutcome {
        carry(at: now, into: &effects)
        switch lwg.routeInPlace(seat) {
        case .held: return .held
        case .notMember: return .notMember
        case .send(let carrier, let group, let label):
            guard let slot = slot(of: carrier, group) else { return .notMember }
            let outcome = slots[slot].multicast(label: label, order: order, bytes: bytes, at: now, into: &hwgOutput)
            if case .accepted(let number) = outcome {
                if let number {
                    if isTraced { tracer?.sent(seat, number: number, order: order, at: now, into: &effects) }
                } else {
                    lwg.unnumbered(seat)
                }
            }
            touch(slot)
            if !hwgOutput.isEmpty {
                pump(slot, at: now, into: &effects)
                settle(at: now, into: &effects)
            }
            return outcome
        }
    }

    /// Out: messages of one seat, in order, until one is refused or gets no number yet. They are ranges of `bytes`, copied
    /// before the call returns.
    public mutating func multicast(
        _ seat: SeatHandle, _ messages: UnsafeBufferPointer<OutgoingMessage>, of bytes: UnsafeRawBufferPointer,
        at now: Instant, into effects: inout Effects
    ) -> RunOutcome {
        // A trace says message by message what was sent, between the deliveries that it causes.
        guard !isTraced else { return multicastTraced(seat, messages, of: bytes, at: now, into: &effects) }
        carry(at: now, into: &effects)
        switch lwg.routeInPlace(seat) {
        case .held: return RunOutcome(stop: .held)
        case .notMember: return RunOutcome(stop: .notMember)
        case .send(let carrier, let group, let label):
            guard let slot = slot(of: carrier, group) else { return RunOutcome(stop: .notMember) }
            let outcome = slots[slot].multicast(label: label, messages, of: bytes, at: now, into: &hwgOutput)
            if case .accepted = outcome.stop { lwg.unnumbered(seat) }
            touch(slot)
            if !hwgOutput.isEmpty {
                pump(slot, at: now, into: &effects)
                settle(at: now, into: &effects)
            }
            return outcome
        }
    }

    private mutating func multicastTraced(
        _ seat: SeatHandle, _ messages: UnsafeBufferPointer<OutgoingMessage>, of bytes: UnsafeRawBufferPointer,
        at now: Instant, into effects: inout Effects
    ) -> RunOutcome {
        var outcome = RunOutcome(stop: nil)
        for message in messages {
            let payload = UnsafeRawBufferPointer(rebasing: bytes[message.offset..<(message.offset + message.count)])
            let sent = multicast(seat, order: message.order, bytes: payload, at: now, into: &effects)
            // Numbers are the node's: with several groups the next may not be the next one up.
            guard case .accepted(let number?) = sent,
                outcome.taken == 0 || number == outcome.first + UInt64(outcome.taken)
            else {
                outcome.stop = sent
                break
            }
            if outcome.taken == 0 { outcome.first = number }
            outcome.taken += 1
        }
        return outcome
    }

    /// Without hashing: the slot that carried this group last, when it still does.
    @inline(__always)
    private mutating func slot(of carrier: Int, _ group: HWGID) -> Int? {
        if carrier < slotOfCarrier.count {
            let slot = slotOfCarrier[carrier]
            if slot >= 0, slot < slots.count, isLive[slot], slots[slot].id == group { return slot }
        }
        guard let slot = slotOfGroup[group] else { return nil }
        while slotOfCarrier.count <= carrier { slotOfCarrier.append(-1) }
        slotOfCarrier[carrier] = slot
        return slot
    }

    /// Point-to-point within the seat's view: FIFO per pair, delivered in that view only, outside the cut.
    public mutating func send(
        _ seat: SeatHandle, to target: EndpointID, bytes: [UInt8], at now: Instant, into effects: inout Effects
    ) -> SendOutcome {
        carry(at: now, into: &effects)
        settle(at: now, into: &effects)
        let outcome = lwg.direct(seat, to: target, bytes: bytes, into: &lwgOutput)
        guard case .accepted = outcome, case .direct(let group, let member, let framed) = lwgOutput.requests.popLast(),
            let slot = slotOfGroup[group]
        else {
            settle(at: now, into: &effects)
            return outcome
        }
        let sent = slots[slot].direct(to: member, framed, at: now, into: &hwgOutput)
        if case .accepted(let number?) = sent {
            tracer?.sent(seat, number: number, order: .fifo, to: target, at: now, into: &effects)
        }
        pump(slot, at: now, into: &effects)
        settle(at: now, into: &effects)
        return sent
    }
}
