/// What a roaming node puts into a message: who sent it, in which group, as the how-manieth, then bytes that follow
/// from these. So a receiver can tell a message that is another's, cut or stitched.
struct RoamingPayload: Hashable {
    static let headerBytes = 24
    private static let spokenMark: UInt64 = 1 << 63

    /// `Tally.sender`.
    var sender: UInt64
    var group: UInt64
    var number: UInt64

    /// Of `speak`, after the faults.
    var isSpoken: Bool { number & Self.spokenMark != 0 }

    init(sender: UInt64, group: Int, number: UInt64, isSpoken: Bool = false) {
        self.sender = sender
        self.group = UInt64(group)
        self.number = isSpoken ? number | Self.spokenMark : number
    }

    /// At least `headerBytes`.
    func bytes(count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for word in [sender, group, number] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for index in Self.headerBytes..<max(count, Self.headerBytes) { bytes.append(filler(index)) }
        return bytes
    }

    private func filler(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: number &* 7 &+ sender &+ group &+ UInt64(index))
    }

    /// Nil when the bytes are not what some sender wrote.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerBytes else { return nil }
        sender = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        group = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        for index in Self.headerBytes..<bytes.count where bytes[index] != filler(index) { return nil }
    }
}
