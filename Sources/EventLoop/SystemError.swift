import Glibc

/// The operating system refused something.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried: `bind 127.0.0.1:7000`.
    public let operation: String
    /// `errno`, or a code of `getaddrinfo` when the operation is `resolve`.
    public let code: Int32
    private let text: String

    public init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
        text = String(cString: strerror(code))
    }

    init(resolving host: String, code: Int32) {
        operation = "resolve \(host)"
        self.code = code
        text = String(cString: gai_strerror(code))
    }

    /// The system's words for the error alone.
    public var reason: String { text }
    public var description: String { "\(operation): \(text)" }
}
