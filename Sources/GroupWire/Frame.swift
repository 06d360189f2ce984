import GroupModel

/// The table of message numbers. One datagram is one frame; a number is never used again for another meaning.
public enum FrameKind: UInt8, Sendable, CaseIterable {
    /// Failure detector: I am alive.
    case heartbeat = 1

    // Reliable multicast, within one heavyweight view.
    case data = 8
    case acknowledge = 9
    case negativeAcknowledge = 10
    case direct = 11
    case directAcknowledge = 12

    // Membership (GMP with ballots): one predecessor view to the next.
    case propose = 16
    case flushed = 17
    case cut = 18
    case cutReached = 19
    case install = 20
    case refuse = 21
    /// A member tells its coordinator of suspicions and of its own wish to leave.
    case report = 22
    /// Tells whoever re-sends the installation that I am in the new view.
    case installed = 23

    // Merge: finding other views of the same group, and asking to be merged.
    case announce = 24
    case mergeRequest = 25
    case mergeAnswer = 26
}

/// The first 20 bytes of every datagram.
///
/// | offset | field | bytes |
/// |---|---|---|
/// | 0 | magic `0x474C` | 2 |
/// | 2 | wire version | 1 |
/// | 3 | kind | 1 |
/// | 4 | cluster: low half of the stable hash of its name | 4 |
/// | 8 | sender: node | 8 |
/// | 16 | sender: incarnation | 4 |
public struct FrameHeader: Hashable, Sendable {
    public static let bytes = 20
    public static let magic: UInt16 = 0x474C
    public static let version: UInt8 = 3

    public var kind: FrameKind
    public var cluster: UInt32
    public var sender: MemberID

    public init(kind: FrameKind, cluster: UInt32, sender: MemberID) {
        self.kind = kind
        self.cluster = cluster
        self.sender = sender
    }

    public static func cluster(named name: String) -> UInt32 { UInt32(truncatingIfNeeded: StableHash.of(name)) }

    /// Why a datagram was not taken; each is counted.
    public enum Rejection: Error, Hashable, Sendable, CaseIterable {
        case short, foreign, version, kind
    }

    /// Reads the header; the reader then stands at the frame's own fields.
    @inline(__always)
    public static func read(_ bytes: UnsafeRawBufferPointer) throws(Rejection) -> FrameHeader {
        guard bytes.count >= Self.bytes else { throw .short }
        guard UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt16.self)) == magic else {
            throw .foreign
        }
        guard bytes[2] == version else { throw .version }
        guard let kind = FrameKind(rawValue: bytes[3]) else { throw .kind }
        return FrameHeader(
            kind: kind,
            cluster: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
            sender: MemberID(
                node: NodeID(raw: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))),
                incarnation: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))))
    }

    /// Writes the header into the first 20 bytes.
    public func write(to start: UnsafeMutableRawPointer) {
        start.storeBytes(of: Self.magic.littleEndian, as: UInt16.self)
        start.storeBytes(of: Self.version, toByteOffset: 2, as: UInt8.self)
        start.storeBytes(of: kind.rawValue, toByteOffset: 3, as: UInt8.self)
        start.storeBytes(of: cluster.littleEndian, toByteOffset: 4, as: UInt32.self)
        start.storeBytes(of: sender.node.raw.littleEndian, toByteOffset: 8, as: UInt64.self)
        start.storeBytes(of: sender.incarnation.littleEndian, toByteOffset: 16, as: UInt32.self)
    }
}

extension ByteWriter {
    public mutating func frameHeader(_ header: FrameHeader) {
        u16(FrameHeader.magic)
        u8(FrameHeader.version)
        u8(header.kind.rawValue)
        u32(header.cluster)
        u64(header.sender.node.raw)
        u32(header.sender.incarnation)
    }
}

/// Names one view of one heavyweight group in every frame that travels within it: a 64-bit hash of both, so that
/// finding the view is one look-up. Two views that a node knows at once share one with probability 2⁻⁶⁴; membership
/// frames carry the full names.
public struct ViewToken: Hashable, Sendable {
    public let raw: UInt64
    /// Where every frame of a view has its token.
    public static let offset = 24

    public init(raw: UInt64) { self.raw = raw }
    /// The token of a datagram; nil when it is too short to have one.
    @inline(__always)
    public init?(of datagram: UnsafeRawBufferPointer) {
        guard datagram.count >= Self.offset + 8 else { return nil }
        raw = UInt64(littleEndian: datagram.loadUnaligned(fromByteOffset: Self.offset, as: UInt64.self))
    }
    public init(group: HWGID, view: ViewID) {
        var hash = StableHash.mix(group.high &+ 0x9E37_79B9_7F4A_7C15)
        for word in [group.low, view.epoch, view.coordinator.node.raw, UInt64(view.coordinator.incarnation)] {
            hash = StableHash.mix(hash ^ word &+ 0x9E37_79B9_7F4A_7C15)
        }
        raw = hash
    }
}
