import GroupModel
import GroupWire

/// What an idle pair of nodes exchanges every `heartbeatInterval`.
///
/// | offset | field | bytes |
/// |---|---|---|
/// | 20 | whether the receiver is heard: 0 or 1 | 1 |
/// | 21 | how long applications have to answer a Hold, in milliseconds, rounded up | 2 |
/// | 23 | digest of the mapping | 4 |
public struct Heartbeat: Hashable, Sendable {
    /// Its receiver is heard.
    public let hearsYou: Bool
    /// How long its sender gives its applications to answer a Hold: at most 65 s.
    public let holdDeadline: Interval
    /// How its sender maps light-weight groups: nodes that differ may not meet in a group.
    public let mapping: UInt32

    public init(hearsYou: Bool, holdDeadline: Interval, mapping: UInt32) {
        self.hearsYou = hearsYou
        self.holdDeadline = holdDeadline
        self.mapping = mapping
    }

    private static let bytes = 7

    public func packet(cluster: UInt32, sender: MemberID) -> Packet {
        var writer = ByteWriter(reserving: FrameHeader.bytes + Self.bytes)
        writer.frameHeader(FrameHeader(kind: .heartbeat, cluster: cluster, sender: sender))
        writer.bool(hearsYou)
        writer.u16(UInt16(clamping: (min(holdDeadline, .seconds(65)).nanoseconds + 999_999) / 1_000_000))
        writer.u32(mapping)
        return Packet(writer.bytes)
    }

    /// Nil when it is malformed.
    public init?(_ datagram: UnsafeRawBufferPointer) {
        let start = FrameHeader.bytes
        guard datagram.count == start + Self.bytes, datagram[start] <= 1 else { return nil }
        hearsYou = datagram[start] == 1
        let deadline = datagram.loadUnaligned(fromByteOffset: start + 1, as: UInt16.self)
        holdDeadline = .milliseconds(Int64(UInt16(littleEndian: deadline)))
        mapping = UInt32(littleEndian: datagram.loadUnaligned(fromByteOffset: start + 3, as: UInt32.self))
    }
}
