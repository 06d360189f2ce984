import GroupModel

/// What the layer above asks of its group.
extension HWG {
    @inline(__always)
    public mutating func multicast(
        label: UInt32, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into output: inout HWGOutput
    ) -> SendOutcome {
        guard !hasDeparted else { return .notMember }
        if !parked.isEmpty {
            owesWritable = true
            return .full
        }
        return streams.multicast(label: label, order: order, bytes: bytes, at: now, into: &output)
    }

    /// The same for messages of one label, in order, until one is not simply numbered.
    public mutating func multicast(
        label: UInt32, _ messages: UnsafeBufferPointer<OutgoingMessage>, of bytes: UnsafeRawBufferPointer,
        at now: Instant, into output: inout HWGOutput
    ) -> RunOutcome {
        guard !hasDeparted else { return RunOutcome(stop: .notMember) }
        if !parked.isEmpty {
            owesWritable = true
            return RunOutcome(stop: .full)
        }
        return streams.multicast(label: label, messages, of: bytes, at: now, into: &output)
    }

    /// What was accepted without a number and is void because its view ended may be sent in this one, under this label; nil:
    /// it is forgotten, also when it still waits in this view.
    public mutating func relabel(
        to label: UInt32?, in viewID: ViewID?, at now: Instant, into output: inout HWGOutput
    ) {
        // A label of a view that ended meanwhile is no label: the one for this view follows.
        guard departure == nil, viewID == view.id || label == nil else { return }
        guard !parked.isEmpty else {
            if label == nil { streams.withdraw() }
            return
        }
        var carried = parked
        parked = CarriedOver()
        if let label { carried.relabel(to: label) } else { carried.dropMessages() }
        streams.resume(carried, at: now, into: &output)
        if owesWritable {
            owesWritable = false
            output.indications.events.append(.writable)
        }
    }

    /// Messages have numbers from this one on: those below name others that this node sent.
    public mutating func number(from number: UInt64, at now: Instant, into output: inout HWGOutput) {
        guard !hasDeparted else { return }
        streams.number(from: number, at: now, into: &output)
    }

    public mutating func control(_ bytes: [UInt8], at now: Instant, into output: inout HWGOutput) {
        guard departure == nil else { return }
        streams.control(bytes, at: now, into: &output)
    }

    public mutating func direct(
        to member: MemberID, _ bytes: [UInt8], at now: Instant, into output: inout HWGOutput
    ) -> SendOutcome {
        guard departure == nil else { return .notMember }
        return streams.direct(to: member, bytes, at: now, into: &output)
    }

    public mutating func flush(token: UInt64, at now: Instant, into output: inout HWGOutput) {
        guard departure == nil else { return }
        // ▸ What was accepted before it has no number yet, and is nowhere in the streams.
        guard parked.isEmpty || Mutant.flushPastParked.isOn else { return parked.flushes.append(token) }
        streams.flush(token: token, at: now, into: &output)
    }

    /// The layer above promises not to send again in `view` (F1).
    public mutating func holdOK(
        _ viewID: ViewID, hasState: Bool, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard hold == .raised, viewID == view.id else { return }
        answerHold(hasState: hasState, at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    public mutating func leave(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        guard departure == nil, !wantsToLeave else { return }
        wantsToLeave = true
        leaving[myRank] = true
        evaluate(at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }
}
