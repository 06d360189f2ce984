import GroupCore
import GroupModel
import GroupWire
import HWGProtocol

/// An input as a script: what is done to one of three nodes in a formed group. Most datagrams are real ones with a few
/// bytes changed; random ones would not get past the header.
enum NodeTarget {
    private static let formed = Trio.formed()
    private static let formedInPrimaryMode = Trio.formed(
        records: Array(repeating: PrimaryRecord(initial: Trio.names), count: Trio.names.count))
    private static let steps = 120

    static func run(_ bytes: UnsafeRawBufferPointer) { run(bytes, formed) }

    static func runInPrimaryMode(_ bytes: UnsafeRawBufferPointer) { run(bytes, formedInPrimaryMode) }

    private static func run(_ bytes: UnsafeRawBufferPointer, _ formed: Trio) {
        var script = Script(bytes)
        var trio = formed
        let victim = script.byte() % 3
        for _ in 0..<steps where !script.isEmpty { step(&script, &trio, victim) }
        // What it was told must not catch up with it later either.
        trio.pass(.milliseconds(400))
    }

    private static func step(_ script: inout Script, _ trio: inout Trio, _ victim: Int) {
        switch script.byte() % 16 {
        case 0...4: trio.deliver(mutated(trio.recorded, &script, trio, victim), to: victim)
        case 5, 6:
            guard !trio.queue.isEmpty else { return trio.endTurns() }
            let place = script.byte() % trio.queue.count
            let datagram = trio.queue.remove(at: place)
            trio.deliver(mutated([datagram.bytes], &script, trio, victim), to: datagram.to)
        case 7: for _ in 0..<(script.byte() % 16) { trio.deliverNext() }
        case 8: trio.queue.removeFirst(min(script.byte() % 8, trio.queue.count))
        case 9: trio.pass(.milliseconds(Int64(script.byte())))
        case 10: trio.endTurns()
        case 11:
            let order = [Order.fifo, .total, .safe][script.byte() % 3]
            trio.multicast(script.byte() % 3, seat: script.byte(), order, count: script.byte() * script.byte() + 1)
        case 12:
            let node = script.byte() % 3
            if script.byte() % 2 == 0, let seat = trio.seats[node].last {
                trio.handle(.leave(seats: [seat]), node)
            } else {
                trio.handle(.join(endpoint: ShortName("b")!, groups: ["k\(script.byte() % 4)"]), node)
            }
        case 13:
            let other = (victim + 1 + script.byte() % 2) % 3
            trio.handle(.peerDisconnected(trio.cards[other].member), victim)
        case 14:
            let other = (victim + 1 + script.byte() % 2) % 3
            trio.handle(.peerConnected(trio.cards[other]), victim)
        default: trio.deliver(invented(&script, trio, victim), to: victim)
        }
    }

    private static func mutated(
        _ pool: [[UInt8]], _ script: inout Script, _ trio: Trio, _ victim: Int
    ) -> [UInt8] {
        guard !pool.isEmpty else { return [] }
        var bytes = pool[script.word() % pool.count]
        let how = script.byte()
        // Old frames of streams are of views that are over: most are made to be of the present one.
        if how & 1 == 0, bytes.count >= 32, (8...12).contains(bytes[3]) { present(&bytes, trio, victim) }
        for _ in 0..<(how >> 1 & 3) where !bytes.isEmpty {
            let place = script.word() % bytes.count
            let value = script.byte()
            switch script.byte() % 4 {
            case 0: bytes[place] = UInt8(value)
            case 1: bytes[place] &+= UInt8(value)
            // Whole fields at their ends.
            case 2: for index in place..<min(place + 8, bytes.count) { bytes[index] = value & 1 == 0 ? 0 : 0xFF }
            default: bytes[place] ^= 1 << UInt8(value & 7)
            }
        }
        if how & 0x18 == 0x08 { bytes.removeLast(min(script.byte(), bytes.count)) }
        if how & 0x18 == 0x10 { bytes += [UInt8](repeating: UInt8(script.byte()), count: script.byte()) }
        // From whom: as it was, or another.
        if how & 0x60 == 0x60, bytes.count >= 20 { from(trio.cards[script.byte() % 3].member, &bytes) }
        return bytes
    }

    private static func invented(_ script: inout Script, _ trio: Trio, _ victim: Int) -> [UInt8] {
        let kind = FrameKind.allCases[script.byte() % FrameKind.allCases.count]
        let sender = trio.cards[(victim + 1 + script.byte() % 2) % 3].member
        var writer = ByteWriter()
        writer.frameHeader(
            FrameHeader(kind: kind, cluster: FrameHeader.cluster(named: Trio.cluster), sender: sender))
        writer.raw(script.bytes(script.byte()))
        var bytes = writer.bytes
        if bytes.count >= 32, (8...12).contains(bytes[3]) { present(&bytes, trio, victim) }
        return bytes
    }

    private static func present(_ bytes: inout [UInt8], _ trio: Trio, _ victim: Int) {
        withUnsafeBytes(of: trio.tokens[victim].littleEndian) { bytes.replaceSubrange(24..<32, with: $0) }
    }

    private static func from(_ member: MemberID, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: member.node.raw.littleEndian) { bytes.replaceSubrange(8..<16, with: $0) }
        withUnsafeBytes(of: member.incarnation.littleEndian) { bytes.replaceSubrange(16..<20, with: $0) }
    }

    /// Frames of real traffic, for the corpora of the decoders.
    static var frames: [[UInt8]] { formed.recorded + formedInPrimaryMode.recorded }
}

/// Reads an input as choices; zeros when it is over.
struct Script {
    private let input: UnsafeRawBufferPointer
    private var offset = 0
    init(_ input: UnsafeRawBufferPointer) { self.input = input }
    var isEmpty: Bool { offset >= input.count }
    mutating func byte() -> Int {
        guard offset < input.count else { return 0 }
        defer { offset += 1 }
        return Int(input[offset])
    }
    mutating func word() -> Int { byte() | byte() << 8 }
    mutating func bytes(_ count: Int) -> [UInt8] {
        let end = min(offset + count, input.count)
        defer { offset = end }
        return Array(input[offset..<end])
    }
}
