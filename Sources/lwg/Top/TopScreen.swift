import Glibc

/// Where reports are drawn: in place on a terminal, one after the other elsewhere.
struct TopScreen: Sendable {
    let isTerminal: Bool
    private var writer: LineWriter { .output }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// A screen of its own, without a cursor, so that what was there before comes back at the end.
    func open() { if isTerminal { writer.writePart("\u{1B}[?1049h\u{1B}[?25l") } }
    func close() { if isTerminal { writer.writePart("\u{1B}[?25h\u{1B}[?1049l") } }

    func draw(_ report: TopReport) {
        guard isTerminal else {
            for line in report.lines() { writer.write(line, more: true) }
            writer.write("")
            return
        }
        let (width, height) = Self.size()
        // Each line clears what is right of it and the last what is below, so that nothing flickers.
        let lines = report.lines(width: width, height: height).prefix(height)
        writer.writePart("\u{1B}[H" + lines.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[K\u{1B}[J")
    }

    private static func size() -> (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
