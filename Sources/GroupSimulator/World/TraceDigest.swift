import GroupModel

/// A hash of all that a history was told by records: their numbers one by one, and in the end the texts that the numbers stand for.
struct TraceDigest {
    private var hash: UInt64 = 0

    /// The record that `history` took last.
    @inline(__always)
    mutating func add(_ record: TraceRecord, taken history: borrowing TraceHistory) {
        mix(UInt64(bitPattern: record.time.nanoseconds))
        switch record.event {
        case .map(_, let group, let version):
            mix(group.high ^ group.low)
            mix(version)
        case .switched(_, let from, let to):
            mix(from.high ^ from.low)
            mix(to.high ^ to.low)
        case .stable(_, _, let k): mix(UInt64(truncatingIfNeeded: k))
        default: break
        }
        guard let event = history.events.last else { return }
        mix(pair(event.seat, event.process))
        mix(pair(event.view, event.message))
        mix(pair(event.to, Int32(event.kind.rawValue) << 16 | Int32(event.order) << 8 | (event.trans ? 1 : 0)))
        guard event.installation >= 0, let installation = history.installations.last else { return }
        mix(pair(installation.previous, installation.members))
        mix(pair(installation.trans, installation.carrier))
        mix(pair(installation.carrierView, (installation.primary ? 2 : 0) | (installation.unchanged ? 1 : 0)))
    }

    func value(with history: TraceHistory) -> UInt64 {
        var whole = self
        whole.mix(UInt64(truncatingIfNeeded: history.events.count))
        for hash in history.names.hashes { whole.mix(hash) }
        for list in history.lists {
            whole.mix(UInt64(truncatingIfNeeded: list.count))
            for member in list { whole.mix(pair(member, 0)) }
        }
        return StableHash.mix(whole.hash)
    }

    @inline(__always)
    private func pair(_ high: Int32, _ low: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: high)) << 32 | UInt64(UInt32(bitPattern: low))
    }

    @inline(__always)
    private mutating func mix(_ word: UInt64) {
        hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 32
    }
}
