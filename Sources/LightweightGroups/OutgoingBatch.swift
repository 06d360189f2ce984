import GroupModel

/// Messages of one group that are handed to the node together: one buffer, no allocation per message.
public struct OutgoingBatch: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Somebody waits for the number of one of its messages.
    private(set) var hasTickets = false
    private(set) var entries: [OutgoingMessage] = []

    /// An empty batch, with room for so many bytes and messages before it grows.
    public init(reservingBytes: Int = 0, messages: Int = 0) {
        bytes.reserveCapacity(reservingBytes)
        entries.reserveCapacity(messages)
    }

    /// Messages.
    public var count: Int { entries.count }
    /// Bytes of all messages.
    public var byteCount: Int { bytes.count }

    /// Copies one message. Its size and order are judged when the batch is multicast.
    public mutating func append(_ message: UnsafeRawBufferPointer, order: Order = .fifo) {
        append(message, order: order, ticket: 0)
    }

    /// Copies one message.
    public mutating func append(_ message: [UInt8], order: Order = .fifo) {
        message.withUnsafeBytes { append($0, order: order, ticket: 0) }
    }

    mutating func append(_ message: UnsafeRawBufferPointer, order: Order, ticket: UInt64) {
        entries.append(OutgoingMessage(offset: bytes.count, count: message.count, order: order, ticket: ticket))
        if ticket != 0 { hasTickets = true }
        bytes.append(addingCapacity: message.count) { span in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: message)
                initialized = message.count
            }
        }
    }

    /// What the batch costs a send queue: its bytes and the bookkeeping of each message.
    var cost: Int { bytes.count + entries.count * Outbox.messageCost }

    /// The same for some of its messages, which lie one behind the other; not for none.
    func cost(_ range: Range<Int>) -> Int {
        let last = entries[range.upperBound - 1]
        return last.offset + last.count - entries[range.lowerBound].offset + range.count * Outbox.messageCost
    }
}
