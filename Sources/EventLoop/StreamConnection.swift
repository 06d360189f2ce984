import CNet
import Glibc

/// A TCP connection that carries small frames: a 32-bit little-endian length, then that many bytes.
///
/// Bounded both ways: a frame over `frameBytes` closes the connection, and so does a peer that does not read. The end
/// is reported once, in the turn in which the kernel knows of it.
public final class StreamConnection {
    public enum End: Hashable, Sendable {
        /// The other side closed, or its process is gone.
        case closedByPeer
        case failed(SystemError)
        /// A frame longer than the limit was announced.
        case frameTooLong(Int)
        /// The other side does not read.
        case notRead
    }

    /// Reasons: hellos are small, and what waits for a peer that reads at all fits the kernel's buffer.
    public struct Bounds: Sendable {
        public var frameBytes = 64 * 1024
        public var unsentBytes = 256 * 1024
        public init() {}
    }

    public let peer: SocketAddress
    public private(set) var isOpen = true
    public private(set) var isConnected: Bool

    /// On the loop's thread. The bytes are borrowed for the call.
    public var onFrame: ((UnsafeRawBufferPointer) -> Void)?
    public var onConnect: (() -> Void)?
    /// Never called for one's own `close`.
    public var onEnd: ((End) -> Void)?

    private let descriptor: Int32
    private let bounds: Bounds
    private var reading: Readiness?
    private var writing: Readiness?
    private var received: [UInt8] = []
    private var unsent: [UInt8] = []

    /// Begins to connect; `onConnect` or `onEnd` says how it went.
    public static func connect(
        _ loop: EventLoop, to address: SocketAddress, bounds: Bounds = Bounds()
    ) throws(SystemError) -> StreamConnection {
        let operation = "connect TCP \(address)"
        let descriptor = cnet_socket(address.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue))
        guard descriptor >= 0 else { throw SystemError(operation, code: -descriptor) }
        let result = address.withSystemAddress { Glibc.connect(descriptor, $0, $1) }
        let code = errno
        guard result == 0 || code == EINPROGRESS else {
            Glibc.close(descriptor)
            throw SystemError(operation, code: code)
        }
        return try StreamConnection(loop, descriptor: descriptor, peer: address, connected: false, bounds: bounds)
    }

    init(_ loop: EventLoop, descriptor: Int32, peer: SocketAddress, connected: Bool, bounds: Bounds)
        throws(SystemError)
    {
        self.descriptor = descriptor
        self.peer = peer
        self.bounds = bounds
        isConnected = connected
        cnet_tune_stream(descriptor)
        reading = try Readiness(loop, descriptor: descriptor, .reading) { [unowned self] in readable() }
        writing = try Readiness(loop, descriptor: descriptor, .writing) { [unowned self] in writable() }
        if connected { reading?.resume() } else { writing?.resume() }
    }

    deinit { close() }

    /// Queues one frame. Nothing happens on a connection that has ended.
    public func send(_ frame: [UInt8]) {
        guard isOpen else { return }
        guard frame.count <= bounds.frameBytes, unsent.count + frame.count <= bounds.unsentBytes else {
            return end(.notRead)
        }
        withUnsafeBytes(of: UInt32(frame.count).littleEndian) { unsent.append(contentsOf: $0) }
        unsent.append(contentsOf: frame)
        if isConnected { flush() }
    }

    /// Ends the connection at once; what the kernel has already taken still arrives.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        reading?.end()
        writing?.end()
        Glibc.close(descriptor)
    }

    private func end(_ reason: End) {
        guard isOpen else { return }
        close()
        onEnd?(reason)
    }

    private func failed(_ operation: String, _ code: Int32) {
        switch code {
        case ECONNRESET, EPIPE: end(.closedByPeer)
        default: end(.failed(SystemError("\(operation) \(peer)", code: code)))
        }
    }

    private func writable() {
        if !isConnected {
            let code = cnet_connect_error(descriptor)
            guard code == 0 else { return end(.failed(SystemError("connect TCP \(peer)", code: code))) }
            isConnected = true
            writing?.pause()
            reading?.resume()
            onConnect?()
        }
        flush()
    }

    private func flush() {
        while isOpen, !unsent.isEmpty {
            let sent = unsent.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent >= 0 else {
                switch errno {
                case EINTR: continue
                case EAGAIN: writing?.resume()
                default: failed("send to", errno)
                }
                return
            }
            unsent.removeFirst(sent)
        }
        if isOpen { writing?.pause() }
    }

    /// Reads of one turn; the loop comes back at once while there is more.
    private static let readsPerTurn = 8

    private func readable() {
        for _ in 0..<Self.readsPerTurn where isOpen {
            let count = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer -> Int in
                let count = Glibc.recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count > 0 { received.append(contentsOf: buffer[..<count]) }
                return count
            }
            guard count > 0 else {
                if count == 0 { return end(.closedByPeer) }
                switch errno {
                case EINTR: continue
                case EAGAIN: return
                default: return failed("receive from", errno)
                }
            }
            takeFrames()
        }
    }

    private func takeFrames() {
        var offset = 0
        while isOpen, received.count - offset >= 4 {
            let length = received.withUnsafeBytes {
                Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
            guard length <= bounds.frameBytes else { return end(.frameTooLong(length)) }
            guard received.count - offset - 4 >= length else { break }
            let frame = Array(received[(offset + 4)..<(offset + 4 + length)])
            offset += 4 + length
            frame.withUnsafeBytes { onFrame?($0) }
        }
        if isOpen { received.removeFirst(offset) }
    }
}
