import GroupModel

/// In the rest of an HWG view nothing is installed here, while those who did not come along may have gone on by any number of
/// LWG views, whose counts have the same two low bits again. A flushOK, or the leave of all its endpoints, tells that what
/// its sender says later is of another view than the one installed here (D3).
struct Fence: Hashable, Sendable {
    let number: Int
    let rank: UInt16
}

extension Carrier {
    mutating func fence(_ number: Int, _ rank: UInt16) {
        guard isInRest else { return }
        fences.insert(Fence(number: number, rank: rank))
        demultiplexer.setCareful(number)
    }
}
