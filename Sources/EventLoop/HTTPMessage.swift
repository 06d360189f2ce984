/// What a client of an `HTTPListener` asked for. Queries and headers are not looked at.
public struct HTTPRequest: Hashable, Sendable {
    /// The path alone, as it was written: `/metrics`.
    public let path: String
    public init(path: String) { self.path = path }
}

/// What it is answered. The connection is closed afterwards.
public struct HTTPResponse: Hashable, Sendable {
    public var status: Int32
    public var contentType: String
    public var body: [UInt8]

    public init(status: Int32, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A line of text.
    public init(status: Int32, line: String) { self.init(status: status, body: Array((line + "\n").utf8)) }

    var reason: String {
        switch status {
        case 200: "OK"
        case 404: "Not Found"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}
