import GroupModel
import GroupWire

/// What an idle pair of nodes exchanges every `heartbeatInterval`: 3 bytes after the header.
public struct Heartbeat: Hashable, Sendable {
    /// Its receiver is heard.
    public let hearsYou: Bool
    /// How long its sender gives its applications to answer a Hold. On the wire in milliseconds, rounded up, at most 65 s.
    public let holdDeadline: Interval

    public init(hearsYou: Bool, holdDeadline: Interval) {
        self.hearsYou = hearsYou
        self.holdDeadline = holdDeadline
    }

    static let bytes = 3

    public func packet(cluster: UInt32, sender: MemberID) -> Packet {
        var writer = ByteWriter(reserving: FrameHeader.bytes + Self.bytes)
        writer.frameHeader(FrameHeader(kind: .heartbeat, cluster: cluster, sender: sender))
        writer.bool(hearsYou)
        writer.u16(UInt16(clamping: (min(holdDeadline, .seconds(65)).nanoseconds + 999_999) / 1_000_000))
        return Packet(writer.bytes)
    }

    /// Nil when it is malformed.
    public init?(_ datagram: UnsafeRawBufferPointer) {
        guard datagram.count == FrameHeader.bytes + Self.bytes, datagram[FrameHeader.bytes] <= 1 else { return nil }
        hearsYou = datagram[FrameHeader.bytes] == 1
        let deadline = datagram.loadUnaligned(fromByteOffset: FrameHeader.bytes + 1, as: UInt16.self)
        holdDeadline = .milliseconds(Int64(UInt16(littleEndian: deadline)))
    }
}
