import GroupCore
import GroupModel

/// The trace of a world. Each record goes to the checkers as it is, and as a line into the text where that is wanted: its bytes
/// take as long as what the checkers are told and the judging of it together.
struct WorldTrace {
    private var encoder: TraceEncoder?
    private(set) var history = TraceHistory()
    private var told = TraceDigest()
    /// Records that are not in either yet: some together find code and tables in the caches.
    private var waiting: [TraceRecord] = []
    private static var waitingLimit: Int { 64 }

    /// `name`: of the file that the text would be, for what is said of its lines.
    init(named name: String, keepsText: Bool) {
        encoder = keepsText ? TraceEncoder(reserving: 1 << 20) : nil
        history.begin(file: name)
    }

    /// The lines, after `finish`; nothing where no text is kept.
    var bytes: [UInt8] { encoder?.bytes ?? [] }

    /// Of all records, after `finish`: the same with and without the text.
    var digest: UInt64 { told.value(with: history) }

    /// From now on the card's node has its name.
    mutating func learn(_ card: NodeCard) {
        finish()
        encoder?.learn(card)
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
            if encoder != nil { for index in records.indices { encoder?.append(records[index]) } }
            for index in records.indices {
                history.take(records[index])
                told.add(records[index], taken: history)
            }
        }
        records.removeAll(keepingCapacity: true)
        swap(&records, &waiting)
    }
}
