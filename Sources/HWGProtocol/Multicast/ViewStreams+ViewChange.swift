import GroupModel
import GroupWire

// What the membership and flush machines do with a view's streams (design.md, section 5, "Membership").

extension ViewStreams {
    /// The member counts neither for the window nor as one to ask or tell; for stability it does (S1).
    public mutating func suspect(_ rank: Rank) {
        guard rank >= 0, rank < members, rank != me else { return }
        suspected[rank] = true
    }

    /// The suspicion is taken back.
    public mutating func trust(_ rank: Rank) {
        guard rank >= 0, rank < members else { return }
        suspected[rank] = false
    }

    /// HoldOK was given: what has a packet number leaves; nothing more of the layer above gets one (F1).
    public mutating func holdAnswered(at now: Instant, into output: inout HWGOutput) {
        guard phase == .running else { return }
        phase = .held
        owesWritable = false
        seal(isFull: false, at: now, into: &output)
        emit(into: &output)
    }

    /// From now on no data but what a cut names is taken, and nothing is delivered but by `deliverThrough`. Returns per
    /// rank the contiguous count received; at my own rank the highest packet sent.
    public mutating func freeze() -> [UInt64] {
        guard phase < .frozen else { return received }
        // A packet that has its number belongs to this view, even if it leaves only with the next turn.
        if builder.isOpen { storeSealed(isFull: false) }
        phase = .frozen
        allowed = streams.map(\.contiguous)
        owesWritable = false
        pendingOrders.removeAll()
        schedule.stop()
        probe.stop()
        repairDeadline = .distantFuture
        for stream in streams.indices { streams[stream].gap.stop() }
        return received
    }

    /// Fetches what is missing up to the cut, per stream from its holder first, until all is here. A later cut of the
    /// same view replaces an earlier one.
    public mutating func fill(cut: [UInt64], holders: [Rank?], at now: Instant, into output: inout HWGOutput) {
        guard phase < .ended, cut.count == members else { return }
        _ = freeze()
        self.cut = cut
        allowed = zip(allowed, cut).map(max)
        self.holders = holders.map { holder in holder.flatMap { (0..<members).contains($0) ? $0 : nil } }
        for stream in 0..<members where stream != me {
            // A cut may name a window beyond what was here, on top of what waited here undelivered.
            let span = cut[stream] &- min(cut[stream], streams[stream].cursor - 1)
            if span <= cutSpanLimit { streams[stream].ring.grow(toHold: span) }
            streams[stream].gap.fill(through: cut[stream], contiguous: streams[stream].contiguous, at: now)
        }
        repairDeadline = now
        emit(into: &output)
        requestMissing(at: now, into: &output)
    }

    /// What a cut can name beyond the delivered packets of one stream: what waits undelivered in one ring, and a sender's
    /// window and reserve beyond it. A cut far beyond that is nonsense and is never reached.
    private var cutSpanLimit: UInt64 { UInt64(4 * parameters.ringPackets) }

    /// All packets that the cut names are here.
    public var hasReachedCut: Bool {
        guard let cut else { return false }
        return zip(streams, cut).allSatisfy { $0.contiguous >= $1 }
    }

    /// The view's last deliveries: the total order as far as the cut has its records, clamped to the cut, then the rest
    /// by (rank, number), so that all that reached this cut deliver the same set (D4) in one order (O3). Safe messages
    /// that were not delivered before are marked transitional (S1). A message whose last fragment is outside is void.
    ///
    /// The first `controls` control messages of the view's order may install light-weight views; those after them, and
    /// those that no record orders, are marked transitional: they change tables, and the view that follows installs.
    public mutating func deliverThrough(
        cut: [UInt64], controls: UInt64 = .max, at now: Instant, into output: inout HWGOutput
    ) {
        guard phase < .ended, cut.count == members else { return }
        _ = freeze()
        let isReached = zip(streams, cut).allSatisfy { $0.contiguous >= $1 }
        precondition(isReached || Mutant.unfilledCut.isOn, "D4: the cut is delivered by who reached it")
        emit(into: &output)
        self.cut = cut
        while order.scanned < cut[0], let packet = streams[0].ring.packet(order.scanned + 1) {
            let number = order.scanned + 1
            _ = order.scan(packet, kinds: streams[0].ring.contents(number).kinds, number: number) { _ in .max }
        }
        while let head = order.head {
            deliverLast(
                head.rank, totals: min(head.through, cut[head.rank]), limit: cut[head.rank], controls: controls,
                into: &output)
            order.pop()
        }
        for rank in 0..<members {
            let rank = Mutant.ownRestFirst.isOn ? (rank + me) % members : rank
            let limit = Mutant.beyondCut.isOn ? streams[rank].contiguous : cut[rank]
            deliverLast(rank, totals: .max, limit: limit, controls: 0, into: &output)
        }
        phase = .ended
        repairDeadline = .distantFuture
        directs.deadline = .distantFuture
    }

    private mutating func deliverLast(
        _ rank: Rank, totals: UInt64, limit: UInt64, controls: UInt64, into output: inout HWGOutput
    ) {
        let before = output.indications.batch.slices.count
        streams[rank].advance(
            sender: rank, totals: totals, limit: limit, stable: 0, uniform: 0, isFinal: true, into: &output.indications)
        for index in before..<output.indications.batch.slices.count
        where output.indications.batch.slices[index].isControl {
            if controlsDelivered >= controls { output.indications.batch.slices[index].isTransitional = true }
            controlsDelivered += 1
        }
    }

    /// Flush requests to answer after the next view: everything of mine with a number is delivered by all that go on (S2).
    public mutating func takeEndedFlushes() -> [UInt64] { flushes.takeEnded(queue: queue) }

    /// Forgets the data message that has no number yet (there is one at most). Fragments that left are void.
    public mutating func withdraw() { queue.removeData() }

    /// Messages that have no number, for the next view's streams: the large message that was cut in half, queued
    /// control messages, and flush requests that wait for them.
    public mutating func takeCarriedOver() -> CarriedOver {
        var carried = CarriedOver()
        carried.items = queue.takeAll()
        carried.flushes = flushes.takeAll()
        return carried
    }

    /// Sends first in this view, in their order, what the last view left without a number.
    public mutating func resume(_ carried: CarriedOver, at now: Instant, into output: inout HWGOutput) {
        for item in carried.items {
            queue.append(item.bytes, label: item.label, order: item.order, isControl: item.isControl, packed: 0)
        }
        packQueue(at: now, into: &output)
        for token in carried.flushes { flush(token: token, at: now, into: &output) }
    }
}
