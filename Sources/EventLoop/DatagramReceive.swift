import CNet
import Glibc
import Synchronization

/// The memory of one received message, which with GRO is up to 64 KiB of datagrams. Whoever keeps it keeps their bytes;
/// the socket reads into it again when nobody else does.
final class ReceiveSlab: @unchecked Sendable {
    static let byteCount = 65_536
    /// Slabs that are let go are kept for the next ones, last in first out, because their bytes are still in the caches:
    /// 8 MiB, about the windows of sixteen senders.
    private static let keptLimit = 128
    private static let kept = Mutex<[UInt]>([])

    let start: UnsafeMutableRawPointer

    init() {
        let address = Self.kept.withLock { $0.popLast() }
        start =
            address.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
            ?? .allocate(byteCount: Self.byteCount, alignment: 4_096)
    }

    deinit {
        let isKept = Self.kept.withLock { kept in
            guard kept.count < Self.keptLimit else { return false }
            kept.append(UInt(bitPattern: start))
            return true
        }
        if !isKept { start.deallocate() }
    }
}

/// The buffers of one `recvmmsg`: a slot is one message.
final class ReceiveArena {
    /// Slots of one call. The memory is touched, and so paid for, only as far as datagrams reach.
    static let slots = 32
    /// A slab is lent for a message of at least so many bytes, so that who keeps one wastes at most half of it. Shorter
    /// messages are cheap to copy.
    static let lentBytes = ReceiveSlab.byteCount / 2
    private static let nameBytes = MemoryLayout<sockaddr_storage>.size
    private static let controlBytes = Int(CNET_CONTROL_BYTES)

    let messages: UnsafeMutablePointer<cnet_mmsghdr>
    private let vectors: UnsafeMutablePointer<iovec>
    private(set) var slabs: [ReceiveSlab]
    let names: UnsafeMutableRawPointer
    private let controls: UnsafeMutableRawPointer

    init() {
        let slots = Self.slots
        messages = .allocate(capacity: slots)
        messages.initialize(repeating: cnet_mmsghdr(), count: slots)
        vectors = .allocate(capacity: slots)
        slabs = (0..<slots).map { _ in ReceiveSlab() }
        names = .allocate(byteCount: slots * Self.nameBytes, alignment: 16)
        controls = .allocate(byteCount: slots * Self.controlBytes, alignment: 16)
        for index in 0..<slots {
            vectors[index] = iovec(iov_base: slabs[index].start, iov_len: ReceiveSlab.byteCount)
            messages[index].msg_hdr.msg_iov = vectors + index
            messages[index].msg_hdr.msg_iovlen = 1
            messages[index].msg_hdr.msg_name = names + index * Self.nameBytes
            messages[index].msg_hdr.msg_control = controls + index * Self.controlBytes
        }
    }

    deinit {
        messages.deallocate()
        vectors.deallocate()
        names.deallocate()
        controls.deallocate()
    }

    /// The kernel overwrites these lengths with what it used.
    func reset(_ count: Int) {
        for index in 0..<count {
            messages[index].msg_hdr.msg_namelen = socklen_t(Self.nameBytes)
            messages[index].msg_hdr.msg_controllen = Self.controlBytes
        }
    }

    /// The slot's message is done with: memory that somebody keeps is replaced.
    func renew(_ index: Int) {
        guard !isKnownUniquelyReferenced(&slabs[index]) else { return }
        slabs[index] = ReceiveSlab()
        vectors[index].iov_base = slabs[index].start
    }
    func source(_ index: Int) -> DatagramSource {
        DatagramSource(
            start: names + index * Self.nameBytes, length: Int(messages[index].msg_hdr.msg_namelen))
    }
}

extension DatagramSocket {
    /// System calls of one readiness callback, so that a flood does not keep timers and other sockets waiting; the
    /// loop comes back at once while there is more.
    static let callsPerTurn = 4
    /// System calls of `drain`: more than any receive buffer holds.
    static let callsPerDrain = 256

    func receive() { _ = read(calls: Self.callsPerTurn) }

    /// Reads all that the kernel holds, as far as a flood allows: before a deadline that judges silence, and after a
    /// pause. True when nothing was left.
    @discardableResult
    public func drain() -> Bool { read(calls: Self.callsPerDrain) }

    private func read(calls: Int) -> Bool {
        guard let handler = onDatagram else { return true }
        let arena = receiveArena
        // Counted in locals: every access to a class's property is checked for exclusivity.
        var packets: UInt64 = 0
        var total: UInt64 = 0
        var truncated: UInt64 = 0
        var callsMade: UInt64 = 0
        var isEmpty = false
        defer {
            counters.packetsIn &+= packets
            counters.bytesIn &+= total
            counters.truncated &+= truncated
            counters.receiveCalls &+= callsMade
        }
        for _ in 0..<calls {
            arena.reset(ReceiveArena.slots)
            let count = Int(cnet_recvmmsg(descriptor, arena.messages, UInt32(ReceiveArena.slots)))
            callsMade &+= 1
            guard count > 0 else {
                // An error of an earlier send to a port that is closed: not ours to act on, and it hides no datagram.
                if count != -Int(EAGAIN) { drainErrors() }
                isEmpty = count == -Int(EAGAIN)
                if isEmpty { break }
                continue
            }
            for index in 0..<count {
                let length = Int(arena.messages[index].msg_len)
                if arena.messages[index].msg_hdr.msg_flags & Int32(MSG_TRUNC) != 0 {
                    truncated &+= 1
                    continue
                }
                let slab = arena.slabs[index]
                let start = UnsafeRawPointer(slab.start)
                let memory = length >= ReceiveArena.lentBytes ? slab : nil
                let source = arena.source(index)
                let segment = Int(cnet_segment_size(&arena.messages[index].msg_hdr))
                total &+= UInt64(length)
                guard segment > 0, segment < length else {
                    packets &+= 1
                    handler(UnsafeRawBufferPointer(start: start, count: length), source, memory)
                    continue
                }
                var offset = 0
                while offset < length {
                    let size = min(segment, length - offset)
                    packets &+= 1
                    handler(UnsafeRawBufferPointer(start: start + offset, count: size), source, memory)
                    offset += size
                }
            }
            for index in 0..<count where arena.messages[index].msg_len >= ReceiveArena.lentBytes { arena.renew(index) }
            // The handler may have closed the socket.
            guard onDatagram != nil else { return true }
            if count < ReceiveArena.slots {
                isEmpty = true
                break
            }
        }
        return isEmpty
    }

    func drainErrors() {
        counters.asynchronousErrors &+= UInt64(max(cnet_drain_errors(descriptor), 0))
    }
}
