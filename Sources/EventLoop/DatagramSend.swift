import CNet
import Glibc

/// One datagram to be sent. Its bytes are gathered by the system call, not copied; `owner` keeps them alive while they
/// wait.
public struct OutgoingDatagram {
    public let start: UnsafeRawPointer
    public let count: Int
    public let owner: AnyObject
    public let to: SocketAddress
    public init(start: UnsafeRawPointer, count: Int, owner: AnyObject, to: SocketAddress) {
        self.start = start
        self.count = count
        self.owner = owner
        self.to = to
    }
}

/// The buffers of one `sendmmsg`, allocated once. A message is a run of equal-sized datagrams to one address.
final class SendArena {
    /// Messages of one call.
    static let messages = 64
    /// Datagrams of one run: the kernel's UDP_MAX_SEGMENTS of old.
    static let segments = 64
    /// Bytes of one run: what one UDP payload holds.
    static let runBytes = 65_507
    static let vectors = 512
    private static let nameBytes = MemoryLayout<sockaddr_storage>.size
    private static let controlBytes = Int(CNET_CONTROL_BYTES)

    let headers: UnsafeMutablePointer<cnet_mmsghdr>
    let vectors: UnsafeMutablePointer<iovec>
    let names: UnsafeMutableRawPointer
    let controls: UnsafeMutableRawPointer
    /// Datagrams of each message.
    let runs: UnsafeMutablePointer<Int>

    init() {
        headers = .allocate(capacity: Self.messages)
        headers.initialize(repeating: cnet_mmsghdr(), count: Self.messages)
        vectors = .allocate(capacity: Self.vectors)
        names = .allocate(byteCount: Self.messages * Self.nameBytes, alignment: 16)
        controls = .allocate(byteCount: Self.messages * Self.controlBytes, alignment: 16)
        runs = .allocate(capacity: Self.messages)
        runs.initialize(repeating: 0, count: Self.messages)
    }

    deinit {
        headers.deallocate()
        vectors.deallocate()
        names.deallocate()
        controls.deallocate()
        runs.deallocate()
    }

    func name(_ index: Int) -> UnsafeMutableRawPointer { names + index * Self.nameBytes }
    func control(_ index: Int) -> UnsafeMutableRawPointer { controls + index * Self.controlBytes }
}

extension DatagramSocket {
    private enum Step {
        case sent(Int)
        case blocked
        case refused
        /// The same again: an error of an earlier datagram was reported.
        case again
        /// The kernel refused a run: for being one, or for what each of its datagrams would be refused for.
        case runRefused
    }

    /// Sends datagrams in the order given. Consecutive ones of equal size to the same address (the last may be
    /// shorter) leave in one piece. What the kernel has no room for waits, up to `queueBytes`, and leaves when it can.
    public func send(_ datagrams: [OutgoingDatagram]) {
        guard writing != nil else { return }
        guard unsent.isEmpty else { return keep(datagrams[...]) }
        let sent = transmit(datagrams)
        if sent < datagrams.count { keep(datagrams[sent...]) }
    }

    /// Bytes that wait for the kernel.
    public var waitingBytes: Int { unsentBytes }

    private func keep(_ datagrams: ArraySlice<OutgoingDatagram>) {
        for datagram in datagrams {
            guard unsentBytes + datagram.count <= queueBytes else {
                counters.overflowed &+= 1
                continue
            }
            unsentBytes += datagram.count
            unsent.append(datagram)
        }
        if !unsent.isEmpty { writing?.resume() }
    }

    func flushUnsent() {
        let waiting = unsent
        let sent = transmit(waiting)
        if sent == waiting.count {
            unsent.removeAll(keepingCapacity: true)
            unsentBytes = 0
            writing?.pause()
        } else if sent > 0 {
            unsent.removeFirst(sent)
            unsentBytes = unsent.reduce(0) { $0 + $1.count }
        }
    }

    /// How many were handed to the kernel or given up; fewer than all only when it has no room.
    private func transmit(_ datagrams: [OutgoingDatagram]) -> Int {
        var done = 0
        // The first datagram of a run that was refused tells why: only when it leaves alone, it was the segmentation.
        var isAlone = false
        while done < datagrams.count {
            switch step(datagrams, from: done, alone: isAlone) {
            case .sent(let count):
                if isAlone { segments = false }
                isAlone = false
                done += count
            case .blocked: return done
            case .refused:
                isAlone = false
                counters.refused &+= 1
                done += 1
            case .again: continue
            case .runRefused: isAlone = true
            }
        }
        return done
    }

    /// One `sendmmsg` of as many runs as fit, or of one datagram.
    private func step(_ datagrams: [OutgoingDatagram], from first: Int, alone: Bool) -> Step {
        let arena = sendArena
        let gathers = segments && !alone
        let limit = alone ? 1 : SendArena.messages
        let family = address.family
        var next = first
        var messages = 0
        var vectors = 0
        while next < datagrams.count, messages < limit, vectors < SendArena.vectors {
            let head = datagrams[next]
            let nameLength = head.to.write(to: arena.name(messages), for: family)
            guard nameLength > 0 else {
                if messages == 0 { return .refused }
                break
            }
            let firstVector = vectors
            var bytes = 0
            repeat {
                let datagram = datagrams[next]
                arena.vectors[vectors] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: datagram.start), iov_len: datagram.count)
                vectors += 1
                next += 1
                bytes += datagram.count
                // A shorter one ends its run; a longer one, another address or a full run begins the next.
                guard gathers, datagram.count == head.count, next < datagrams.count,
                    vectors < SendArena.vectors, vectors - firstVector < SendArena.segments
                else { break }
                let following = datagrams[next]
                guard following.count > 0, following.count <= head.count, bytes + following.count <= SendArena.runBytes,
                    following.to == head.to
                else { break }
            } while true
            let run = vectors - firstVector
            arena.runs[messages] = run
            let header = arena.headers + messages
            header.pointee.msg_hdr.msg_name = arena.name(messages)
            header.pointee.msg_hdr.msg_namelen = nameLength
            header.pointee.msg_hdr.msg_iov = arena.vectors + firstVector
            header.pointee.msg_hdr.msg_iovlen = run
            cnet_set_segment_size(
                &header.pointee.msg_hdr, arena.control(messages), run > 1 ? UInt16(clamping: head.count) : 0)
            messages += 1
        }
        return outcome(of: Int(cnet_sendmmsg(descriptor, arena.headers, UInt32(messages))))
    }

    private func outcome(of result: Int) -> Step {
        counters.sendCalls &+= 1
        if result > 0 {
            var count = 0
            var bytes = 0
            for index in 0..<result {
                count += sendArena.runs[index]
                bytes += Int(sendArena.headers[index].msg_len)
            }
            counters.packetsOut &+= UInt64(count)
            counters.bytesOut &+= UInt64(bytes)
            return .sent(count)
        }
        switch Int32(-result) {
        case EAGAIN, ENOBUFS:
            return .blocked
        case ECONNREFUSED:
            // The echo of an earlier datagram to a closed port, reported here. This one was not sent: once more.
            drainErrors()
            return .again
        case EINVAL, EIO, ENOPROTOOPT, EOPNOTSUPP, EMSGSIZE:
            // A path that cannot segment (an interface without checksums, a segment over its size), or a destination that
            // cannot be (port 0).
            return sendArena.runs[0] > 1 ? .runRefused : .refused
        default:
            drainErrors()
            return .refused
        }
    }
}
