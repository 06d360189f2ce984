/// What happens in the world, and when. Plain data: packets are numbers of a table.
struct WorldEvent {
    enum Kind: UInt8 {
        /// Packet `c` of `a` arrives at `b`.
        case datagram
        /// `a` takes the first datagram that waits for it.
        case serve
        /// The core of `a` named this deadline.
        case wake
        /// The loop of `a` goes to sleep.
        case turnEnd
        /// The applications of `a` do something.
        case act
        /// Seat `b` of `a` answers its Hold.
        case holdAnswer
        /// The slow application of `a` has read what it had.
        case relief
        /// Write `c` of the record of `a` is on stable storage.
        case persisted
        /// A liveness connection between `a` and `b` stands.
        case connect
        /// `a` is told that its connection to `b` in incarnation `c` stands.
        case connected
        /// `a` is told that its connection to `b` in incarnation `c` is closed.
        case disconnected
        /// Whether `a` and `b` have been apart for so long that their connection breaks.
        case disconnectCheck
        case resume
        /// An application of `a` goes on with what it could not do: seat `b` sends, or (`c` 1) membership `b` is joined again.
        case again
        /// The seed starts `a`.
        case boot
        /// `a` ended in a calm world, and comes back by itself.
        case restart
        case faults

        /// Drawn from a seed; a script has acts in place of it.
        var isDrawn: Bool { self == .act || self == .relief || self == .boot || self == .again }
    }
    var time: Int64
    /// Events of one time happen in the order in which they were made.
    var sequence: UInt64
    var kind: Kind
    var a: Int16
    var b: Int32
    var c: Int32
    /// For what a node's own life ends: stale when the node has another one.
    var life: Int32
}

/// A binary heap by time, then sequence.
struct EventHeap {
    private var items: [WorldEvent] = []
    private var sequence: UInt64 = 0

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }
    var nextTime: Int64? { items.first?.time }

    mutating func push(
        _ kind: WorldEvent.Kind, at time: Int64, a: Int, b: Int = 0, c: Int = 0, life: Int32 = 0
    ) {
        sequence &+= 1
        let event = WorldEvent(
            time: time, sequence: sequence, kind: kind, a: Int16(truncatingIfNeeded: a),
            b: Int32(truncatingIfNeeded: b), c: Int32(truncatingIfNeeded: c), life: life)
        items.append(event)
        items.withUnsafeMutableBufferPointer { items in
            var child = items.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                guard Self.precedes(event, items[parent]) else { break }
                items[child] = items[parent]
                child = parent
            }
            items[child] = event
        }
    }

    mutating func pop() -> WorldEvent? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        if items.isEmpty { return first }
        items.withUnsafeMutableBufferPointer { items in
            // Down to a leaf first: the last one nearly always belongs near one, and so each step is one comparison.
            var hole = 0
            var child = 1
            while child < items.count {
                if child + 1 < items.count { child += Self.precedes(items[child + 1], items[child]) ? 1 : 0 }
                items[hole] = items[child]
                hole = child
                child = 2 * hole + 1
            }
            while hole > 0 {
                let parent = (hole - 1) / 2
                guard Self.precedes(last, items[parent]) else { break }
                items[hole] = items[parent]
                hole = parent
            }
            items[hole] = last
        }
        return first
    }

    /// Both orders are looked at: which way it goes cannot be foretold, and a wrong guess costs more.
    @inline(__always)
    private static func precedes(_ left: WorldEvent, _ right: WorldEvent) -> Bool {
        let isEarlier = left.time < right.time
        let isSame = left.time == right.time
        let isBefore = left.sequence < right.sequence
        return isEarlier || (isSame && isBefore)
    }
}
