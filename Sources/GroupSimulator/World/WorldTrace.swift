import GroupCore
import GroupModel

/// The trace of a world. Each record goes to the checkers as it is, and as a line into the text, of which the digest is made.
struct WorldTrace {
    private(set) var encoder = TraceEncoder(reserving: 1 << 20)
    private(set) var history = TraceHistory()
    /// Records that are not in either yet: some together find code and tables in the caches.
    private var waiting: [TraceRecord] = []
    private static var waitingLimit: Int { 64 }

    /// `name`: of the file that the text would be, for what is said of its lines.
    init(named name: String) { history.begin(file: name) }

    /// The lines, after `finish`.
    var bytes: [UInt8] { encoder.bytes }

    /// From now on the card's node has its name.
    mutating func learn(_ card: NodeCard) {
        finish()
        encoder.learn(card)
        history.learn(card)
    }

    mutating func append(_ records: [TraceRecord]) {
        waiting.append(contentsOf: records)
        if waiting.count >= Self.waitingLimit { finish() }
    }

    /// To be called before either is read.
    mutating func finish() {
        // In place: a record is large, and its copy counts references.
        var records: [TraceRecord] = []
        swap(&records, &waiting)
        records.withUnsafeBufferPointer { records in
            for index in records.indices { encoder.append(records[index]) }
            for index in records.indices { history.take(records[index]) }
        }
        records.removeAll(keepingCapacity: true)
        swap(&records, &waiting)
    }
}
