import GroupModel
import GroupWire

/// What one data frame carries, for timelines. The data path reads frames in place and never asks for this.
public struct DataFrameText: Hashable, Sendable {
    public enum Item: Hashable, Sendable {
        /// A message or a part of one.
        case data(Order, bytes: Int, isFirst: Bool, isLast: Bool)
        /// The first part of a message of the layer above for itself.
        case control([UInt8])
        /// The sequencer's word: messages of this rank's stream, up to this packet, come next.
        case order(rank: Rank, through: UInt64)
        case void
    }

    /// Rank of the stream's sender; another holder may have sent this frame.
    public let origin: Rank
    public let number: UInt64
    public let items: [Item]

    /// Nil when it is none.
    public init?(_ datagram: UnsafeRawBufferPointer) {
        var reader = ByteReader(datagram)
        _ = reader.raw(DataFrame.originOffset)
        origin = Int(reader.u16())
        _ = reader.raw(DataFrame.numberOffset - DataFrame.originOffset - 2)
        number = reader.u64()
        _ = reader.raw(DataFrame.bodyOffset - DataFrame.firstMessageOffset)
        var items: [Item] = []
        while reader.isValid, reader.remaining >= DataFrame.itemHeaderBytes {
            let word = ItemWord(raw: reader.u32())
            if word.raw == 0 { break }
            _ = reader.u32()
            let payload = reader.raw(word.length)
            guard reader.isValid else { return nil }
            if word.isRecord {
                for place in stride(from: 0, to: word.length - OrderRecord.entryBytes + 1, by: OrderRecord.entryBytes) {
                    let entry = OrderRecord.entry(at: place, of: payload)
                    items.append(.order(rank: entry.rank, through: entry.through))
                }
            } else if word.isVoid {
                items.append(.void)
            } else if word.isControl, word.isFirst {
                items.append(.control(Array(payload)))
            } else {
                items.append(.data(word.order, bytes: word.length, isFirst: word.isFirst, isLast: word.isLast))
            }
            _ = reader.raw(min(DataFrame.padded(word.length) - word.length, reader.remaining))
        }
        guard reader.isValid else { return nil }
        self.items = items
    }
}

extension DataFrameText {
    /// The ranges that a `negativeAcknowledge` asks for, of one stream; nil when it is none.
    public static func requested(_ datagram: UnsafeRawBufferPointer) -> (origin: Rank, ranges: [ClosedRange<UInt64>])? {
        ViewToken(of: datagram).flatMap { NegativeAcknowledgeFrame.read(datagram, token: $0) }
    }
}
