import GroupModel
import GroupWire

/// Point-to-point messages between me and one other member within one view: FIFO, repaired by the sender, outside the
/// cut.
struct DirectChannel: Sendable {
    struct Waiting: Sendable {
        let bytes: Packet
        let message: UInt64
        var packed = 0
    }
    struct Sent: Sendable {
        let packet: Packet
        let message: UInt64
    }
    /// Accepted and not yet, or not wholly, in packets.
    private(set) var waiting: [Waiting] = []
    private(set) var waitingBytes = 0
    /// Sent and not acknowledged, in order; the first is `acknowledged` + 1.
    private(set) var unacknowledged: [Sent] = []
    private var acknowledged: UInt64 = 0
    private var doublings: Int64 = 0
    /// When unacknowledged packets are sent again.
    private(set) var deadline: Instant = .distantFuture

    private(set) var received: UInt64 = 0
    private var early: PacketRing
    private var assembly = Reassembly()
    var owesAcknowledge = false

    /// Packets sent again at once, so that a repeat does not overrun a receiver.
    private static let repeatPackets = 8

    init(parameters: MulticastParameters) {
        var capacity = 2
        while capacity < parameters.directWindowPackets { capacity *= 2 }
        early = PacketRing(capacity: capacity)
    }

    // MARK: Sending

    mutating func append(_ bytes: Packet, message: UInt64) {
        waiting.append(Waiting(bytes: bytes, message: message))
        waitingBytes += bytes.count
    }

    /// The next packet that the window allows.
    mutating func nextPacket(
        header: FrameHeader, rank: Rank, token: ViewToken, parameters: MulticastParameters, at now: Instant
    ) -> Packet? {
        guard let item = waiting.first, unacknowledged.count < parameters.directWindowPackets else { return nil }
        let rest = item.bytes.count - item.packed
        let length = min(rest, parameters.packetBytes - DirectFrame.payloadOffset)
        let isLast = length == rest
        let packet = DirectFrame.write(
            header, rank: rank, flags: (item.packed == 0 ? DirectFrame.first : 0) | (isLast ? DirectFrame.last : 0),
            token: token, number: acknowledged + UInt64(unacknowledged.count) + 1, message: item.message,
            payload: UnsafeRawBufferPointer(rebasing: item.bytes.contents[item.packed..<(item.packed + length)]))
        unacknowledged.append(Sent(packet: packet, message: item.message))
        waitingBytes -= length
        if isLast { waiting.removeFirst() } else { waiting[0].packed += length }
        if deadline == .distantFuture { deadline = now + parameters.tailRepairInterval }
        return packet
    }

    /// False when it acknowledges what was not sent.
    mutating func acknowledgeArrived(_ count: UInt64, interval: Interval, at now: Instant) -> Bool {
        guard count <= acknowledged + UInt64(unacknowledged.count) else { return false }
        guard count > acknowledged else { return true }
        unacknowledged.removeFirst(Int(count - acknowledged))
        acknowledged = count
        doublings = 0
        deadline = unacknowledged.isEmpty ? .distantFuture : now + interval
        return true
    }

    /// The packets to send again, when their time has come.
    mutating func repeats(interval: Interval, at now: Instant) -> [Packet] {
        guard deadline <= now, !unacknowledged.isEmpty else { return [] }
        doublings = min(doublings + 1, Int64(MulticastParameters.backOffDoublings))
        deadline = now + interval * (1 << doublings)
        return unacknowledged.prefix(Self.repeatPackets).map(\.packet)
    }

    // MARK: Receiving

    enum Arrival { case taken, duplicate, outOfWindow }

    /// Takes a packet and hands every message that it completes, in order, to `deliver`.
    mutating func arrived(
        number: UInt64, _ datagram: UnsafeRawBufferPointer, deliver: (_ message: UInt64, _ bytes: [UInt8]) -> Void
    ) -> Arrival {
        owesAcknowledge = true
        guard number > received else { return .duplicate }
        guard number <= received &+ early.capacity else { return .outOfWindow }
        guard !early.holds(number) else { return .duplicate }
        early.store(
            Packet(copying: datagram), number: number,
            contents: PacketContents(kinds: [], messages: 1))
        while let packet = early.packet(received &+ 1) {
            received &+= 1
            early.remove(received)
            take(packet, deliver: deliver)
        }
        return .taken
    }

    private mutating func take(_ packet: Packet, deliver: (UInt64, [UInt8]) -> Void) {
        var reader = ByteReader(packet.contents)
        _ = reader.raw(FrameHeader.bytes + 2)
        let flags = reader.u16()
        _ = reader.raw(16)
        let message = reader.u64()
        let offset = DirectFrame.payloadOffset
        let length = packet.count - offset
        guard reader.isValid, length >= 0 else { return }
        switch (flags & DirectFrame.first != 0, flags & DirectFrame.last != 0) {
        case (true, true):
            assembly.reset()
            deliver(message, Array(packet.contents[offset...]))
        case (true, false): _ = assembly.begin(packet, offset: offset, length: length)
        case (false, false): _ = assembly.append(packet, offset: offset, length: length)
        case (false, true):
            if let whole = assembly.finish(packet, offset: offset, length: length) {
                deliver(message, Array(whole.contents))
            }
        }
    }
}

/// The channels to all members; none exists before the first message.
struct DirectChannels: Sendable {
    private let members: Int
    var channels: [DirectChannel] = []
    /// When something is due; `distantFuture` when all is acknowledged.
    var deadline: Instant = .distantFuture

    init(members: Int) { self.members = members }

    mutating func prepare(_ parameters: MulticastParameters) {
        guard channels.isEmpty else { return }
        channels = Array(repeating: DirectChannel(parameters: parameters), count: members)
    }

    func isFull(_ parameters: MulticastParameters) -> Bool {
        channels.contains { $0.waitingBytes > parameters.directQueueBytes / 2 }
    }

    mutating func stop() {
        channels = []
        deadline = .distantFuture
    }
}
