import GroupModel

/// What a seat was asked to send or do and cannot yet: its group is held, or the window is full. In order.
struct Retained {
    enum Item {
        /// Messages from `next` on.
        case messages(OutgoingBatch, next: Int)
        /// A request that must come after them: a flush or a leave.
        case request((NodeRuntime) -> Void)
        /// A point-to-point message: false when it cannot be sent now. A seat that is gone is told to whoever waits.
        case attempt((NodeRuntime) -> Bool)
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

    mutating func append(_ request: @escaping (NodeRuntime) -> Void) { items.append(.request(request)) }

    mutating func append(attempt: @escaping (NodeRuntime) -> Bool) { items.append(.attempt(attempt)) }

    mutating func advance(to next: Int) {
        if case .messages(let batch, _)? = items.first { items.replaceFirst(.messages(batch, next: next)) }
    }

    mutating func removeFirst() { _ = items.popFirst() }
}
