import GroupModel
import GroupWire

extension ViewStreams {
    /// Sends bytes to one member: FIFO per pair, in this view only, outside the cut. `number` names the message; without
    /// one it takes the next of my message numbers.
    public mutating func direct(
        to member: MemberID, number: UInt64? = nil, _ bytes: [UInt8], at now: Instant, into output: inout HWGOutput
    ) -> SendOutcome {
        guard bytes.count <= Limits.messageBytes else { return .refused(.messageTooLarge) }
        guard phase == .running else { return .held }
        guard let rank = view.rank(of: member) else { return .notMember }
        directs.prepare(parameters)
        let waiting = directs.channels[rank].waitingBytes
        guard waiting == 0 || waiting + bytes.count <= parameters.directQueueBytes else {
            owesWritable = true
            return .full
        }
        let number = number ?? takeNumber(at: now, into: &output)
        if rank == me {
            output.indications.events.append(.direct(from: member, number: number, bytes: bytes))
        } else {
            directs.channels[rank].append(Packet(bytes), message: number)
            directs.deadline = now
        }
        return .accepted(number: number)
    }

    /// Point-to-point messages that their receivers have not wholly acknowledged: when the view ends, their fate is
    /// not known.
    public var unacknowledgedDirects: [(to: MemberID, number: UInt64)] {
        var result: [(to: MemberID, number: UInt64)] = []
        for (rank, channel) in directs.channels.enumerated() {
            let numbers = channel.unacknowledged.map(\.message) + channel.waiting.map(\.message)
            for (index, number) in numbers.enumerated() where index == 0 || numbers[index - 1] != number {
                result.append((view.members[rank], number))
            }
        }
        return result
    }

    public mutating func directArrived(
        _ datagram: UnsafeRawBufferPointer, from sender: MemberID, at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        var reader = ByteReader(datagram)
        guard let (rank, flags) = StreamFrame.read(&reader, token: token), rank < members, rank != me,
            view.members[rank] == sender, flags & ~(DirectFrame.first | DirectFrame.last) == 0
        else { return malformed() }
        let number = reader.u64()
        _ = reader.u64()
        guard reader.isValid, number > 0, number < DataFrame.numberLimit else { return malformed() }
        guard phase < .ended else { return true }
        directs.prepare(parameters)
        directs.deadline = now
        let arrival = directs.channels[rank].arrived(number: number, datagram) { message, bytes in
            output.indications.events.append(.direct(from: sender, number: message, bytes: bytes))
        }
        switch arrival {
        case .taken: break
        case .duplicate: counters.duplicates &+= 1
        case .outOfWindow: counters.outOfWindow &+= 1
        }
        return true
    }

    public mutating func directAcknowledgeArrived(
        _ datagram: UnsafeRawBufferPointer, from sender: MemberID, at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        var reader = ByteReader(datagram)
        guard let (rank, _) = StreamFrame.read(&reader, token: token), rank < members, rank != me,
            view.members[rank] == sender
        else { return malformed() }
        let count = reader.u64()
        guard reader.isComplete else { return malformed() }
        guard phase < .ended else { return true }
        directs.prepare(parameters)
        guard directs.channels[rank].acknowledgeArrived(count, interval: parameters.tailRepairInterval, at: now) else {
            return malformed()
        }
        directs.deadline = now
        return true
    }

    /// Sends what the channels' windows allow, what is due again, and acknowledgements.
    mutating func sendDirects(at now: Instant, into output: inout HWGOutput) {
        guard directs.deadline <= now else { return }
        directs.deadline = .distantFuture
        for rank in directs.channels.indices {
            while let packet = directs.channels[rank].nextPacket(
                header: frame(.direct), rank: me, token: token, parameters: parameters, at: now)
            {
                send(packet, to: rank, into: &output)
                counters.directsSent &+= 1
            }
            for packet in directs.channels[rank].repeats(interval: parameters.tailRepairInterval, at: now) {
                send(packet, to: rank, into: &output)
                counters.directsRepeated &+= 1
            }
            if directs.channels[rank].owesAcknowledge {
                directs.channels[rank].owesAcknowledge = false
                send(
                    DirectAcknowledgeFrame.write(
                        frame(.directAcknowledge), rank: me, token: token, received: directs.channels[rank].received),
                    to: rank, into: &output)
            }
            directs.deadline = min(directs.deadline, directs.channels[rank].deadline)
        }
    }
}
