import GroupModel
import GroupWire

extension ViewStreams {
    /// A member misses packets of some stream. Answered in every phase: members that still fill a cut may ask after
    /// this one delivered it.
    public mutating func negativeAcknowledgeArrived(
        _ datagram: UnsafeRawBufferPointer, from sender: MemberID, at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        guard let (origin, ranges) = NegativeAcknowledgeFrame.read(datagram, token: token), origin < members,
            let asker = view.rank(of: sender), asker != me
        else { return malformed() }
        counters.negativeAcknowledgesReceived &+= 1
        var budget = NegativeAcknowledgeFrame.rangeLimit
        for range in ranges {
            // Only what the ring can hold is looked at, however wide the range.
            let last = min(range.upperBound, streams[origin].contiguous)
            guard range.lowerBound <= last else { counters.notHeld &+= 1; continue }
            var number = range.lowerBound
            while number <= last, budget > 0 {
                budget -= 1
                if let packet = streams[origin].ring.packet(number) {
                    send(origin == me ? packet : asHolder(packet), to: asker, into: &output)
                    counters.retransmitted &+= 1
                } else {
                    counters.notHeld &+= 1
                }
                number += 1
            }
        }
        return true
    }

    /// The same packet of another's stream, sent by me: only the header says so.
    private func asHolder(_ packet: Packet) -> Packet {
        let copy = Packet(copying: packet.contents)
        frame(.data).write(to: copy.bytes)
        return copy
    }

    // MARK: What a turn's end repairs

    /// Tells who is due what I have received.
    mutating func acknowledge(at now: Instant, into output: inout HWGOutput) {
        guard schedule.isDue(at: now) else { return }
        var ranks = schedule.take(at: now, except: me)
        ranks.removeAll { suspected[$0] }
        guard !ranks.isEmpty else { return }
        let packet = acknowledgement(isProbe: false)
        for rank in ranks {
            schedule.wasTold(rank, count: streams[rank].contiguous)
            send(packet, to: rank, into: &output)
            counters.acknowledgesSent &+= 1
        }
    }

    @inline(__always)
    private func acknowledgement(isProbe: Bool) -> Packet {
        AcknowledgeFrame.write(
            frame(.acknowledge), rank: me, isProbe: isProbe, token: token, controls: controlsDelivered,
            received: streams.lazy.map(\.contiguous))
    }

    /// The stream and packet that others may lack and that I wait for: my own last one, or the safe message at which
    /// the total order stands.
    private var awaited: [(stream: Rank, packet: UInt64)] {
        var result: [(stream: Rank, packet: UInt64)] = []
        if window.sealed > 0 { result.append((me, window.sealed)) }
        if let head = order.head, streams[head.rank].waitsForStability {
            result.append((head.rank, streams[head.rank].cursor))
            // A control message waits for its order record to be spread, too.
            result.append((0, head.source))
        }
        return result
    }

    /// The control messages that all must have delivered: behind them a safe message waits, or a flush.
    private var awaitedControls: UInt64 { isAtSafe ? controlsDelivered : flushes.controls }

    private func lags(_ rank: Rank, _ awaited: [(stream: Rank, packet: UInt64)]) -> Bool {
        matrix.controlsDelivered(by: rank) < awaitedControls
            || awaited.contains { matrix.received(by: rank, of: $0.stream) < $0.packet }
    }

    /// Starts, restarts or stops the repair of lost tails and acknowledgements.
    mutating func updateProbe(_ progressed: Bool, at now: Instant) {
        guard phase < .frozen else { return }
        let waits: Bool
        if let head = order.head, streams[head.rank].waitsForStability {
            waits = true
        } else {
            waits =
                window.sealed > 0 && matrix.minimum(of: me, without: suspected) < window.sealed
                || flushes.controls > matrix.controlsEverywhere
        }
        probe.update(waits: waits, progressed: progressed, interval: probeInterval, at: now)
    }

    private var probeInterval: Interval {
        owesWritable ? parameters.tailRepairInterval / 4 : parameters.tailRepairInterval
    }

    /// Announces my highest number to those that lag, and asks for theirs.
    mutating func sendProbes(at now: Instant, into output: inout HWGOutput) {
        guard probe.deadline <= now else { return }
        let awaited = awaited
        let ranks = (0..<members).filter { $0 != me && !suspected[$0] && lags($0, awaited) }
        guard !ranks.isEmpty else { probe.stop(); return }
        let packet = acknowledgement(isProbe: true)
        for rank in ranks {
            send(packet, to: rank, into: &output)
            counters.probesSent &+= 1
        }
        probe.sent(interval: probeInterval, at: now)
    }

    /// Asks for missing packets whose time has come.
    mutating func requestMissing(at now: Instant, into output: inout HWGOutput) {
        guard repairDeadline <= now else { return }
        repairDeadline = .distantFuture
        for stream in 0..<members {
            if streams[stream].gap.askAt <= now { request(stream, at: now, into: &output) }
            repairDeadline = min(repairDeadline, streams[stream].gap.askAt)
        }
    }

    private mutating func request(_ stream: Rank, at now: Instant, into output: inout HWGOutput) {
        let ranges = missing(stream)
        guard let last = ranges.last?.upperBound else { streams[stream].gap.stop(); return }
        let target = holder(of: stream, attempt: streams[stream].gap.attempts)
        streams[stream].gap.asked(through: last, at: now, interval: parameters.nackInterval)
        guard let target else { return }
        send(
            NegativeAcknowledgeFrame.write(frame(.negativeAcknowledge), origin: stream, token: token, ranges: ranges),
            to: target, into: &output)
        counters.negativeAcknowledgesSent &+= 1
    }

    /// The first missing packets of a stream, at most as many as one request asks for.
    private func missing(_ stream: Rank) -> [ClosedRange<UInt64>] {
        let held = streams[stream]
        // Nothing is asked for that would not be taken.
        let last = min(held.gap.known, held.cursor + held.ring.capacity - 1)
        var ranges: [ClosedRange<UInt64>] = []
        var count = 0
        var number = held.contiguous + 1
        while number <= last, count < parameters.nackPackets {
            if !held.ring.holds(number) {
                count += 1
                if let range = ranges.last, range.upperBound == number - 1 {
                    ranges[ranges.count - 1] = range.lowerBound...number
                } else {
                    ranges.append(number...number)
                }
            }
            number += 1
        }
        return ranges
    }

    /// Whom to ask: the holder that the cut names; else the origin twice, then any member that has the packets.
    private func holder(of stream: Rank, attempt: Int) -> Rank? {
        if phase == .frozen, stream < holders.count, let holder = holders[stream], holder != me, attempt % 3 < 2 {
            return holder
        }
        if !suspected[stream], stream != me, attempt % 4 < 2 { return stream }
        let wanted = streams[stream].contiguous + 1
        let able = (0..<members).filter {
            $0 != me && $0 != stream && !suspected[$0] && matrix.received(by: $0, of: stream) >= wanted
        }
        guard !able.isEmpty else { return suspected[stream] || stream == me ? nil : stream }
        return able[attempt % able.count]
    }
}
