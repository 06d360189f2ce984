import GroupModel

/// Flow control of my own stream: packets and bytes that are outstanding, that is, that some unsuspected member has not
/// acknowledged or that I have not delivered to myself (a total message that waits for its order keeps its place).
///
/// ▸ Suspected members do not count for that, but nothing is sent a whole ring beyond what one of them has: each member's ring then
/// holds what it lacks, and whoever goes on with it can give it (a cut names what somebody has received).
struct SendWindow: Sendable {
    private let packets: UInt64
    private let reserve: UInt64
    private let bytes: Int
    private var sizes: [Int32]
    /// The highest packet number taken, by a packet that may still be open.
    private(set) var taken: UInt64 = 0
    /// The highest number of a sealed packet.
    private(set) var sealed: UInt64 = 0
    /// Packets up to this number are not outstanding.
    private(set) var floor: UInt64 = 0
    private(set) var outstandingBytes = 0
    /// No packet beyond this number is taken.
    private var limit: UInt64

    init(parameters: MulticastParameters) {
        packets = UInt64(parameters.windowPackets)
        reserve = UInt64(parameters.controlReservePackets)
        bytes = parameters.windowBytes
        sizes = Array(repeating: 0, count: parameters.ringPackets)
        limit = UInt64(parameters.ringPackets)
    }

    var outstanding: UInt64 { taken - floor }
    var hasRoom: Bool { outstanding < packets && outstandingBytes < bytes && taken < limit }
    /// For control messages and order records: a reserve outside the window, so that data cannot block a flush.
    var hasReserve: Bool { outstanding < packets + reserve && taken < limit }
    /// Half of the window is free: writers that were refused are asked back then, not packet by packet.
    var isHalfOpen: Bool {
        outstanding <= packets / 2 && outstandingBytes <= bytes / 2 && taken + packets / 2 <= limit
    }

    mutating func take() -> UInt64 {
        taken += 1
        return taken
    }

    mutating func seal(bytes count: Int) {
        sealed = taken
        sizes[Int(truncatingIfNeeded: sealed) & (sizes.count - 1)] = Int32(truncatingIfNeeded: count)
        outstandingBytes += count
    }

    /// Packets up to `number` are acknowledged and delivered, those up to `stable` by all members. True when the floor rose.
    mutating func advance(to number: UInt64, stable: UInt64) -> Bool {
        limit = Mutant.heedlessOfSuspects.isOn ? .max : stable + UInt64(sizes.count)
        let end = min(number, sealed)
        guard end > floor else { return false }
        while floor < end {
            floor += 1
            outstandingBytes -= Int(sizes[Int(truncatingIfNeeded: floor) & (sizes.count - 1)])
        }
        return true
    }
}
