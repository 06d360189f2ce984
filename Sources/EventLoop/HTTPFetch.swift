import CLibevent

/// Why there was no answer.
public enum HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody listens, or the connection ended before the whole answer was there.
    case noAnswer
    case timedOut
    case tooLarge(limit: Int)

    public var description: String {
        switch self {
        case .noAnswer: "no answer: nobody listens there, or what does is no HTTP server"
        case .timedOut: "no answer in time"
        case .tooLarge(let limit): "the answer has more than \(limit) bytes"
        }
    }
}

/// One GET over a connection of its own, on a loop: what `lwg top` and tests ask an `HTTPListener`.
public final class HTTPFetch {
    /// Reasons: a node's metrics have some 10 KiB, and whoever looks at them waits.
    public struct Bounds: Sendable {
        public var bodyBytes = 1 << 20
        public var headerBytes = 16 << 10
        /// From the call to the whole answer, in nanoseconds.
        public var time: Int64 = 3_000_000_000
        public init() {}
    }

    private let loop: EventLoop
    private let bounds: Bounds
    private var done: ((Result<HTTPResponse, HTTPFailure>) -> Void)?
    private var connection: OpaquePointer?
    private var timer: LoopTimer?

    /// `done` runs once, on the loop's thread, where this is called too.
    public static func get(
        _ loop: EventLoop, _ path: String, from address: SocketAddress, bounds: Bounds = Bounds(),
        done: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) { HTTPFetch(loop, bounds, done).begin(path, address) }

    private init(_ loop: EventLoop, _ bounds: Bounds, _ done: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void) {
        self.loop = loop
        self.bounds = bounds
        self.done = done
    }

    private func begin(_ path: String, _ address: SocketAddress) {
        connection = evhttp_connection_base_new(loop.base, nil, address.host, address.port)
        // The context keeps this object until libevent has called back, or will not any more.
        let context = Unmanaged.passRetained(self)
        let request = evhttp_request_new(
            { request, context in
                guard let context else { return }
                let fetch = Unmanaged<HTTPFetch>.fromOpaque(context).takeRetainedValue()
                fetch.answered(request)
            }, context.toOpaque())
        guard let connection, let request else {
            context.release()
            return end(.failure(.noAnswer))
        }
        evhttp_connection_set_retries(connection, 0)
        evhttp_connection_set_max_body_size(connection, bounds.bodyBytes)
        evhttp_connection_set_max_headers_size(connection, bounds.headerBytes)
        let headers = evhttp_request_get_output_headers(request)
        evhttp_add_header(headers, "Host", address.description)
        evhttp_add_header(headers, "Connection", "close")
        timer = try? LoopTimer(loop) { [self] in
            guard done != nil else { return }
            // It does not call back any more.
            evhttp_cancel_request(request)
            context.release()
            end(.failure(.timedOut))
        }
        timer?.schedule(after: bounds.time)
        // A request that could not be made is given up, and called back for, by the connection.
        evhttp_make_request(connection, request, EVHTTP_REQ_GET, path)
    }

    private func answered(_ request: UnsafeMutablePointer<evhttp_request>?) {
        guard let request, evhttp_request_get_response_code(request) != 0 else { return end(.failure(.noAnswer)) }
        let status = evhttp_request_get_response_code(request)
        let buffer = evhttp_request_get_input_buffer(request)
        let count = evbuffer_get_length(buffer)
        guard count <= bounds.bodyBytes else { return end(.failure(.tooLarge(limit: bounds.bodyBytes))) }
        let body = [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            filled = max(0, Int(evbuffer_remove(buffer, bytes.baseAddress, count)))
        }
        let type = evhttp_find_header(evhttp_request_get_input_headers(request), "Content-Type")
        end(.success(HTTPResponse(status: status, contentType: type.map { String(cString: $0) } ?? "", body: body)))
    }

    private func end(_ result: Result<HTTPResponse, HTTPFailure>) {
        guard let report = done else { return }
        done = nil
        timer?.cancel()
        timer = nil
        let ended = Ended(connection)
        connection = nil
        // Not under libevent's feet: this may be its own call back.
        loop.execute { ended.free() }
        report(result)
    }

    /// Carried to the loop's next work, on the same thread.
    private struct Ended: @unchecked Sendable {
        let connection: OpaquePointer?
        init(_ connection: OpaquePointer?) { self.connection = connection }
        func free() { if let connection { evhttp_connection_free(connection) } }
    }
}
