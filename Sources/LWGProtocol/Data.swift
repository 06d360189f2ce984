import GroupModel
import GroupWire

// Data that the demultiplexer's fast path leaves, and what is told to single seats.

extension Carrier {
    /// `keptAlive`: the packet of a message that had waited.
    mutating func unusualDelivered(
        _ slice: MessageSlice, keptAlive packet: Packet?, _ node: inout Node, into out: inout LWGOutput
    ) {
        let label = Label(raw: slice.label)
        guard case .settled = phase else {
            keepEarly(slice, &node, into: &out)
            return
        }
        guard label.number < table.entries.count else {
            // In the rest, who did not come along may have seen records, and so numbers, that do not exist here.
            if isInRest { node.counters.earlyVoid += 1 } else { node.counters.malformed += 1 }
            return
        }
        if isInRest, fences.contains(Fence(number: label.number, rank: slice.sender)) {
            node.counters.earlyVoid += 1
            return
        }
        let slot = demultiplexer.slots[label.number]
        guard slot.kind != .outside else { node.counters.interference += 1; return }
        // One view ahead; two when its sender joined with the next flush, or this node's seats left with it: a queued join or
        // leave counts before the open flush is complete, and nobody awaits a flushOK from there.
        if Mutant.deafJoiner.isOn, slot.kind == .joining { return }
        let ahead = (label.bits &- slot.bits) & 3
        if ahead == 1 || ahead == 2 {
            if Mutant.droppedEarly.isOn { return }
            keepEarly(slice, &node, into: &out)
            return
        }
        guard slot.kind != .joining else { node.counters.interference += 1; return }
        guard ahead == 0 else { node.counters.stale += 1; return }
        let rank = demultiplexer.rank(slot, sender: slice.sender, endpoint: label.endpoint)
        guard rank != Demultiplexer.nobody else { node.counters.malformed += 1; return }
        var delivered = 0
        var at: Int? = Int(slot.seat)
        while let seat = at {
            at = node.seats.seats[seat].next
            guard node.seats.seats[seat].isListening else { continue }
            out.up.slices.append(
                LWGSlice(
                    start: slice.start, length: slice.length, seat: SeatHandle(index: UInt32(seat)),
                    number: slice.number, sender: rank, order: slice.order, isTransitional: slice.isTransitional))
            delivered += 1
        }
        out.up.delivered(count: delivered)
        if let packet { out.up.packets.append(packet) }
    }

    // MARK: early data

    private mutating func keepEarly(_ slice: MessageSlice, _ node: inout Node, into out: inout LWGOutput) {
        guard seatCount > 0 else { node.counters.interference += 1; return }
        if early.keep(slice, node.limits) {
            node.counters.early += 1
        } else {
            earlyLost(Label(raw: slice.label).number, &node, into: &out)
        }
    }

    /// D4: who cannot keep a message must not go on with those who can, nor after a gap with its sender. Its seats leave; no
    /// message is lost by a member.
    private mutating func earlyLost(_ number: Int, _ node: inout Node, into out: inout LWGOutput) {
        guard case .settled = phase, number < table.entries.count, !table.entries[number].isFree else {
            early.overflowed(number)
            return
        }
        var at = node.seats.head(of: table.entries[number].id, on: index)
        while let seat = at {
            at = node.seats.seats[seat].next
            let state = node.seats.seats[seat]
            guard !state.told, state.stage != .queued else { continue }
            node.counters.overflows += 1
            putOut(seat, .slow, &node, into: &out)
        }
        refreshSlot(number, &node)
    }

    /// The seat is told at once, because nothing more is given to it; the others agree on its leave later.
    private mutating func putOut(_ seat: Int, _ reason: LeftReason, _ node: inout Node, into out: inout LWGOutput) {
        out.up.events.append(.indication(SeatHandle(index: UInt32(seat)), .left(reason)))
        node.seats.seats[seat].told = true
        node.seats.doors[seat].state = .gone
        guard node.seats.seats[seat].leaving != nil else { return leave(seat, reason, &node, into: &out) }
        // Its leave waits for a message to get a number; in the next HWG view nobody would give it one.
        guard node.seats.seats[seat].unnumbered > 0 else { return }
        withdraw(seat, &node, into: &out)
        orderLeave(seat, &node)
        seatAnswered(seat, &node, into: &out)
    }

    /// Who is put out has no say in what becomes of the messages that never got a number.
    private mutating func withdraw(_ seat: Int, _ node: inout Node, into out: inout LWGOutput) {
        node.seats.seats[seat].unnumbered = 0
        forget(seat, into: &out)
    }

    /// The seat's messages without a number, also those that were to get one in this turn.
    func forget(_ seat: Int, into out: inout LWGOutput) {
        let handle = SeatHandle(index: UInt32(seat))
        out.relabels.removeAll { $0.hwg == id && $0.seat == handle }
        out.relabels.append(Relabel(hwg: id, view: view?.id, seat: handle, label: nil))
    }

    /// A seat whose application does not take its messages.
    mutating func evict(_ seat: Int, _ reason: LeftReason, _ node: inout Node, into out: inout LWGOutput) {
        let state = node.seats.seats[seat]
        guard !state.told else { return }
        guard state.stage != .queued else { return leave(seat, reason, &node, into: &out) }
        putOut(seat, reason, &node, into: &out)
        if let number = table.number(of: state.lwg) { refreshSlot(number, &node) }
    }

    /// Looks again at everything that waited, in order of arrival: after each installation.
    mutating func replayEarly(_ node: inout Node, into out: inout LWGOutput) {
        let kept = early.takeAll()
        for number in kept.overflowed.sorted() { earlyLost(number, &node, into: &out) }
        for item in kept.items {
            switch item {
            case .message(let message):
                unusualDelivered(message.slice, keptAlive: message.packet, &node, into: &out)
            case .direct(let from, let number, let bytes):
                directArrived(from: from, number: number, bytes: bytes, &node, into: &out)
            }
        }
    }

    // MARK: point-to-point

    /// LWG number, epoch, and the two endpoints' indices among their nodes', before the application's bytes.
    static let directHeaderBytes = 14

    mutating func sendDirect(
        _ seat: Int, to target: EndpointID, _ bytes: [UInt8], _ node: Node, into out: inout LWGOutput
    ) -> Bool {
        guard let view = node.seats.seats[seat].view, let place = view.index(of: target),
            let number = table.number(of: node.seats.seats[seat].lwg)
        else { return false }
        var writer = ByteWriter(reserving: Self.directHeaderBytes + bytes.count)
        writer.u32(UInt32(truncatingIfNeeded: number))
        writer.u64(view.id.epoch)
        writer.u8(UInt8(truncatingIfNeeded: Label(raw: node.seats.doors[seat].label).endpoint))
        writer.u8(UInt8(truncatingIfNeeded: place))
        writer.raw(bytes)
        out.requests.append(.direct(id, to: target.member, writer.bytes))
        return true
    }

    /// Outside the cut and its order: who is late finds its view ended; who is early waits.
    mutating func directArrived(
        from: MemberID, number: UInt64, bytes: [UInt8], _ node: inout Node, into out: inout LWGOutput
    ) {
        guard bytes.count >= Self.directHeaderBytes else { node.counters.malformed += 1; return }
        let header = bytes.withUnsafeBytes { raw -> (number: Int, epoch: UInt64, sender: Int, target: Int) in
            var reader = ByteReader(raw)
            return (Int(reader.u32()), reader.u64(), Int(reader.u8()), Int(reader.u8()))
        }
        var entry: Entry?
        if case .settled = phase, header.number < table.entries.count { entry = table.entries[header.number] }
        // It may overtake even the record that creates its LWG.
        guard let entry, header.epoch <= entry.epoch else {
            if early.keep(direct: bytes, from: from, number: number, node.limits) {
                node.counters.early += 1
            } else if header.number < Limits.groupsPerHWG {
                earlyLost(header.number, &node, into: &out)
            } else {
                node.counters.malformed += 1
            }
            return
        }
        guard header.epoch == entry.epoch || Mutant.lateDirect.isOn,
            let sender = entry.endpoint(of: from, at: header.sender),
            let target = entry.endpoint(of: node.me, at: header.target),
            let seat = node.seats.seat(of: entry.id, endpoint: target.name, on: index),
            node.seats.seats[seat].isListening
        else { node.counters.lateDirects += 1; return }
        out.up.events.append(
            .indication(
                SeatHandle(index: UInt32(seat)),
                .direct(from: sender, number: number, bytes: Array(bytes[Self.directHeaderBytes...]))))
    }

    // MARK: what became of messages

    mutating func messageSent(
        _ label: Label, number: UInt64, order: Order, _ node: inout Node, into out: inout LWGOutput
    ) {
        guard label.number < table.entries.count else { return }
        let entry = table.entries[label.number]
        guard let endpoint = entry.endpoint(of: node.me, at: label.endpoint),
            let seat = node.seats.seat(of: entry.id, endpoint: endpoint.name, on: index)
        else { return }
        if node.seats.seats[seat].unnumbered > 0 { node.seats.seats[seat].unnumbered -= 1 }
        if !node.seats.seats[seat].told {
            out.up.events.append(
                .indication(
                    SeatHandle(index: UInt32(seat)), .sent(label: label.raw, number: number, order: order)))
        }
        guard node.seats.seats[seat].unnumbered == 0 else { return }
        reportHoldAnswered(seat, node, into: &out)
        if node.seats.seats[seat].leaving != nil, node.seats.seats[seat].operations == 0 { orderLeave(seat, &node) }
        considerFlushOK(label.number, node)
    }

    mutating func flush(_ seat: SeatHandle, token: UInt64, into out: inout LWGOutput) {
        flushCount &+= 1
        flushes.append((flushCount, seat, token))
        out.requests.append(.flush(id, token: flushCount))
    }

    mutating func flushReturned(_ token: UInt64, _ node: inout Node, into out: inout LWGOutput) {
        // S2: at an HWG view's end what was sent is stable among those who are left, so the answer follows their view.
        guard case .settled = phase else { return returnedFlushes.append(token) }
        guard let index = flushes.firstIndex(where: { $0.token == token }) else { return }
        let flush = flushes.remove(at: index)
        guard node.seats.isLive(flush.seat) else { return }
        let seat = node.seats.seats[Int(flush.seat.index)]
        // Who is put out may have lost a message that never got a number; its answer is `left`.
        guard !seat.told, seat.leaving == nil || seat.leaving == .requested else { return }
        out.up.events.append(.indication(flush.seat, .flushed(token: flush.callers)))
    }

    // MARK: leaving

    /// From now on the seat sends nothing, which answers any Hold; its leave is ordered after its last message.
    mutating func leave(_ seat: Int, _ reason: LeftReason, _ node: inout Node, into out: inout LWGOutput) {
        guard node.seats.seats[seat].leaving == nil else { return }
        node.seats.seats[seat].leaving = reason
        if node.seats.doors[seat].state != .gone { node.seats.doors[seat].state = .closed }
        if node.seats.seats[seat].stage == .queued {
            retire(seat, reason, &node, into: &out)
            return
        }
        if reason != .requested, node.seats.seats[seat].unnumbered > 0 { withdraw(seat, &node, into: &out) }
        if node.seats.seats[seat].unnumbered == 0 { orderLeave(seat, &node) }
        seatAnswered(seat, &node, into: &out)
    }

    private mutating func orderLeave(_ seat: Int, _ node: inout Node) {
        node.seats.seats[seat].operations += 1
        outbox.append(Outbox.Operation(seat: seat, isJoin: false))
    }
}

extension Entry {
    /// A node's endpoint by its index among that node's, in order of ranks.
    func endpoint(of member: MemberID, at index: Int) -> EndpointID? {
        var place = 0
        for each in members where each.member == member {
            if place == index { return each }
            place += 1
        }
        return nil
    }
}

extension View<EndpointID> {
    /// An endpoint's index among its node's, in order of ranks.
    func index(of endpoint: EndpointID) -> Int? {
        var place = 0
        for each in members where each.member == endpoint.member {
            if each == endpoint { return place }
            place += 1
        }
        return nil
    }
}
