import GroupModel
import GroupWire

/// The fields that all frames of a view but data have after the header: a rank, flags, the view's token.
///
/// | offset | field | bytes |
/// |---|---|---|
/// | 20 | rank | 2 |
/// | 22 | flags or count | 2 |
/// | 24 | view token | 8 |
enum StreamFrame {
    static let bodyOffset = 32
    static func start(_ header: FrameHeader, rank: Rank, flags: UInt16, token: ViewToken, body: Int) -> ByteWriter {
        var writer = ByteWriter(reserving: bodyOffset + body)
        writer.frameHeader(header)
        writer.u16(UInt16(truncatingIfNeeded: rank))
        writer.u16(flags)
        writer.u64(token.raw)
        return writer
    }
    /// The rank and flags; the reader then stands at the body. Nil when short or of another view.
    static func read(_ reader: inout ByteReader, token: ViewToken) -> (rank: Rank, flags: UInt16)? {
        _ = reader.raw(FrameHeader.bytes)
        let rank = Int(reader.u16())
        let flags = reader.u16()
        let found = reader.u64()
        guard reader.isValid, found == token.raw else { return nil }
        return (rank, flags)
    }
}

/// How many control messages a receiver has delivered, then its vector: per rank the contiguous count received; at its own rank
/// the highest number sent, which is how a lost tail is noticed. Rank: the receiver's.
package enum AcknowledgeFrame {
    /// Asks for an acknowledgement in return.
    static let probe: UInt16 = 1
    /// The count of control messages.
    package static let controlsOffset = StreamFrame.bodyOffset
    static let vectorOffset = controlsOffset + 8

    static func write(
        _ header: FrameHeader, rank: Rank, isProbe: Bool, token: ViewToken, controls: UInt64,
        received: some Collection<UInt64>
    ) -> Packet {
        // As `StreamFrame.start`, into the packet itself: no other frame is written so often.
        let packet = Packet(capacity: vectorOffset + 8 * received.count)
        header.write(to: packet.bytes)
        let rank = UInt16(truncatingIfNeeded: rank)
        packet.bytes.storeBytes(of: rank.littleEndian, toByteOffset: FrameHeader.bytes, as: UInt16.self)
        let flags: UInt16 = isProbe ? probe : 0
        packet.bytes.storeBytes(of: flags.littleEndian, toByteOffset: FrameHeader.bytes + 2, as: UInt16.self)
        packet.bytes.storeBytes(of: token.raw.littleEndian, toByteOffset: ViewToken.offset, as: UInt64.self)
        packet.bytes.storeBytes(of: controls.littleEndian, toByteOffset: controlsOffset, as: UInt64.self)
        var end = vectorOffset
        for count in received where end + 8 <= packet.capacity {
            packet.bytes.storeBytes(of: count.littleEndian, toByteOffset: end, as: UInt64.self)
            end += 8
        }
        packet.count = end
        return packet
    }
}

/// A request for packets of one stream, by ranges. Rank: the stream's origin; flags: the number of ranges.
enum NegativeAcknowledgeFrame {
    /// What one request can ask for, and what one answer sends at most.
    static let rangeLimit = 64

    static func write(_ header: FrameHeader, origin: Rank, token: ViewToken, ranges: [ClosedRange<UInt64>]) -> Packet {
        var writer = StreamFrame.start(
            header, rank: origin, flags: UInt16(truncatingIfNeeded: ranges.count), token: token,
            body: 16 * ranges.count)
        for range in ranges {
            writer.u64(range.lowerBound)
            writer.u64(range.upperBound)
        }
        return Packet(writer.bytes)
    }

    static func read(
        _ bytes: UnsafeRawBufferPointer, token: ViewToken
    ) -> (origin: Rank, ranges: [ClosedRange<UInt64>])? {
        var reader = ByteReader(bytes)
        guard let (origin, flags) = StreamFrame.read(&reader, token: token) else { return nil }
        let count = Int(flags)
        guard count > 0, count <= rangeLimit, reader.remaining == 16 * count else { return nil }
        var ranges: [ClosedRange<UInt64>] = []
        ranges.reserveCapacity(count)
        for _ in 0..<count {
            let first = reader.u64()
            let last = reader.u64()
            guard first > 0, first <= last, last < DataFrame.numberLimit else { return nil }
            ranges.append(first...last)
        }
        return (origin, ranges)
    }
}

/// One packet of a point-to-point channel: after the token the channel's packet number, then the message's number, then
/// the payload. Rank: the sender's.
enum DirectFrame {
    static let first: UInt16 = 1
    static let last: UInt16 = 2
    static let payloadOffset = 48

    static func write(
        _ header: FrameHeader, rank: Rank, flags: UInt16, token: ViewToken, number: UInt64, message: UInt64,
        payload: UnsafeRawBufferPointer
    ) -> Packet {
        var writer = StreamFrame.start(header, rank: rank, flags: flags, token: token, body: 16 + payload.count)
        writer.u64(number)
        writer.u64(message)
        writer.raw(payload)
        return Packet(writer.bytes)
    }
}

/// The contiguous count received on a point-to-point channel. Rank: the receiver's.
enum DirectAcknowledgeFrame {
    static func write(_ header: FrameHeader, rank: Rank, token: ViewToken, received: UInt64) -> Packet {
        var writer = StreamFrame.start(header, rank: rank, flags: 0, token: token, body: 8)
        writer.u64(received)
        return Packet(writer.bytes)
    }
}
