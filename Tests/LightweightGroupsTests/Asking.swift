import EventLoop
import Logging
import Synchronization
import Testing

@testable import LightweightGroups

/// Asks an address over HTTP, on a loop of its own.
func ask(_ address: String?, _ path: String) async throws -> HTTPResponse {
    let text = try #require(address)
    let server = try #require(HostPort(parsing: text).numeric)
    let loop = try EventLoop()
    let result: Result<HTTPResponse, HTTPFailure> = await withCheckedContinuation { continuation in
        loop.execute { HTTPFetch.get(loop, path, from: server) { continuation.resume(returning: $0) } }
        loop.start(name: "ask") {}
    }
    loop.stop()
    return try result.get()
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Keeps what a node logs.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var event: String
        var text: String
    }
    private let kept = Mutex<[Line]>([])
    var lines: [Line] { kept.withLock { $0 } }
    func lines(_ line: LogLine) -> [String] { lines.filter { $0.event == line.rawValue }.map(\.text) }

    /// Suspends until there are `count` lines of this kind.
    func await(_ line: LogLine, count: Int = 1) async -> [String] {
        while lines(line).count < count { await Task.yield() }
        return lines(line)
    }

    var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    fileprivate func add(_ line: Line) { kept.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            recorder.add(
                Line(
                    level: event.level, event: event.metadata?["event"].map { "\($0)" } ?? "", text: "\(event.message)")
            )
        }
    }
}
