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
    private(set) var items: [Item] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }
    var first: Item? { isEmpty ? nil : items[head] }

    mutating func append(_ bytes: UnsafeRawBufferPointer, order: Order, ticket: UInt64) {
        if !isEmpty, case .messages(var batch, let next) = items[items.count - 1] {
            // Taken out, so that the batch is not copied while two places hold it.
            items[items.count - 1] = .messages(OutgoingBatch(), next: 0)
            batch.append(bytes, order: order, ticket: ticket)
            items[items.count - 1] = .messages(batch, next: next)
        } else {
            var batch = OutgoingBatch()
            batch.append(bytes, order: order, ticket: ticket)
            items.append(.messages(batch, next: 0))
        }
    }

    mutating func append(_ batch: OutgoingBatch, from next: Int) {
        if next < batch.count { items.append(.messages(batch, next: next)) }
    }

    mutating func append(_ request: @escaping (NodeRuntime) -> Void) { items.append(.request(request)) }

    mutating func append(attempt: @escaping (NodeRuntime) -> Bool) { items.append(.attempt(attempt)) }

    mutating func advance(to next: Int) {
        if case .messages(let batch, _) = items[head] { items[head] = .messages(batch, next: next) }
    }

    mutating func removeFirst() {
        items[head] = .request { _ in }
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: false)
            head = 0
        }
    }
}
