import CNet
import Glibc

/// Accepts TCP connections.
public final class StreamListener {
    public let address: SocketAddress
    private let loop: EventLoop
    private let descriptor: Int32
    private let bounds: StreamConnection.Bounds
    private var reading: Readiness?
    private var retry: LoopTimer?
    private let accepted: (StreamConnection) -> Void

    /// Connections that one turn takes, so that a flood of them does not keep datagrams waiting.
    static let acceptsPerTurn = 16
    /// How long nothing is accepted when the process or the system is out of descriptors, in nanoseconds: the
    /// listener stays ready all the while, and would keep the loop busy.
    static let pauseWithoutDescriptors: Int64 = 100_000_000

    /// Listens at once; `accepted` runs on the loop's thread and keeps the connection, or drops and so closes it.
    public init(
        _ loop: EventLoop, bind wanted: SocketAddress, bounds: StreamConnection.Bounds = .init(),
        accepted: @escaping (StreamConnection) -> Void
    ) throws(SystemError) {
        let operation = "listen on TCP \(wanted)"
        let descriptor = cnet_socket(wanted.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue))
        guard descriptor >= 0 else { throw SystemError(operation, code: -descriptor) }
        // A port whose last connections still linger can be listened on again; a port in use cannot.
        _ = cnet_set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if wanted.family == .ipv6 { _ = cnet_dual_stack(descriptor) }
        guard wanted.withSystemAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 128) == 0,
            let bound = SocketAddress.bound(to: descriptor)
        else {
            let code = errno
            Glibc.close(descriptor)
            throw SystemError(operation, code: code)
        }
        self.loop = loop
        self.descriptor = descriptor
        self.bounds = bounds
        self.accepted = accepted
        address = bound
        reading = try Readiness(loop, descriptor: descriptor, .reading) { [unowned self] in accept() }
        retry = try LoopTimer(loop) { [unowned self] in reading?.resume() }
        reading?.resume()
    }

    deinit { close() }

    public func close() {
        guard reading != nil else { return }
        reading?.end()
        reading = nil
        retry = nil
        Glibc.close(descriptor)
    }

    private func accept() {
        for _ in 0..<Self.acceptsPerTurn {
            guard reading != nil else { return }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let fresh = cnet_accept(descriptor, &storage, &length)
            guard fresh >= 0 else {
                switch -fresh {
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    reading?.pause()
                    retry?.schedule(after: Self.pauseWithoutDescriptors)
                    return
                case ECONNABORTED: continue
                default: return
                }
            }
            let peer = withUnsafeBytes(of: &storage) { raw in
                raw.baseAddress.flatMap { SocketAddress($0, length: Int(length)) }
            }
            guard let peer else {
                Glibc.close(fresh)
                continue
            }
            // A connection that cannot be made closes its descriptor itself.
            guard
                let connection = try? StreamConnection(
                    loop, descriptor: fresh, peer: peer, connected: true, bounds: bounds)
            else { continue }
            accepted(connection)
        }
    }
}
