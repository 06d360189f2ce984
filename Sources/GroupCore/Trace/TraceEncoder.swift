import GroupModel

/// Writes trace records as JSON lines (design.md, section 8) into one growing buffer.
///
/// The shell appends a turn's records, writes `bytes` to the file before the turn's packets leave, and calls
/// `removeAll`, which keeps the capacity. Apart from growth, a line allocates nothing.
///
/// Nodes are written by name as far as `learn` told them, and otherwise as the sixteen hexadecimal digits of their
/// identity. `g` carries its kind (`hwg:ID`, `lwg:NAME`); the fields `hwg`, `from` and `to` of views, maps and
/// switches can only be heavyweight groups and hold the bare ID.
public struct TraceEncoder: Sendable {
    /// The lines so far, each ended by a line feed.
    public private(set) var bytes: [UInt8] = []
    private var names = NodeNames()

    /// `capacity`: bytes reserved at the start; a line of a small view takes about 200.
    public init(reserving capacity: Int = 64 * 1024) { bytes.reserveCapacity(capacity) }

    /// From now on the card's node is written by its name.
    public mutating func learn(_ card: NodeCard) { names.learn(card.name, of: card.member.node) }

    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends one line.
    public mutating func append(_ record: TraceRecord) {
        names.reading(into: &bytes) { names, bytes in
            bytes.append(addingCapacity: TraceLineWriter.room(for: record, names)) { room in
                room.withUnsafeMutableBufferPointer { buffer, count in
                    guard let start = buffer.baseAddress else { return }
                    var line = TraceLineWriter(start: start, capacity: buffer.count, names: names)
                    line.write(record)
                    count = line.count
                }
            }
        }
    }
}
