import CNet
import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    public enum Family: Hashable, Sendable { case ipv4, ipv6 }

    public let family: Family
    /// The address's 16 bytes as two big-endian words; IPv4 is mapped (`::ffff:a.b.c.d`).
    public let high: UInt64
    public let low: UInt64
    public let port: UInt16
    /// The interface of a link-local IPv6 address, or 0.
    public let scope: UInt32

    /// IPv4 when the words are a mapped address.
    public init(high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
        self.high = high
        self.low = low
        self.port = port
        self.scope = scope
        family = high == 0 && low >> 32 == 0xFFFF ? .ipv4 : .ipv6
    }

    public init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xFFFF << 32 | UInt64(ipv4), port: port)
    }

    public static func loopback(_ family: Family, port: UInt16) -> SocketAddress {
        switch family {
        case .ipv4: SocketAddress(ipv4: 0x7F00_0001, port: port)
        case .ipv6: SocketAddress(high: 0, low: 1, port: port)
        }
    }

    /// From the system's form; nil for another family.
    init?(_ address: UnsafeRawPointer, length: Int) {
        guard length >= MemoryLayout<sockaddr>.size else { return nil }
        switch Int32(address.load(as: sockaddr.self).sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let value = address.load(as: sockaddr_in.self)
            self.init(ipv4: UInt32(bigEndian: value.sin_addr.s_addr), port: UInt16(bigEndian: value.sin_port))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            self.init(
                high: UInt64(bigEndian: address.loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
                low: UInt64(bigEndian: address.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)),
                port: UInt16(bigEndian: address.load(as: sockaddr_in6.self).sin6_port),
                scope: address.load(as: sockaddr_in6.self).sin6_scope_id)
        default:
            return nil
        }
    }

    /// Writes the system's form for a socket of `socketFamily`, of at most `sockaddr_storage`'s size. Zero when a
    /// socket of that family cannot reach this address.
    func write(to start: UnsafeMutableRawPointer, for socketFamily: Family) -> socklen_t {
        switch (socketFamily, family) {
        case (.ipv4, .ipv4):
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
            start.storeBytes(of: value, as: sockaddr_in.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case (.ipv4, .ipv6):
            return 0
        case (.ipv6, _):
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            value.sin6_scope_id = scope
            start.storeBytes(of: value, as: sockaddr_in6.self)
            let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            start.storeBytes(of: high.bigEndian, toByteOffset: offset, as: UInt64.self)
            start.storeBytes(of: low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    /// Calls `body` with the system's form of this address for a socket of its own family.
    func withSystemAddress<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_storage>.size, alignment: 16) { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a temporary buffer has an address") }
            let length = write(to: start, for: family)
            return body(UnsafePointer(start.bindMemory(to: sockaddr.self, capacity: 1)), length)
        }
    }

    /// What a socket is bound to.
    static func bound(to descriptor: Int32) -> SocketAddress? {
        withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_storage>.size, alignment: 16) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            guard getsockname(descriptor, start.bindMemory(to: sockaddr.self, capacity: 1), &length) == 0 else {
                return nil
            }
            return SocketAddress(start, length: Int(length))
        }
    }

    public var isLoopback: Bool {
        family == .ipv4 ? (low >> 24) & 0xFF == 127 : high == 0 && low == 1
    }
    /// `0.0.0.0` or `::`: every interface.
    public var isWildcard: Bool {
        family == .ipv4 ? low & 0xFFFF_FFFF == 0 : high == 0 && low == 0
    }

    public func with(port: UInt16) -> SocketAddress {
        SocketAddress(high: high, low: low, port: port, scope: scope)
    }

    /// The address without the port.
    public var host: String {
        if family == .ipv4 {
            return "\(low >> 24 & 0xFF).\(low >> 16 & 0xFF).\(low >> 8 & 0xFF).\(low & 0xFF)"
        }
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let start = buffer.baseAddress, inet_ntop(AF_INET6, &address, start, socklen_t(buffer.count)) != nil
            else { return "?" }
            return String(cString: start)
        }
    }

    /// `127.0.0.1:7000` or `[::1]:7000`: what `parse` reads.
    public var description: String { family == .ipv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }
}
