import GroupModel
import GroupWire

extension ViewStreams {
    /// Packs one message, copied before the call returns.
    ///
    /// `.accepted(number: nil)`: a message of several packets whose last fragment has no number yet; `sent` follows.
    @inline(__always)
    public mutating func multicast(
        label: UInt32, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into output: inout HWGOutput
    ) -> SendOutcome {
        if phase == .running, queue.isEmpty, bytes.count <= builder.space, order != .causal {
            let word = ItemWord(length: bytes.count, order: order, isControl: false, isFirst: true, isLast: true)
            builder.append(word, label: label, bytes)
            let number = nextNumber
            nextNumber &+= 1
            return .accepted(number: number)
        }
        return multicastBeyondPacket(label: label, order: order, bytes: bytes, at: now, into: &output)
    }

    /// Packs messages of one label in order, until one is refused or gets no number yet. The bytes that they are ranges
    /// of are copied before the call returns.
    public mutating func multicast(
        label: UInt32, _ messages: UnsafeBufferPointer<OutgoingMessage>, of bytes: UnsafeRawBufferPointer,
        at now: Instant, into output: inout HWGOutput
    ) -> RunOutcome {
        var outcome = RunOutcome(first: nextNumber, stop: nil)
        while outcome.taken < messages.count {
            if phase == .running, queue.isEmpty {
                let packed = builder.append(messages, from: outcome.taken, of: bytes, label: label)
                outcome.taken += packed
                nextNumber &+= UInt64(packed)
                if outcome.taken == messages.count { break }
            }
            let next = messages[outcome.taken]
            let sent = multicastBeyondPacket(
                label: label, order: next.order,
                bytes: UnsafeRawBufferPointer(rebasing: bytes[next.offset..<(next.offset + next.count)]), at: now,
                into: &output)
            guard case .accepted(.some) = sent else {
                outcome.stop = sent
                break
            }
            outcome.taken += 1
        }
        return outcome
    }

    @inline(never)
    private mutating func multicastBeyondPacket(
        label: UInt32, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into output: inout HWGOutput
    ) -> SendOutcome {
        guard order != .causal else { return .refused(.orderNotSupported) }
        guard bytes.count <= Limits.messageBytes else { return .refused(.messageTooLarge) }
        guard phase == .running else { return .held }
        refreshWindow()
        // What was accepted earlier gets its number earlier (O1), and one large message at a time is copied.
        guard queue.isEmpty, window.hasRoom || bytes.count > builder.wholeLimit && canBegin(isControl: false) else {
            owesWritable = true
            return .full
        }
        var packed = 0
        let whole = pack(bytes, from: &packed, label: label, order: order, isControl: false, at: now, into: &output)
        if whole { return .accepted(number: nextNumber &- 1) }
        queue.append(Packet(copying: bytes), label: label, order: order, isControl: false, packed: packed)
        return .accepted(number: nil)
    }

    /// A totally ordered message of the layer above for itself, with label 0. Never refused: it waits for the reserve,
    /// or for the next view. The layer above bounds how many there are.
    public mutating func control(_ bytes: [UInt8], at now: Instant, into output: inout HWGOutput) {
        precondition(bytes.count <= Limits.messageBytes, "a message has at most \(Limits.messageBytes) bytes")
        var packed = 0
        if phase == .running, !queue.hasControl {
            refreshWindow()
            let whole = bytes.withUnsafeBytes {
                pack($0, from: &packed, label: 0, order: .total, isControl: true, at: now, into: &output)
            }
            if whole { return }
        }
        queue.append(Packet(bytes), label: 0, order: .total, isControl: true, packed: packed)
    }

    /// Answered by `flushed(token)` when all that I have sent so far is stable, and all have delivered the control messages that
    /// I have (S2).
    public mutating func flush(token: UInt64, at now: Instant, into output: inout HWGOutput) {
        flushes.append(token, queue: queue, controls: controlsDelivered)
        answerFlushes(at: now, into: &output)
        // The others' acknowledgements are asked for rather than waited for.
        if !flushes.isEmpty, phase == .running { probe.now(now) }
    }

    /// Seals and sends the open packet with the order records that are due, and the acknowledgements, requests and
    /// repeats whose time has come.
    public mutating func turnEnded(at now: Instant, into output: inout HWGOutput) {
        if phase < .frozen {
            packQueue(at: now, into: &output)
            packOrders(at: now, into: &output)
            seal(isFull: false, at: now, into: &output)
        }
        emit(into: &output)
        guard phase < .ended else { return }
        sendDirects(at: now, into: &output)
        if phase < .frozen {
            answerFlushes(at: now, into: &output)
            sayWritable(into: &output)
            acknowledge(at: now, into: &output)
            sendProbes(at: now, into: &output)
        }
        requestMissing(at: now, into: &output)
    }

    // MARK: Packing

    /// A first fragment that is worth its header fits now.
    private func canBegin(isControl: Bool) -> Bool {
        builder.space >= Self.smallestFragment || (isControl ? window.hasReserve : window.hasRoom)
    }

    /// A fragment is not smaller than this, unless it is a message's last.
    private static let smallestFragment = 64

    /// Packs `bytes` from `packed` on, opening packets while there is room. True when the last byte is in, and then the
    /// message has its number.
    private mutating func pack(
        _ bytes: UnsafeRawBufferPointer, from packed: inout Int, label: UInt32, order: Order, isControl: Bool,
        at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        while true {
            let rest = bytes.count - packed
            if builder.isOpen, !isWorthFilling(rest: rest, isBegun: packed > 0, isControl: isControl) {
                seal(isFull: true, at: now, into: &output)
            }
            if !builder.isOpen {
                refreshWindow()
                guard isControl ? window.hasReserve : window.hasRoom else { return false }
                builder.open(number: window.take(), firstMessage: nextNumber)
            }
            let length = min(rest, builder.space)
            let isLast = length == rest
            let word = ItemWord(
                length: length, order: order, isControl: isControl, isFirst: packed == 0, isLast: isLast)
            builder.append(word, label: label, UnsafeRawBufferPointer(rebasing: bytes[packed..<(packed + length)]))
            packed += length
            if isLast {
                nextNumber += 1
                return true
            }
        }
    }

    /// Whether the open packet takes the rest of a message, or its next fragment. A message that would fit the next
    /// packet is cut only when a quarter of this one would be lost otherwise, and when there is room for the next.
    private func isWorthFilling(rest: Int, isBegun: Bool, isControl: Bool) -> Bool {
        if rest <= builder.space { return true }
        if isBegun || rest > builder.wholeLimit { return builder.space >= Self.smallestFragment }
        return builder.space > parameters.packetBytes / 4 && (isControl ? window.hasReserve : window.hasRoom)
    }

    /// Packs what waits, as far as there is room.
    mutating func packQueue(at now: Instant, into output: inout HWGOutput) {
        guard phase == .running, !queue.isEmpty else { return }
        refreshWindow()
        while !queue.isEmpty, packQueued(0, at: now, into: &output) {}
        // While a large message waits for the window, control passes.
        while let index = queue.firstControl, packQueued(index, at: now, into: &output) {}
    }

    private mutating func packQueued(_ index: Int, at now: Instant, into output: inout HWGOutput) -> Bool {
        let item = queue.items[index]
        var packed = item.packed
        let whole = pack(
            item.bytes.contents, from: &packed, label: item.label, order: item.order, isControl: item.isControl,
            at: now, into: &output)
        guard whole else { queue.progressed(index, to: packed); return false }
        queue.remove(index)
        if !item.isControl {
            output.indications.events.append(.sent(label: item.label, number: nextNumber &- 1, order: item.order))
        }
        return true
    }

    /// The sequencer says what it has seen: one entry per sender, behind the turn's messages. Records that find no room
    /// wait for the next turn.
    mutating func packOrders(at now: Instant, into output: inout HWGOutput) {
        while !pendingOrders.isEmpty {
            if builder.isOpen, builder.space < OrderRecord.entryBytes { seal(isFull: true, at: now, into: &output) }
            if !builder.isOpen {
                refreshWindow()
                guard window.hasReserve else { return }
                builder.open(number: window.take(), firstMessage: nextNumber)
            }
            let entries = pendingOrders.take(builder.space / OrderRecord.entryBytes)
            var writer = ByteWriter(reserving: entries.count * OrderRecord.entryBytes)
            for entry in entries { writer.u64(OrderRecord.word(entry)) }
            writer.bytes.withUnsafeBytes {
                builder.append(ItemWord(raw: UInt32($0.count) | ItemWord.record), label: 0, $0)
            }
        }
    }

    /// A number for a point-to-point message, from the same count, so that it names it for ever. The open packet
    /// counts its messages from its first one's number, so there the number is marked as taken.
    mutating func takeNumber(at now: Instant, into output: inout HWGOutput) -> UInt64 {
        if builder.isOpen {
            if builder.space >= 0 {
                builder.append(ItemWord(raw: ItemWord.void), label: 0, UnsafeRawBufferPointer(start: nil, count: 0))
            } else {
                seal(isFull: true, at: now, into: &output)
            }
        }
        defer { nextNumber += 1 }
        return nextNumber
    }

    /// Numbers go on from `number` at least: the node has used those below elsewhere.
    public mutating func number(from number: UInt64, at now: Instant, into output: inout HWGOutput) {
        guard nextNumber < number else { return }
        seal(isFull: true, at: now, into: &output)
        nextNumber = number
    }

    // MARK: Leaving

    /// Closes the open packet: it becomes part of my stream, is delivered to me, and leaves at the turn's end, or
    /// earlier when enough is collected.
    mutating func seal(isFull: Bool, at now: Instant, into output: inout HWGOutput) {
        guard builder.isOpen else { return }
        storeSealed(isFull: isFull)
        if me == 0 { scanOrders() }
        deliver(me, into: &output)
        if outboxBytes >= MulticastParameters.emitBytes { emit(into: &output) }
        if members == 1 { acknowledgedMore(of: me, at: now, into: &output) } else { updateProbe(false, at: now) }
    }

    /// The part of sealing that needs no sink: `freeze` uses it for a packet that has its number.
    mutating func storeSealed(isFull: Bool) {
        let contents = builder.contents
        let packet = builder.seal(isFull: isFull)
        window.seal(bytes: packet.count)
        streams[me].store(packet, number: window.sealed, contents: contents)
        _ = matrix.raise(me, member: me, to: window.sealed)
        if members > 1 {
            outbox.append(packet)
            outboxBytes += packet.count
        }
    }

    /// Member by member, so that runs of packets to one of them can leave in one system call. Suspected members get
    /// nothing: who is not excluded after all asks for what it lacks.
    mutating func emit(into output: inout HWGOutput) {
        guard !outbox.isEmpty else { return }
        for (rank, member) in view.members.enumerated() where rank != me && !suspected[rank] {
            for packet in outbox { output.transmissions.append(Transmission(packet: packet, to: member)) }
            counters.packetsSent &+= UInt64(outbox.count)
        }
        outbox.removeAll(keepingCapacity: true)
        outboxBytes = 0
    }

    mutating func send(_ packet: Packet, to rank: Rank, into output: inout HWGOutput) {
        output.transmissions.append(Transmission(packet: packet, to: view.members[rank]))
    }

    mutating func sayWritable(into output: inout HWGOutput) {
        guard owesWritable, phase == .running else { return }
        refreshWindow()
        guard queue.isEmpty, window.isHalfOpen, !directs.isFull(parameters) else { return }
        owesWritable = false
        output.indications.events.append(.writable)
    }

    mutating func answerFlushes(at now: Instant, into output: inout HWGOutput) {
        guard !flushes.isEmpty else { return }
        flushes.answer(
            queue: queue, taken: window.taken, stable: matrix.stable[me], controls: matrix.controlsEverywhere,
            into: &output.indications)
    }
}
