import Glibc
import Synchronization

/// Writes whole lines to a file descriptor from any task; lines of different tasks never mix.
///
/// A write blocks while the reader is behind, which is wanted: whoever produces the lines then waits too.
final class LineWriter: Sendable {
    static let output = LineWriter(descriptor: STDOUT_FILENO)
    static let errors = LineWriter(descriptor: STDERR_FILENO)

    private struct State {
        var buffer: [UInt8] = []
        /// The first error of a write.
        var failure: Int32?
    }
    private let state = Mutex(State())
    private let descriptor: Int32
    /// Calls of `write` that have returned. Outside the lock, which is held while one blocks.
    private let writes = Atomic(0)
    /// How long one `write` may block before its reader is taken to have stopped, when everything else is at its end.
    private static let patience = Duration.seconds(3)
    /// A buffer this full is written before the next line joins it.
    private static let bufferBytes = 64 << 10

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The reader is gone, or the disk is full; lines are dropped.
    var isBroken: Bool { failure != nil }

    /// The error number of the write that failed.
    var failure: Int32? { state.withLock { $0.failure } }

    /// - Parameter more: more lines follow at once, after which the caller writes one without or calls `flush`.
    func write(_ line: String, more: Bool = false) {
        state.withLock { state in
            state.buffer.append(contentsOf: line.utf8)
            state.buffer.append(UInt8(ascii: "\n"))
            if !more || state.buffer.count >= Self.bufferBytes { write(&state) }
        }
    }

    func write(_ json: JSON, more: Bool = false) {
        state.withLock { state in
            json.write(into: &state.buffer)
            state.buffer.append(UInt8(ascii: "\n"))
            if !more || state.buffer.count >= Self.bufferBytes { write(&state) }
        }
    }

    /// Text without an end of line, written at once.
    func writePart(_ text: String) {
        state.withLock { state in
            state.buffer.append(contentsOf: text.utf8)
            write(&state)
        }
    }

    func flush() { state.withLock { write(&$0) } }

    /// Waits for a task that writes here and that no cancellation reaches while its reader is behind.
    /// - Returns: false when the reader has stopped reading, and the task would not end.
    func isDone(_ printing: Task<Void, Never>) async -> Bool {
        let end = AsyncStream.makeStream(of: Bool.self)
        Task {
            await printing.value
            end.continuation.yield(true)
        }
        Task {
            var before: Int?
            while before != writes.load(ordering: .relaxed) {
                before = writes.load(ordering: .relaxed)
                try? await Task.sleep(for: Self.patience)
            }
            end.continuation.yield(false)
        }
        for await isDone in end.stream { return isDone }
        return false
    }

    private func write(_ state: inout State) {
        var written = 0
        while written < state.buffer.count, state.failure == nil {
            let count = state.buffer[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            let error = errno
            writes.add(1, ordering: .relaxed)
            if count > 0 {
                written += count
            } else if count < 0, error == EINTR {
                continue
            } else if count < 0, error == EAGAIN {
                // Somebody else who has this file open does not want to wait; we do.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
            } else {
                state.failure = count < 0 ? error : EIO
            }
        }
        state.buffer.removeAll(keepingCapacity: true)
    }
}
