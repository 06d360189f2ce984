import Glibc
import Synchronization

/// A line on standard error that tells how far long work has come; silent when standard error is no terminal.
final class ProgressBar: Sendable {
    private let isShown: Bool
    private let last = Mutex("")
    private static let width = 30

    init(isShown: Bool = isatty(STDERR_FILENO) == 1) { self.isShown = isShown }

    func show(_ done: Int, of total: Int, _ text: String) {
        guard isShown else { return }
        draw(Self.bar(done, of: total) + " " + text)
    }

    func show(_ text: String) {
        guard isShown else { return }
        draw(text)
    }

    /// Takes the line away.
    func clear() {
        guard isShown else { return }
        last.withLock { last in
            if !last.isEmpty { LineWriter.errors.writePart("\r\u{1B}[K") }
            last = ""
        }
    }

    static func bar(_ done: Int, of total: Int) -> String {
        let filled = total > 0 ? min(max(done, 0), total) * width / total : width
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }

    private func draw(_ line: String) {
        last.withLock { last in
            guard line != last else { return }
            last = line
            LineWriter.errors.writePart("\r\u{1B}[K" + line)
        }
    }
}
