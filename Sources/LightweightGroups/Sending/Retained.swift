import GroupModel

/// What a seat was asked to send or do and cannot yet: its group is held, or the window is full. In order.
struct Retained {
    enum Item {
        /// Messages from `next` on.
        case messages(OutgoingBatch, next: Int)
        /// A request that must come after them: a flush or a leave. Nobody waits for a leave.
        case request(Answer<Void>?, (NodeRuntime) -> Void)
        /// A point-to-point message: false when it cannot be sent now. A seat that is gone is told to whoever waits.
        case attempt(Answer<Void>, (NodeRuntime) -> Bool)

        /// Whoever asked for it has been answered already: its task was cancelled.
        var isForNobody: Bool {
            switch self {
            case .messages: false
            case .request(let answer, _): answer?.isResolved ?? false
            case .attempt(let answer, _): answer.isResolved
            }
        }
    }
    /// A batch this large takes no more messages: what is sent of a batch stays in memory until all of it is, so that a
    /// sender that is never without something to send would keep everything. Large beside a packet, so that few batches
    /// serve many messages, and small beside what a seat may queue.
    static let batchBytes = 256 << 10

    /// Thousands of seats may wait at once, and most of them rarely: an empty queue gives its memory back.
    private(set) var items = Fifo<Item>(keepsMemory: false)

    var isEmpty: Bool { items.isEmpty }
    var first: Item? { items.first }

    mutating func append(_ bytes: UnsafeRawBufferPointer, order: Order, ticket: UInt64) {
        // Taken out, so that the batch is not copied while two places hold it.
        var last = items.popLast()
        if case .messages(var batch, next: 0)? = last, batch.cost < Self.batchBytes {
            last = nil
            batch.append(bytes, order: order, ticket: ticket)
            return items.append(.messages(batch, next: 0))
        }
        if let last { items.append(last) }
        var batch = OutgoingBatch()
        batch.append(bytes, order: order, ticket: ticket)
        items.append(.messages(batch, next: 0))
    }

    mutating func append(_ batch: OutgoingBatch, from next: Int) {
        if next < batch.count { items.append(.messages(batch, next: next)) }
    }

    mutating func append(for answer: Answer<Void>?, _ request: @escaping (NodeRuntime) -> Void) {
        items.append(.request(answer, request))
    }

    mutating func append(for answer: Answer<Void>, attempt: @escaping (NodeRuntime) -> Bool) {
        items.append(.attempt(answer, attempt))
    }

    /// What nobody waits for any more would stay, with its bytes, for as long as the group is held.
    mutating func dropCancelled() {
        guard items.contains(where: \.isForNobody) else { return }
        var kept = Fifo<Item>(keepsMemory: false)
        for item in items where !item.isForNobody { kept.append(item) }
        items = kept
    }

    mutating func advance(to next: Int) {
        if case .messages(let batch, _)? = items.first { items.replaceFirst(.messages(batch, next: next)) }
    }

    mutating func removeFirst() { _ = items.popFirst() }
}
