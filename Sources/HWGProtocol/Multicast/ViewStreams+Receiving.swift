import GroupModel
import GroupWire

extension ViewStreams {
    /// A packet of a member's stream, from its origin or from another holder. False when malformed. `memory` keeps
    /// the bytes valid; without it they are copied.
    public mutating func dataArrived(
        _ datagram: UnsafeRawBufferPointer, memory: AnyObject? = nil, from sender: MemberID, at now: Instant,
        into output: inout HWGOutput
    ) -> Bool {
        guard datagram.count >= DataFrame.bodyOffset else { return malformed() }
        let origin = Int(
            UInt16(littleEndian: datagram.loadUnaligned(fromByteOffset: DataFrame.originOffset, as: UInt16.self)))
        let word = UInt64(littleEndian: datagram.loadUnaligned(fromByteOffset: DataFrame.tokenOffset, as: UInt64.self))
        let number = UInt64(
            littleEndian: datagram.loadUnaligned(fromByteOffset: DataFrame.numberOffset, as: UInt64.self))
        guard word == token.raw, origin < members, number > 0, number < DataFrame.numberLimit,
            let transmitter = rank(of: sender, hint: origin), transmitter != me
        else { return malformed() }
        counters.packetsReceived &+= 1
        // My own packets come back only from a member that repairs too eagerly.
        guard origin != me else { counters.duplicates &+= 1; return true }
        // From the view's last deliveries on nothing is taken (D5); a frozen view takes what a cut names.
        guard phase < .frozen || phase == .frozen && (number <= allowed[origin] || Mutant.beyondCut.isOn) else {
            counters.outOfWindow &+= 1
            return true
        }
        let contiguous = streams[origin].contiguous
        switch streams[origin].arrival(of: number) {
        case .duplicate:
            counters.duplicates &+= 1
            return true
        case .outOfWindow:
            counters.outOfWindow &+= 1
            return true
        case .early:
            guard let contents = DataFrame.contents(of: datagram, origin: origin, members: members) else {
                return malformed()
            }
            streams[origin].store(Packet(datagram, keeping: memory), number: number, contents: contents)
            if phase < .frozen { exists(number, of: origin, delay: parameters.reorderDelay, at: now) }
        case .inSequence:
            guard let contents = DataFrame.contents(of: datagram, origin: origin, members: members) else {
                return malformed()
            }
            streams[origin].store(Packet(datagram, keeping: memory), number: number, contents: contents)
            advanced(origin, from: contiguous, at: now, into: &output)
        }
        if transmitter == origin, matrix.raise(origin, member: origin, to: number) {
            acknowledgedMore(of: origin, at: now, into: &output)
        }
        tellControls(at: now)
        return true
    }

    /// The contiguous part of a member's stream grew: order, deliver, and owe an acknowledgement.
    @inline(__always)
    private mutating func advanced(
        _ origin: Rank, from before: UInt64, at now: Instant, into output: inout HWGOutput
    ) {
        let contiguous = streams[origin].contiguous
        streams[origin].gap.advanced(to: contiguous, at: now)
        repairDeadline = min(repairDeadline, streams[origin].gap.askAt)
        let moreIsStable = matrix.raise(origin, member: me, to: contiguous)
        guard phase < .frozen else { return }
        var isUrgent = false
        var number = before
        while number < contiguous {
            number &+= 1
            let kinds = streams[origin].ring.contents(number).kinds
            guard !kinds.isDisjoint(with: [.ordered, .safe, .urgent]) else { continue }
            if me == 0 { pendingOrders.add(origin, through: number, isUrgent: kinds.contains(.urgent)) }
            if kinds.contains(.urgent) { isUrgent = true }
        }
        schedule.received(
            origin, count: contiguous, every: UInt64(parameters.acknowledgeEvery), delay: parameters.acknowledgeDelay,
            isUrgent: isUrgent, at: now)
        if origin == 0 || order.scanned < streams[0].contiguous { scanOrders() }
        deliver(origin, into: &output)
        if moreIsStable { acknowledgedMore(of: origin, at: now, into: &output) }
        if let head = order.head, streams[head.rank].waitsForStability { updateProbe(false, at: now) }
    }

    // MARK: Delivery

    /// Delivers what the growth of one stream, or of its order, allows.
    @inline(__always)
    mutating func deliver(_ rank: Rank, into output: inout HWGOutput) {
        guard phase < .frozen else { return }
        let head = order.head
        advance(rank, totals: head?.rank == rank ? head?.through ?? 0 : 0, into: &output)
        if head != nil { deliverOrdered(into: &output) }
    }

    /// Goes through the total order as far as packets have come and safe messages are stable (O3).
    mutating func deliverOrdered(into output: inout HWGOutput) {
        guard phase < .frozen else { return }
        while let head = order.head {
            advance(head.rank, totals: head.through, into: &output)
            guard streams[head.rank].cursor > head.through else { return }
            order.pop()
        }
    }

    /// Of the stream whose turn it is: packets that a majority has, when a majority has their order record too.
    ///
    /// ▸ Control messages wait for that. Whoever goes on as the primary view is a majority, so its cut has what anybody
    /// delivered, in the same order. (Else one member installs a light-weight view, is cut off, and the others' next one
    /// is a second primary successor of the same view: M7.)
    @inline(__always)
    private func uniform(_ rank: Rank) -> UInt64 {
        guard streams[rank].awaitsControl, let head = order.head, head.rank == rank,
            spread(0) >= head.source
        else { return 0 }
        return spread(rank)
    }

    /// What enough members have of a stream.
    private func spread(_ rank: Rank) -> UInt64 {
        waitsForAll ? matrix.minimum(of: rank, without: suspected) : matrix.majority(of: rank)
    }

    private mutating func advance(_ rank: Rank, totals: UInt64, into output: inout HWGOutput) {
        let contiguous = streams[rank].contiguous
        let broken = streams[rank].brokenMessages
        while true {
            streams[rank].advance(
                sender: rank, totals: totals, limit: rank == 0 ? min(contiguous, order.scanned) : contiguous,
                stable: isFooted ? matrix.stable[rank] : 0, uniform: uniform(rank), isFinal: false,
                into: &output.indications)
            let passed = streams[rank].controlsPassed
            if passed == 0 { break }
            controlsDelivered &+= passed
            _ = matrix.raiseControls(me, to: controlsDelivered)
            // Others may have delivered them before.
            guard streams[rank].standsAtSafe, isFooted else { break }
        }
        counters.brokenMessages &+= streams[rank].brokenMessages &- broken
        streams[rank].release(through: matrix.stable[rank])
    }

    /// All members have delivered the control messages that I have.
    ///
    /// ▸ Safe messages wait for that. The layer above makes views by control messages; whoever only receives one of them may be
    /// cut off before it knows that a majority has it, and passes the view by, in which the message is delivered (S1).
    @inline(__always)
    private var isFooted: Bool { matrix.controlsEverywhere >= controlsDelivered || Mutant.unfooted.isOn }

    /// The total order stands at a safe message.
    var isAtSafe: Bool {
        guard let head = order.head else { return false }
        return streams[head.rank].standsAtSafe
    }

    /// Who stands at a safe message expects that the others do, and wait to hear what it has delivered of the control messages.
    private mutating func tellControls(at now: Instant) {
        guard phase < .frozen || Mutant.hurriedWhenFrozen.isOn, controlsTold < controlsDelivered, isAtSafe
        else { return }
        controlsTold = controlsDelivered
        schedule.hurry(at: now)
    }

    /// Takes the orders of the sequencer's packets in sequence.
    mutating func scanOrders() {
        while order.scanned < streams[0].contiguous {
            let number = order.scanned &+ 1
            guard let packet = streams[0].ring.packet(number) else { return }
            let scanned = order.scan(packet, kinds: streams[0].ring.contents(number).kinds, number: number) { rank in
                // The sequencer has it, so its sender's window had room: further ahead is nonsense, or I am a suspect.
                streams[rank].contiguous &+ 2 &* streams[rank].ring.capacity
            }
            guard scanned else { return }
        }
    }

    // MARK: Acknowledgements

    public mutating func acknowledgeArrived(
        _ datagram: UnsafeRawBufferPointer, from sender: MemberID, at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        var reader = ByteReader(datagram)
        guard let (member, flags) = StreamFrame.read(&reader, token: token), rank(of: sender, hint: member) == member,
            member != me, reader.remaining == 8 * (members + 1)
        else { return malformed() }
        let controls = reader.u64()
        guard controls < DataFrame.numberLimit else { return malformed() }
        let vector = UnsafeRawBufferPointer(rebasing: datagram[reader.offset...])
        for stream in 0..<members {
            let count = Self.count(vector, stream)
            // Nobody has received what I have not sent.
            guard count < DataFrame.numberLimit, stream != me || count <= window.sealed else { return malformed() }
        }
        counters.acknowledgesReceived &+= 1
        guard phase < .ended else { return true }
        var mineMoved = false
        for stream in 0..<members {
            let count = Self.count(vector, stream)
            if stream == me {
                mineMoved = count > matrix.received(by: member, of: me)
            } else if phase < .frozen {
                // The origin's own word comes behind its packets; another member may be faster than they are.
                exists(
                    count, of: stream,
                    delay: stream == member ? parameters.reorderDelay : parameters.tailRepairInterval, at: now)
            }
            let moreIsStable = matrix.raise(stream, member: member, to: count)
            if moreIsStable { acknowledgedMore(of: stream, at: now, into: &output) }
        }
        let moreIsFooted = matrix.raiseControls(member, to: controls)
        guard phase < .frozen else { return true }
        if moreIsFooted { answerFlushes(at: now, into: &output) }
        if let head = order.head, streams[head.rank].waitsForStability { deliverOrdered(into: &output) }
        tellControls(at: now)
        if flags & AcknowledgeFrame.probe != 0 { schedule.owe(member) }
        if mineMoved {
            refreshWindow()
            packQueue(at: now, into: &output)
            sayWritable(into: &output)
        }
        updateProbe(mineMoved, at: now)
        return true
    }

    private static func count(_ vector: UnsafeRawBufferPointer, _ stream: Rank) -> UInt64 {
        UInt64(littleEndian: vector.loadUnaligned(fromByteOffset: 8 &* stream, as: UInt64.self))
    }

    /// More of a stream is stable: forget it, deliver safe messages that waited, answer flushes.
    mutating func acknowledgedMore(of stream: Rank, at now: Instant, into output: inout HWGOutput) {
        guard phase < .frozen else { return }
        if order.head?.rank == stream { deliverOrdered(into: &output) }
        streams[stream].release(through: matrix.stable[stream])
        if stream == me { answerFlushes(at: now, into: &output) }
    }

    /// The window's floor: what all unsuspected members acknowledged and I delivered to myself.
    mutating func refreshWindow() {
        let acknowledged = matrix.minimum(of: me, without: suspected)
        _ = window.advance(to: min(acknowledged, streams[me].cursor - 1), stable: matrix.stable[me])
    }

    /// A packet of a stream is known to exist.
    @inline(__always)
    mutating func exists(_ number: UInt64, of stream: Rank, delay: Interval, at now: Instant) {
        let contiguous = streams[stream].contiguous
        guard number > contiguous else { return }
        streams[stream].gap.exists(number, contiguous: contiguous, at: now, delay: delay)
        repairDeadline = min(repairDeadline, streams[stream].gap.askAt)
    }

    mutating func malformed() -> Bool {
        counters.malformed &+= 1
        return false
    }
}
