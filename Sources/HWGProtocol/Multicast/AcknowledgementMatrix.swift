import GroupModel

/// Who is known to have received how much of each stream, and from it what is stable: received by every member of the
/// view, suspected ones included (S1, S2).
struct AcknowledgementMatrix: Sendable {
    private let members: Int
    /// By stream, then by member, so that a stream's minimum is one run of memory.
    private var counts: [UInt64]
    /// Per stream, the packets that every member has.
    private(set) var stable: [UInt64]
    /// Per member, the control messages that it delivered, and how many of them every member did.
    private var controls: [UInt64]
    private(set) var controlsEverywhere: UInt64 = 0

    init(members: Int) {
        self.members = members
        counts = Array(repeating: 0, count: members * members)
        stable = Array(repeating: 0, count: members)
        controls = stable
    }

    @inline(__always)
    func received(by member: Rank, of stream: Rank) -> UInt64 { counts[stream &* members &+ member] }

    /// True when more of the stream became stable. A smaller count is an old acknowledgement and changes nothing.
    @inline(__always)
    mutating func raise(_ stream: Rank, member: Rank, to count: UInt64) -> Bool {
        let index = stream &* members &+ member
        let before = counts[index]
        guard count > before else { return false }
        counts[index] = count
        guard before == stable[stream] else { return false }
        let minimum = counts[(stream &* members)..<((stream &+ 1) &* members)].min() ?? count
        guard minimum > before else { return false }
        stable[stream] = minimum
        return true
    }

    func controlsDelivered(by member: Rank) -> UInt64 { controls[member] }

    /// True when every member is known to have delivered more control messages.
    @inline(__always)
    mutating func raiseControls(_ member: Rank, to count: UInt64) -> Bool {
        guard count > controls[member] else { return false }
        controls[member] = count
        let minimum = controls.min() ?? count
        guard minimum > controlsEverywhere else { return false }
        controlsEverywhere = minimum
        return true
    }

    /// What a majority of the members has of a stream; half of them with rank 0 are one.
    func majority(of stream: Rank) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: members) { buffer in
            var sorted = buffer
            _ = sorted.initialize(fromContentsOf: counts[(stream &* members)..<((stream &+ 1) &* members)])
            sorted.sort(by: >)
            let majority = sorted[members / 2]
            guard members.isMultiple(of: 2) else { return majority }
            return max(majority, min(sorted[members / 2 - 1], received(by: 0, of: stream)))
        }
    }

    /// What all members that are not suspected have of a stream.
    func minimum(of stream: Rank, without suspected: [Bool]) -> UInt64 {
        var minimum = UInt64.max
        for member in 0..<members where !suspected[member] {
            minimum = min(minimum, received(by: member, of: stream))
        }
        return minimum
    }
}
