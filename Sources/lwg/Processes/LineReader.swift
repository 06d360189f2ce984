import Foundation
import Glibc
import Synchronization

/// The lines of a file descriptor, read by a thread of its own, so that neither a loop nor a task blocks on it.
///
/// At most `queuedLines` wait; then the thread waits too, and the writer at the other end of the pipe after it.
final class LineReader: Sendable {
    private struct State {
        var lines: [String] = []
        var first = 0
        var isEnded = false
        var waiter: CheckedContinuation<String?, Never>?
    }
    private let state = Mutex(State())
    /// Starts at zero and is raised, because a semaphore must not be freed below the value it started with.
    private let space = DispatchSemaphore(value: 0)
    private static let queuedLines = 1_024
    /// A longer line is dropped; the longest of ours names some ten thousand groups.
    static let lineBytes = 16 << 20

    /// - Parameter tooLong: called by the thread at the end of each line that is dropped.
    init(descriptor: Int32, tooLong: @escaping @Sendable () -> Void = {}) {
        for _ in 0..<Self.queuedLines { space.signal() }
        let thread = Thread { [weak self] in
            var pending: [UInt8] = []
            var isTooLong = false
            let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
            defer { chunk.deallocate() }
            while true {
                let count = read(descriptor, chunk.baseAddress, chunk.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0, let self else { break }
                for byte in chunk[..<count] {
                    if byte != UInt8(ascii: "\n") {
                        if pending.count < Self.lineBytes { pending.append(byte) } else { isTooLong = true }
                        continue
                    }
                    if isTooLong { tooLong() } else { self.arrived(String(decoding: pending, as: UTF8.self)) }
                    isTooLong = false
                    pending.removeAll(keepingCapacity: true)
                }
            }
            if isTooLong {
                tooLong()
            } else if !pending.isEmpty {
                self?.arrived(String(decoding: pending, as: UTF8.self))
            }
            self?.ended()
        }
        thread.start()
    }

    /// The next line without its end; nil at the end of input and when the task is cancelled. One caller at a time.
    func next() async -> String? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enum Answer { case line(String), end, wait }
                let answer: Answer = state.withLock { state in
                    if state.first < state.lines.count {
                        let line = state.lines[state.first]
                        state.first += 1
                        if state.first == state.lines.count {
                            state.lines.removeAll(keepingCapacity: true)
                            state.first = 0
                        }
                        return .line(line)
                    }
                    if state.isEnded || Task.isCancelled { return .end }
                    state.waiter = continuation
                    return .wait
                }
                switch answer {
                case .line(let line):
                    space.signal()
                    continuation.resume(returning: line)
                case .end: continuation.resume(returning: nil)
                case .wait: break
                }
            }
        } onCancel: {
            ended()
        }
    }

    private func arrived(_ line: String) {
        let waiter = state.withLock { state -> CheckedContinuation<String?, Never>? in
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.lines.append(line)
            return nil
        }
        if let waiter { waiter.resume(returning: line) } else { space.wait() }
    }

    /// No more lines will be waited for.
    private func ended() {
        let waiter = state.withLock { state in
            state.isEnded = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
