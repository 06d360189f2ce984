import EventLoop
import Glibc
import GroupCore
import GroupModel

/// The node's trace: one write per turn, before the turn's packets leave. A line that cannot be written is counted and
/// lost; the node goes on.
struct TraceFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var encoder = TraceEncoder()
    /// The file ends in the middle of a line that did not fit; the next write starts a new one.
    private var isTorn = false
    private(set) var lines: UInt64 = 0
    private(set) var lost: UInt64 = 0
    private(set) var failure: SystemError?

    init(appendingTo path: String) throws(SystemError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open \(path)", code: errno) }
    }

    deinit { close(descriptor) }

    mutating func learn(_ card: NodeCard) { encoder.learn(card) }

    /// Writes the records in one call. The first failure after a success is returned, to be said once.
    mutating func write(_ records: [TraceRecord]) -> SystemError? {
        guard !records.isEmpty else { return nil }
        encoder.removeAll()
        for record in records { encoder.append(record) }
        let prefix: [UInt8] = isTorn ? [UInt8(ascii: "\n")] : []
        let (written, code) = Self.writeAll(descriptor, prefix, encoder.bytes)
        // Lines whose feed has left are whole.
        let whole = encoder.bytes[..<written].reduce(into: 0) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
        lines += UInt64(whole)
        lost += UInt64(records.count - whole)
        if written > 0 { isTorn = encoder.bytes[written - 1] != UInt8(ascii: "\n") }
        let problem = code == 0 ? nil : SystemError("write the trace \(path)", code: code)
        defer { failure = problem }
        return failure == nil ? problem : nil
    }

    /// How many of `bytes` were written, and the error that stopped it.
    private static func writeAll(_ descriptor: Int32, _ prefix: [UInt8], _ bytes: [UInt8]) -> (Int, Int32) {
        let all = prefix.isEmpty ? bytes : prefix + bytes
        var done = 0
        while done < all.count {
            let count = all.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return (max(done - prefix.count, 0), errno)
            }
            done += count
        }
        return (bytes.count, 0)
    }
}
