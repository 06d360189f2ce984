import GroupModel

/// The 32 bits that the layer puts on each data message: the LWG's number in the HWG view (22 bits), the low bits of
/// the count of the LWG view (2), the sender's index among its node's endpoints in that view, in order of ranks (8).
struct Label: Hashable, Sendable {
    let raw: UInt32
    init(raw: UInt32) { self.raw = raw }
    init(number: Int, count: UInt32, endpoint: Int) {
        raw = UInt32(truncatingIfNeeded: number) << 10 | (count & 3) << 8 | UInt32(truncatingIfNeeded: endpoint) & 0xFF
    }
    @inline(__always) var number: Int { Int(raw >> 10) }
    @inline(__always) var bits: UInt8 { UInt8(truncatingIfNeeded: raw >> 8) & 3 }
    @inline(__always) var endpoint: Int { Int(raw & 0xFF) }
}
