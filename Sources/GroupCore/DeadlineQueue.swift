import GroupModel

/// One deadline per heavyweight group, so that a node with thousands of them asks each only when it is due.
///
/// A binary heap with entries that may be out of date; `current` tells.
struct DeadlineQueue: Sendable {
    private var heap: [(at: Instant, slot: Int)] = []
    private var current: [Instant?] = []

    /// Entries, those out of date included.
    var count: Int { heap.count }

    var next: Instant? {
        mutating get {
            dropStale()
            return heap.first?.at
        }
    }

    mutating func set(_ slot: Int, to deadline: Instant?) {
        while current.count <= slot { current.append(nil) }
        guard current[slot] != deadline else { return }
        current[slot] = deadline
        guard let deadline else { return }
        if heap.count > 64 + 4 * current.count { rebuild() }
        heap.append((deadline, slot))
        siftUp(heap.count - 1)
    }

    /// The next slot that is due; its deadline is taken.
    mutating func popDue(at now: Instant) -> Int? {
        dropStale()
        guard let first = heap.first, first.at <= now else { return nil }
        current[first.slot] = nil
        removeFirst()
        return first.slot
    }

    private mutating func dropStale() {
        while let first = heap.first, current[first.slot] != first.at { removeFirst() }
    }

    /// Out-of-date entries are dropped before the heap outgrows four per slot.
    private mutating func rebuild() {
        heap = []
        for (slot, deadline) in current.enumerated() {
            guard let deadline else { continue }
            heap.append((deadline, slot))
            siftUp(heap.count - 1)
        }
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right].at < heap[left].at ? right : left
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }
}
