import Glibc

/// Packed messages to all others under a credit window, and nothing else that a group would do: the fastest that the
/// same packets and fan-out can be. The consumer reads all bytes, as in `throughput`.
struct BareTraffic {
    let socket: BareSocket
    let order: BareOrder

    /// Kind and sender, 4 bytes each, and the number of the packet.
    private static let headerBytes = 16
    /// Before each message: label, length and number.
    private static let messageHeaderBytes = 16
    private static let data: UInt32 = 1
    private static let acknowledgement: UInt32 = 2
    private static let packetsPerAcknowledgement: UInt64 = 16
    /// What one send to one receiver can be: the largest payload of UDP.
    private static let sendBytes = 65_507
    private static let windowBytes = 512 << 10

    /// The first number that each receiver has not acknowledged, by index.
    private var acknowledged: [UInt64]
    /// The next number that each sender will send, as seen here, and what was last acknowledged of it.
    private var seen: [UInt64]
    private var told: [UInt64]
    private var next: UInt64 = 0
    private var count = 0
    private var checksum: UInt64 = 0
    private var isCounting = false

    init(socket: BareSocket, order: BareOrder) {
        self.socket = socket
        self.order = order
        acknowledged = Array(repeating: 0, count: order.ports.count)
        seen = Array(repeating: 0, count: order.ports.count)
        told = Array(repeating: 0, count: order.ports.count)
    }

    /// Messages delivered here while the count was on, own ones included.
    mutating func run() -> Int {
        let others = order.ports.indices.filter { $0 != order.index }
        socket.setDestinations(others.map { order.ports[$0] })
        let perPacket = max(1, (order.packetBytes - Self.headerBytes) / (order.size + Self.messageHeaderBytes))
        let packet = Self.headerBytes + perPacket * (order.size + Self.messageHeaderBytes)
        let perSend = max(1, Self.sendBytes / packet)
        // Every sender's window must fit in each receiver's buffer, where the kernel counts about twice the bytes.
        let room = min(Self.windowBytes, socket.receiveBufferBytes / (3 * max(order.senders, 1)))
        let window = UInt64(max(perSend, room / packet))
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: perSend * packet, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0x78, count: perSend * packet)

        while true {
            let now = Monotonic.nanoseconds
            if now >= order.to { break }
            if now >= order.countFrom { isCounting = true }
            var didSomething = receive(others)
            if order.isSender, now >= order.from {
                let least = others.map { acknowledged[$0] }.min() ?? next
                if next &- least &+ UInt64(perSend) <= window {
                    fill(buffer, packets: perSend, packet: packet, perPacket: perPacket)
                    socket.sendToAll(buffer, count: perSend * packet, segment: packet)
                    didSomething = true
                }
            }
            if !didSomething {
                acknowledge(others, atLeast: 1)
                socket.wait(milliseconds: 1)
            }
        }
        return count
    }

    /// Writes the next packets, and delivers them here as a group delivers one's own.
    private mutating func fill(_ buffer: UnsafeMutableRawPointer, packets: Int, packet: Int, perPacket: Int) {
        for index in 0..<packets {
            let start = buffer + index * packet
            start.storeBytes(of: Self.data, as: UInt32.self)
            start.storeBytes(of: UInt32(order.index), toByteOffset: 4, as: UInt32.self)
            start.storeBytes(of: next, toByteOffset: 8, as: UInt64.self)
            var offset = Self.headerBytes
            for message in 0..<perPacket {
                start.storeBytes(of: 0, toByteOffset: offset, as: UInt32.self)
                start.storeBytes(of: UInt32(order.size), toByteOffset: offset + 4, as: UInt32.self)
                start.storeBytes(
                    of: next &* UInt64(perPacket) &+ UInt64(message), toByteOffset: offset + 8, as: UInt64.self)
                // The caller's bytes are copied into the packet.
                memset(start + offset + Self.messageHeaderBytes, Int32(truncatingIfNeeded: next), order.size)
                offset += Self.messageHeaderBytes + order.size
            }
            next &+= 1
            read(UnsafeRawBufferPointer(start: start, count: packet))
        }
    }

    private mutating func receive(_ others: [Int]) -> Bool {
        let socket = socket
        let found = socket.receive { bytes in arrived(bytes) }
        acknowledge(others, atLeast: Self.packetsPerAcknowledgement)
        return found
    }

    private mutating func arrived(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerBytes else { return }
        let from = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let number = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        guard seen.indices.contains(from) else { return }
        if bytes.loadUnaligned(as: UInt32.self) == Self.acknowledgement {
            acknowledged[from] = max(acknowledged[from], number)
            return
        }
        seen[from] = max(seen[from], number &+ 1)
        read(bytes)
    }

    private mutating func read(_ packet: UnsafeRawBufferPointer) {
        var offset = Self.headerBytes
        var messages = 0
        var sum: UInt64 = 0
        while offset + Self.messageHeaderBytes <= packet.count {
            let length = Int(packet.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
            offset += Self.messageHeaderBytes
            let end = offset + length
            guard end <= packet.count else { break }
            while offset + 8 <= end {
                sum &+= packet.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            while offset < end {
                sum &+= UInt64(packet[offset])
                offset += 1
            }
            messages += 1
        }
        checksum &+= sum
        if isCounting { count += messages }
    }

    private mutating func acknowledge(_ others: [Int], atLeast packets: UInt64) {
        for (destination, other) in others.enumerated() where seen[other] &- told[other] >= packets {
            var frame = (Self.acknowledgement, UInt32(order.index), seen[other])
            withUnsafeBytes(of: &frame) { bytes in
                guard let start = bytes.baseAddress else { return }
                socket.send(start, count: Self.headerBytes, to: destination)
            }
            told[other] = seen[other]
        }
    }
}
