import CNet
import Glibc

/// Why a text is no address.
public enum AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    case noPort(String)
    case badPort(String)
    case noHost(String)
    case unbracketed(String)
    case unresolved(SystemError)

    public var description: String {
        switch self {
        case .noPort(let text): "‘\(text)’ has no port: write HOST:PORT, and [ADDRESS]:PORT for IPv6"
        case .badPort(let text): "‘\(text)’ has no usable port: a port is a number from 0 to 65535"
        case .noHost(let text): "‘\(text)’ has no host: write HOST:PORT, such as 127.0.0.1:7000"
        case .unbracketed(let text): "‘\(text)’ is ambiguous: write an IPv6 address in brackets, [ADDRESS]:PORT"
        case .unresolved(let error): "\(error)"
        }
    }
}

/// `HOST:PORT` before the host is looked up.
public struct HostPort: Hashable, Sendable, CustomStringConvertible {
    public let host: String
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT` or `[IPV6]:PORT`.
    public init(parsing text: String) throws(AddressError) {
        let host: Substring
        let portText: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw .unbracketed(text) }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard rest.hasPrefix(":") else { throw .noPort(text) }
            portText = rest.dropFirst()
        } else {
            guard let colon = text.lastIndex(of: ":") else { throw .noPort(text) }
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
            guard !host.contains(":") else { throw .unbracketed(text) }
        }
        guard !host.isEmpty else { throw .noHost(text) }
        guard !portText.isEmpty, portText.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(portText)
        else { throw .badPort(text) }
        self.host = String(host)
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The address when the host is written in numbers; nil when it is a name.
    public var numeric: SocketAddress? { try? lookUp(numericOnly: true).first }

    /// All addresses of the host, in the system's order of preference. Blocks for as long as the system's resolver
    /// does when the host is a name: not for the loop's thread.
    public func resolve() throws(AddressError) -> [SocketAddress] { try lookUp(numericOnly: false) }

    private func lookUp(numericOnly: Bool) throws(AddressError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = numericOnly ? AI_NUMERICHOST : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw .unresolved(SystemError(resolving: host, code: code)) }
        defer { freeaddrinfo(list) }
        var result: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let raw = entry.pointee.ai_addr,
                let address = SocketAddress(UnsafeRawPointer(raw), length: Int(entry.pointee.ai_addrlen))
            {
                let ported = address.with(port: port)
                if !result.contains(ported) { result.append(ported) }
            }
            next = entry.pointee.ai_next
        }
        guard !result.isEmpty else { throw .unresolved(SystemError(resolving: host, code: EAI_NONAME)) }
        return result
    }
}
