import GroupModel

/// Messages of one group that are handed to the node together: one buffer, no allocation per message.
public struct OutgoingBatch: Sendable {
    struct Entry: Sendable {
        var offset: Int
        var count: Int
        var order: Order
        /// Who waits for the message's number; 0 for nobody.
        var ticket: UInt64
    }
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []

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
        entries.append(Entry(offset: bytes.count, count: message.count, order: order, ticket: ticket))
        bytes.append(contentsOf: message)
    }

    /// What the batch costs a send queue: its bytes and the bookkeeping of each message.
    var cost: Int { bytes.count + entries.count * Outbox.messageCost }
}
