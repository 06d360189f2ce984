import CLibevent
import CNet
import Glibc

/// A small HTTP server on a loop, libevent's: GET and HEAD, one request per connection, everything bounded.
///
/// It is for what an operator asks a process (metrics, health), so that whoever can reach the port can neither fill
/// memory nor keep others from being answered for longer than `Bounds` says.
public final class HTTPListener {
    /// Reasons: a scraper sends a few hundred bytes at once, and there are a few of them.
    public struct Bounds: Sendable {
        /// The request line and all headers.
        public var headerBytes = 4_096
        /// Connections at once. Further ones wait in the kernel's queue, which holds as many again.
        public var connections = 16
        /// A connection that is silent for this long is closed.
        public var idleSeconds: Int32 = 5
        /// A connection is closed after this time in any case, in nanoseconds: a byte now and then does not keep it.
        public var lifetime: Int64 = 15_000_000_000
        public init() {}
    }

    public let address: SocketAddress
    /// On the loop's thread; it must not block. Set before the loop runs.
    public var answer: (HTTPRequest) -> HTTPResponse = { _ in HTTPResponse(status: 503, line: "starting") }

    private let loop: EventLoop
    private let bounds: Bounds
    private var http: OpaquePointer?
    private var listener: OpaquePointer?
    private var timer: LoopTimer?
    /// Connections that stand, each with a reference of our own, and when they began. libevent does not tell of their
    /// end; a buffer whose callbacks are taken away is one that it has given up.
    private var connections: [(buffer: OpaquePointer, since: Int64)] = []
    /// How often connections are looked at, in nanoseconds.
    private static let sweepInterval: Int64 = 500_000_000

    /// Listens at once; requests are answered when the loop runs.
    /// - Throws: `listen on TCP HOST:PORT` when the address is in use or not this machine's.
    public init(_ loop: EventLoop, bind wanted: SocketAddress, bounds: Bounds = Bounds()) throws(SystemError) {
        let operation = "listen on TCP \(wanted)"
        let descriptor = cnet_socket(wanted.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue))
        guard descriptor >= 0 else { throw SystemError(operation, code: -descriptor) }
        _ = cnet_set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        guard wanted.withSystemAddress({ bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, Int32(bounds.connections)) == 0, let bound = SocketAddress.bound(to: descriptor)
        else {
            let code = errno
            Glibc.close(descriptor)
            throw SystemError(operation, code: code)
        }
        self.loop = loop
        self.bounds = bounds
        address = bound
        guard
            let listener = evconnlistener_new(
                loop.base, nil, nil, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, descriptor)
        else {
            Glibc.close(descriptor)
            throw SystemError("evconnlistener_new", code: ENOMEM)
        }
        guard let http = evhttp_new(loop.base), evhttp_bind_listener(http, listener) != nil else {
            evconnlistener_free(listener)
            throw SystemError("evhttp_new", code: ENOMEM)
        }
        self.http = http
        self.listener = listener
        timer = try LoopTimer(loop) { [unowned self] in sweep() }
        configure(http, listener)
    }

    deinit { close() }

    private func configure(_ http: OpaquePointer, _ listener: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        evhttp_set_allowed_methods(http, UInt16(EVHTTP_REQ_GET.rawValue | EVHTTP_REQ_HEAD.rawValue))
        evhttp_set_max_headers_size(http, bounds.headerBytes)
        evhttp_set_max_body_size(http, 0)
        evhttp_set_timeout(http, bounds.idleSeconds)
        evhttp_set_bevcb(
            http,
            { _, context in
                guard let context else { return nil }
                return Unmanaged<HTTPListener>.fromOpaque(context).takeUnretainedValue().connected()
            }, context)
        evhttp_set_gencb(
            http,
            { request, context in
                guard let request, let context else { return }
                Unmanaged<HTTPListener>.fromOpaque(context).takeUnretainedValue().requested(request)
            }, context)
        // Out of descriptors the listener stays ready all the while, and would keep the loop busy; the sweep resumes.
        evconnlistener_set_error_cb(listener) { listener, _ in _ = evconnlistener_disable(listener) }
        timer?.schedule(after: Self.sweepInterval)
    }

    /// Ends all connections at once. Idempotent.
    public func close() {
        timer?.cancel()
        timer = nil
        guard let http else { return }
        self.http = nil
        listener = nil
        evhttp_free(http)
        for connection in connections { bufferevent_decref(connection.buffer) }
        connections = []
    }

    // MARK: Connections

    private func connected() -> OpaquePointer? {
        prune()
        guard let buffer = bufferevent_socket_new(loop.base, -1, 0) else { return nil }
        bufferevent_incref(buffer)
        connections.append((buffer, monotonicNanoseconds()))
        if connections.count >= bounds.connections, let listener { evconnlistener_disable(listener) }
        return buffer
    }

    private func prune() {
        connections.removeAll { connection in
            var reading: bufferevent_data_cb?
            bufferevent_getcb(connection.buffer, &reading, nil, nil, nil)
            guard reading == nil else { return false }
            bufferevent_decref(connection.buffer)
            return true
        }
    }

    private func sweep() {
        prune()
        let now = monotonicNanoseconds()
        // libevent notices the end in this or the next turn, and gives the connection up.
        for connection in connections where now - connection.since > bounds.lifetime {
            shutdown(bufferevent_getfd(connection.buffer), Int32(SHUT_RDWR))
        }
        if connections.count < bounds.connections, let listener { evconnlistener_enable(listener) }
        timer?.schedule(after: Self.sweepInterval)
    }

    private func requested(_ request: UnsafeMutablePointer<evhttp_request>) {
        let uri = evhttp_request_get_evhttp_uri(request)
        let path = uri.flatMap { evhttp_uri_get_path($0) }.map { String(cString: $0) } ?? ""
        let response = answer(HTTPRequest(path: path))
        let headers = evhttp_request_get_output_headers(request)
        evhttp_add_header(headers, "Content-Type", response.contentType)
        evhttp_add_header(headers, "Connection", "close")
        evhttp_add_header(headers, "Content-Length", String(response.body.count))
        // libevent sends what it is given also in answer to HEAD.
        let isHead = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD
        let body = isHead ? nil : evbuffer_new()
        defer { if let body { evbuffer_free(body) } }
        if let body { _ = response.body.withUnsafeBytes { evbuffer_add(body, $0.baseAddress, $0.count) } }
        evhttp_send_reply(request, response.status, response.reason, body)
    }
}
