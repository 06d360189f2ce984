import GroupModel

/// What is to happen in a `MulticastNetwork`: a binary heap by time, then in the order in which it was pushed.
struct MulticastQueue {
    struct Event {
        var time: Instant
        var sequence: Int
        var to: Rank
        /// Nil for a wake-up.
        var packet: Packet?
        var from: Rank
    }

    private var heap: [Event] = []
    private var sequence = 0

    var first: Event? { heap.first }
    var isEmpty: Bool { heap.isEmpty }

    private static func before(_ lhs: Event, _ rhs: Event) -> Bool {
        lhs.time != rhs.time ? lhs.time < rhs.time : lhs.sequence < rhs.sequence
    }

    mutating func push(at time: Instant, to: Rank, packet: Packet?, from: Rank) {
        heap.append(Event(time: time, sequence: sequence, to: to, packet: packet, from: from))
        sequence += 1
        var child = heap.count - 1
        while child > 0, Self.before(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && Self.before(heap[child], heap[least]) { least = child }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
