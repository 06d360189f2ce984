import GroupModel

/// The forms that texts in the configuration have.
enum SettingForm {
    static func isNodeName(_ text: String) -> Bool {
        (1...Limits.nodeNameBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// `HOST:PORT`, the host of an IPv6 address in brackets; nil when it is not of that form.
    static func address(_ text: String) -> (host: String, port: UInt16)? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return (String(host), port)
    }

    static func isListenAddress(_ text: String) -> Bool { address(text) != nil }

    /// The same, or a port alone, or nothing.
    static func isMetricsAddress(_ text: String) -> Bool { text.isEmpty || metricsAddress(text) != nil }

    static func metricsAddress(_ text: String) -> (host: String, port: UInt16)? {
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return UInt16(text).map { ("127.0.0.1", $0) }
        }
        return address(text)
    }

    /// A peer's port is known: 0 is none.
    static func isPeerAddress(_ text: String) -> Bool { (address(text)?.port ?? 0) != 0 }

    static func isLoopback(host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "::ffff:127.0.0.1"
            || host.hasPrefix("127.") && host.split(separator: ".", omittingEmptySubsequences: false).count == 4
                && host.allSatisfy { $0.isASCII && $0.isNumber || $0 == "." }
    }

    static func slowConsumerRule(_ text: String) -> SlowConsumerRule? {
        guard let equals = text.lastIndex(of: "="), equals != text.startIndex,
            let policy = SlowConsumerPolicy(rawValue: String(text[text.index(after: equals)...]))
        else { return nil }
        return SlowConsumerRule(pattern: String(text[..<equals]), policy: policy)
    }

    static func pin(_ text: String) -> MappingPin? {
        guard let equals = text.lastIndex(of: "="), equals != text.startIndex else { return nil }
        let group = String(text[text.index(after: equals)...])
        guard ShortName(group) != nil else { return nil }
        return MappingPin(pattern: String(text[..<equals]), group: group)
    }
}
