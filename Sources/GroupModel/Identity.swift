/// A node's identity that survives its restarts: the stable hash of its name.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The hash.
    public let raw: UInt64
    public init(raw: UInt64) { self.raw = raw }
    /// Of a node's name, the same on all machines.
    public init(name: String) { raw = StableHash.of(name) }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.raw < rhs.raw }
    /// Sixteen hexadecimal digits: a hash does not tell the name.
    public var description: String { hexadecimal(raw) }
}

/// One life of one node: the node's identity and an incarnation that grows with each start.
///
/// A member of heavyweight groups. Written `name.incarnation` in traces and tools, which know the names.
public struct MemberID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Survives restarts.
    public let node: NodeID
    /// Grows with each start.
    public let incarnation: UInt32
    public init(node: NodeID, incarnation: UInt32) {
        self.node = node
        self.incarnation = incarnation
    }
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.node != rhs.node ? lhs.node < rhs.node : lhs.incarnation < rhs.incarnation
    }
    public var description: String { "\(node).\(incarnation)" }
}

/// One application seat on a node: a member of light-weight groups. Written `name.incarnation/endpoint`.
public struct EndpointID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The node that hosts it.
    public let member: MemberID
    /// The endpoint's name on that node; `0` is the default.
    public let name: ShortName
    public init(member: MemberID, name: ShortName) {
        self.member = member
        self.name = name
    }
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.member != rhs.member ? lhs.member < rhs.member : lhs.name < rhs.name
    }
    public var description: String { "\(member)/\(name)" }
}

/// The identity of a heavyweight group.
///
/// A group named by configuration is its name; a group that a node created is (creator, counter), never
/// reused. The two never compare equal: the lowest byte is a name's length (1 to 15) or 255.
public struct HWGID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(named name: ShortName) {
        high = name.high
        low = name.low
    }

    /// `counter` wraps at 24 bits, which a creator that makes one group a second reaches after six months.
    public init(creator: MemberID, counter: UInt32) {
        high = creator.node.raw
        low = UInt64(creator.incarnation) << 32 | UInt64(counter & 0xFF_FFFF) << 8 | 0xFF
    }

    /// From two words of a packet; nil unless they are a name or a creator and counter.
    public init?(high: UInt64, low: UInt64) {
        guard low & 0xFF == 0xFF || ShortName(high: high, low: low) != nil else { return nil }
        self.high = high
        self.low = low
    }

    public var name: ShortName? { low & 0xFF == 0xFF ? nil : ShortName(high: high, low: low) }

    public var description: String {
        name?.description ?? "\(hexadecimal(high)).\(low >> 32).\(low >> 8 & 0xFF_FFFF)"
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.high != rhs.high ? lhs.high < rhs.high : lhs.low < rhs.low
    }
}

/// The identity of a light-weight group: a stable hash of its name, so that two sides of a partition agree on it.
public struct LWGID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let raw: UInt64
    public init(raw: UInt64) { self.raw = raw }
    public init(name: String) { raw = StableHash.of(name) }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.raw < rhs.raw }
    public var description: String { hexadecimal(raw) }
}

/// Where a node can be reached: an IPv4 or IPv6 address and a port, or a number in a simulated world.
public struct NodeAddress: Hashable, Sendable {
    /// The address in network order; an IPv4 address is mapped (`::ffff:a.b.c.d`).
    public let high: UInt64
    public let low: UInt64
    public let port: UInt16
    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }
}

/// What a node tells the others of itself.
public struct NodeCard: Hashable, Sendable {
    /// `[A-Za-z0-9_-]{1,63}`; the identity is its hash.
    public let name: String
    public let member: MemberID
    public let address: NodeAddress
    public init(name: String, member: MemberID, address: NodeAddress) {
        self.name = name
        self.member = member
        self.address = address
    }
}

/// A 64-bit hash that is the same in every process and version: FNV-1a, then the finalizer of MurmurHash3 for avalanche.
public enum StableHash {
    public static func of(_ text: String) -> UInt64 { of(text.utf8) }
    public static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return mix(hash)
    }
    public static func mix(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }
}

func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
