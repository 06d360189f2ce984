import GroupModel

/// Messages of one group that are handed to the node together: one buffer, no allocation per message.
public struct OutgoingBatch: Sendable {
    struct Entry: Sendable {
        var offset: Int
        var count: Int
        var order: Order
    }
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []

    public init(reservingBytes: Int = 0, messages: Int = 0) {
        bytes.reserveCapacity(reservingBytes)
        entries.reserveCapacity(messages)
    }

    public var count: Int { entries.count }
    public var byteCount: Int { bytes.count }

    public mutating func append(_ message: UnsafeRawBufferPointer, order: Order = .fifo) {
        entries.append(Entry(offset: bytes.count, count: message.count, order: order))
        bytes.append(contentsOf: message)
    }

    public mutating func append(_ message: [UInt8], order: Order = .fifo) {
        entries.append(Entry(offset: bytes.count, count: message.count, order: order))
        bytes.append(contentsOf: message)
    }
}
