import CNet
import Glibc

/// What a datagram socket is asked to be.
public struct DatagramOptions: Sendable {
    /// Asked of the kernel; what it grants is in `receiveBufferBytes`.
    public var receiveBufferBytes = 4 << 20
    public var sendBufferBytes = 4 << 20
    /// Uses UDP GSO where the kernel has it.
    public var segmentation = true
    /// Uses UDP GRO where the kernel has it.
    public var coalescing = true
    /// Unsent bytes that are kept while the kernel's buffer is full; what comes on top is dropped and counted.
    public var queueBytes = 8 << 20
    public init() {}
}

/// Counters of a datagram socket.
public struct DatagramCounters: Sendable, Hashable {
    public var packetsIn: UInt64 = 0
    public var bytesIn: UInt64 = 0
    public var packetsOut: UInt64 = 0
    public var bytesOut: UInt64 = 0
    public var receiveCalls: UInt64 = 0
    public var sendCalls: UInt64 = 0
    /// Datagrams for which neither the kernel nor the queue had room.
    public var overflowed: UInt64 = 0
    /// Datagrams that the system refused: no route, too large, another family.
    public var refused: UInt64 = 0
    /// Datagrams that arrived cut off.
    public var truncated: UInt64 = 0
    /// Asynchronous errors (ICMP) that were read and dropped.
    public var asynchronousErrors: UInt64 = 0
}

/// A UDP socket that reads and writes many datagrams per system call.
public final class DatagramSocket {
    /// Called for each datagram: its bytes, where it came from, and what to keep for the bytes to stay valid and
    /// unchanged after the call. Nil: they are borrowed for the call.
    public typealias Handler = (UnsafeRawBufferPointer, DatagramSource, AnyObject?) -> Void

    public let address: SocketAddress
    /// In effect, as the kernel counts: twice what can be asked without privilege.
    public let receiveBufferBytes: Int
    public let sendBufferBytes: Int
    public internal(set) var counters = DatagramCounters()
    /// Whether runs of equal-sized datagrams leave in one piece; turned off when the kernel refuses one whose
    /// datagrams it takes one by one.
    public internal(set) var segments: Bool
    public let coalesces: Bool

    let descriptor: Int32
    var reading: Readiness?
    var writing: Readiness?
    var onDatagram: Handler?
    let receiveArena: ReceiveArena
    let sendArena = SendArena()
    var unsent: [OutgoingDatagram] = []
    var unsentBytes = 0
    let queueBytes: Int

    /// Binds a socket. Nothing is read before `onDatagram` is set.
    public init(_ loop: EventLoop, bind wanted: SocketAddress, options: DatagramOptions = DatagramOptions())
        throws(SystemError)
    {
        let operation = "bind UDP \(wanted)"
        let descriptor = cnet_socket(wanted.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue))
        guard descriptor >= 0 else { throw SystemError(operation, code: -descriptor) }
        if wanted.family == .ipv6 { _ = cnet_dual_stack(descriptor) }
        receiveBufferBytes = Int(
            max(cnet_set_receive_buffer(descriptor, Int32(clamping: options.receiveBufferBytes)), 0))
        sendBufferBytes = Int(max(cnet_set_send_buffer(descriptor, Int32(clamping: options.sendBufferBytes)), 0))
        segments = options.segmentation && cnet_probe_segmentation(descriptor) == 0
        coalesces = options.coalescing && cnet_enable_coalescing(descriptor) == 0
        guard wanted.withSystemAddress({ bind(descriptor, $0, $1) }) == 0,
            let bound = SocketAddress.bound(to: descriptor)
        else {
            let code = errno
            Glibc.close(descriptor)
            throw SystemError(operation, code: code)
        }
        address = bound
        self.descriptor = descriptor
        queueBytes = options.queueBytes
        receiveArena = ReceiveArena()
        reading = try Readiness(loop, descriptor: descriptor, .reading) { [unowned self] in receive() }
        writing = try Readiness(loop, descriptor: descriptor, .writing) { [unowned self] in flushUnsent() }
    }

    deinit { close() }

    /// Starts to read; each datagram goes to `handler` on the loop's thread.
    public func start(_ handler: @escaping Handler) {
        onDatagram = handler
        reading?.resume()
    }

    /// Stops and resumes reading: what arrives meanwhile stays in the kernel's buffer, up to its size.
    public func pauseReading() { reading?.pause() }
    public func resumeReading() { if onDatagram != nil { reading?.resume() } }

    public func close() {
        guard reading != nil else { return }
        reading?.end()
        writing?.end()
        reading = nil
        writing = nil
        onDatagram = nil
        unsent = []
        unsentBytes = 0
        Glibc.close(descriptor)
    }
}

/// Where a datagram came from; valid during the handler's call.
public struct DatagramSource {
    let start: UnsafeRawPointer
    let length: Int
    public var address: SocketAddress? { SocketAddress(start, length: length) }
}
