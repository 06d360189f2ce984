import CNet
import Glibc

/// A UDP socket as fast as this kernel has it: many datagrams per system call in both directions (GSO, GRO,
/// `sendmmsg`, `recvmmsg`), buffers allocated once, no loop.
final class BareSocket {
    let port: UInt16
    let receiveBufferBytes: Int
    private let descriptor: Int32
    private let slots: UnsafeMutablePointer<cnet_mmsghdr>
    private let vectors: UnsafeMutablePointer<iovec>
    private let memory: UnsafeMutableRawPointer
    private let controls: UnsafeMutableRawPointer
    private let outgoing: UnsafeMutablePointer<cnet_mmsghdr>
    private let outgoingVector: UnsafeMutablePointer<iovec>
    private let outgoingControls: UnsafeMutableRawPointer
    private let names: UnsafeMutablePointer<sockaddr_in>
    private var destinations = 0

    private static let slotCount = 16
    private static let slotBytes = 65_536
    private static let controlBytes = Int(CNET_CONTROL_BYTES)
    private static let bufferBytes: Int32 = 8 << 20
    static let destinationLimit = 64

    init() throws(Failure) {
        descriptor = cnet_socket(AF_INET, Int32(SOCK_DGRAM.rawValue))
        guard descriptor >= 0 else { throw Failure("no socket: \(String(cString: strerror(-descriptor)))") }
        receiveBufferBytes = Int(max(cnet_set_receive_buffer(descriptor, Self.bufferBytes), 0))
        _ = cnet_set_send_buffer(descriptor, Self.bufferBytes)
        guard cnet_probe_segmentation(descriptor) == 0, cnet_enable_coalescing(descriptor) == 0 else {
            throw Failure("this kernel has no UDP GSO and GRO, which the limit is measured with")
        }
        var address = Self.address(port: 0)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                var length = size
                return bind(socket, name, size) == 0 && getsockname(socket, name, &length) == 0
            }
        }
        guard isBound else { throw Failure("cannot bind: \(String(cString: strerror(errno)))") }
        port = UInt16(bigEndian: address.sin_port)

        slots = .allocate(capacity: Self.slotCount)
        vectors = .allocate(capacity: Self.slotCount)
        memory = .allocate(byteCount: Self.slotCount * Self.slotBytes, alignment: 64)
        controls = .allocate(byteCount: Self.slotCount * Self.controlBytes, alignment: 16)
        for index in 0..<Self.slotCount {
            vectors[index] = iovec(iov_base: memory + index * Self.slotBytes, iov_len: Self.slotBytes)
        }
        outgoing = .allocate(capacity: Self.destinationLimit)
        outgoing.initialize(repeating: cnet_mmsghdr(), count: Self.destinationLimit)
        outgoingVector = .allocate(capacity: 1)
        outgoingControls = .allocate(byteCount: Self.destinationLimit * Self.controlBytes, alignment: 16)
        names = .allocate(capacity: Self.destinationLimit)
    }

    deinit {
        close(descriptor)
        slots.deallocate()
        vectors.deallocate()
        memory.deallocate()
        controls.deallocate()
        outgoing.deallocate()
        outgoingVector.deallocate()
        outgoingControls.deallocate()
        names.deallocate()
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    func setDestinations(_ ports: [UInt16]) {
        destinations = min(ports.count, Self.destinationLimit)
        for (index, port) in ports.prefix(destinations).enumerated() {
            names[index] = Self.address(port: port)
            outgoing[index].msg_hdr.msg_name = UnsafeMutableRawPointer(names + index)
            outgoing[index].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
            outgoing[index].msg_hdr.msg_iov = outgoingVector
            outgoing[index].msg_hdr.msg_iovlen = 1
        }
    }

    /// The bytes to every destination, cut into datagrams of `segment` bytes.
    func sendToAll(_ bytes: UnsafeMutableRawPointer, count: Int, segment: Int) {
        outgoingVector.pointee = iovec(iov_base: bytes, iov_len: count)
        for index in 0..<destinations {
            cnet_set_segment_size(
                &outgoing[index].msg_hdr, outgoingControls + index * Self.controlBytes,
                count > segment ? UInt16(segment) : 0)
        }
        var sent = 0
        while sent < destinations {
            let result = cnet_sendmmsg(descriptor, outgoing + sent, UInt32(destinations - sent))
            if result > 0 {
                sent += Int(result)
            } else {
                wait(for: Int16(POLLOUT), milliseconds: 1)
            }
        }
    }

    func send(_ bytes: UnsafeRawPointer, count: Int, to destination: Int) {
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let name = UnsafeRawPointer(names + destination).assumingMemoryBound(to: sockaddr.self)
        _ = sendto(descriptor, bytes, count, 0, name, length)
    }

    /// Gives each datagram that is there to `body`; false when there was none.
    @inline(__always)
    func receive(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        for index in 0..<Self.slotCount {
            slots[index] = cnet_mmsghdr()
            slots[index].msg_hdr.msg_iov = vectors + index
            slots[index].msg_hdr.msg_iovlen = 1
            slots[index].msg_hdr.msg_control = controls + index * Self.controlBytes
            slots[index].msg_hdr.msg_controllen = Self.controlBytes
        }
        let count = Int(cnet_recvmmsg(descriptor, slots, UInt32(Self.slotCount)))
        guard count > 0 else { return false }
        for index in 0..<count {
            let bytes = UnsafeRawBufferPointer(
                start: memory + index * Self.slotBytes, count: Int(slots[index].msg_len))
            let segment = Int(cnet_segment_size(&slots[index].msg_hdr))
            var offset = 0
            while offset < bytes.count {
                let end = segment > 0 ? min(offset + segment, bytes.count) : bytes.count
                body(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
                offset = end
            }
        }
        return true
    }

    func wait(for events: Int16 = Int16(POLLIN), milliseconds: Int32) {
        var poll = pollfd(fd: descriptor, events: events, revents: 0)
        _ = Glibc.poll(&poll, 1, milliseconds)
    }
}
