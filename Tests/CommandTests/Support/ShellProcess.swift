import Foundation
import Synchronization
import Testing

@testable import lwg

/// One `lwg shell --json` (or `node`), written to and listened to as from a script.
final class ShellProcess: Sendable {
    struct Event: @unchecked Sendable {
        let fields: [String: Any]
        subscript(_ key: String) -> String? { fields[key] as? String }
        func strings(_ key: String) -> [String] { fields[key] as? [String] ?? [] }
        var kind: String { self["ev"] ?? "" }
    }

    struct TimedOut: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var events: [Event] = []
        var isEnded = false
        /// Resumed at the next event and at the end.
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let process: Process
    private let input: FileHandle
    private let state = Mutex(State())
    private let status = Mutex<Int32?>(nil)
    let name: String

    /// Generous, for a machine that does other things too.
    static let patience = Duration.seconds(240)

    init(
        _ name: String, cluster: String, peers: [String] = [], trace: TemporaryDirectory? = nil,
        command: String = "shell", arguments more: [String] = [], descriptors: Int? = nil
    ) throws {
        self.name = name
        process = Process()
        process.executableURL = URL(fileURLWithPath: Executable.path)
        var arguments = [command, "--json", "--name", name, "--listen", "127.0.0.1:0", "--cluster", cluster]
        for peer in peers { arguments += ["--peer", peer] }
        // Who is killed is noticed by its connections; who is merely slow, on a machine with other work, goes on.
        arguments += ["--set", "failureDetector.timeout=20s"]
        // A second life of a node appends to the trace of the first.
        if let trace { arguments += ["--trace", "\(trace.path)/\(name).jsonl"] }
        process.arguments = arguments + more
        if let descriptors {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments =
                ["-c", "ulimit -n \(descriptors); exec \"$0\" \"$@\"", Executable.path] + arguments + more
        }
        let (toProcess, fromProcess) = (Pipe(), Pipe())
        process.standardInput = toProcess
        process.standardOutput = fromProcess
        input = toProcess.fileHandleForWriting
        let lines = LineReader(descriptor: fromProcess.fileHandleForReading.fileDescriptor)
        process.terminationHandler = { [weak self] process in
            self?.status.withLock { $0 = process.terminationStatus }
            withExtendedLifetime(fromProcess) {}
        }
        try process.run()
        Task { [self] in
            while let line = await lines.next() {
                guard let fields = JSONLine.object(line) else { continue }
                let event = Event(fields: fields)
                state.withLock { state in
                    state.events.append(event)
                    state.waiter?.resume()
                    state.waiter = nil
                }
            }
            process.waitUntilExit()
            state.withLock { state in
                state.isEnded = true
                state.waiter?.resume()
                state.waiter = nil
            }
        }
    }

    deinit { kill() }

    func command(_ line: String) {
        try? input.write(contentsOf: Data((line + "\n").utf8))
    }

    /// The end of input, and then the exit status.
    func end() async throws -> Int32 {
        closeInput()
        return try await status()
    }

    func closeInput() { try? input.close() }

    /// The exit status, or the signal's number, when the process has ended.
    func status() async throws -> Int32 {
        _ = try await until("end") { _, isEnded in isEnded ? true : nil }
        return process.terminationStatus
    }

    /// How many timers the process has made in the kernel.
    var timers: Int {
        let directory = "/proc/\(process.processIdentifier)/fd"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.count { file in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(file)"))
                == "anon_inode:[timerfd]"
        }
    }

    func kill() {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    }

    func terminate() { process.terminate() }
    func signal(_ number: Int32) { Glibc.kill(process.processIdentifier, number) }
    func pause() { Glibc.kill(process.processIdentifier, SIGSTOP) }
    func resume() { Glibc.kill(process.processIdentifier, SIGCONT) }
    func hangUp() { Glibc.kill(process.processIdentifier, SIGHUP) }

    var events: [Event] { state.withLock { $0.events } }
    func events(_ kind: String) -> [Event] { events.filter { $0.kind == kind } }

    /// The first event of this kind, past or to come, that `condition` holds for.
    @discardableResult
    func event(_ kind: String, where condition: @escaping @Sendable (Event) -> Bool = { _ in true }) async throws
        -> Event
    {
        try await until(kind) { events, _ in events.first { $0.kind == kind && condition($0) } }
    }

    /// The events of this kind when there are that many.
    func events(_ kind: String, count: Int) async throws -> [Event] {
        try await until("\(count) times \(kind)") { events, _ in
            let found = events.filter { $0.kind == kind }
            return found.count >= count ? found : nil
        }
    }

    /// A view of the group whose members are on these nodes, in any order.
    @discardableResult
    func view(_ group: String, nodes: [String]) async throws -> Event {
        try await event("view") { event in
            event["g"] == "lwg:" + group
                && event.strings("members").map { String($0.prefix { $0 != "." }) }.sorted() == nodes.sorted()
        }
    }

    var listen: String {
        get async throws { try await event("ready")["listen"] ?? "" }
    }

    /// Asks `stats` until a counter has reached a value; the last of them.
    func counter(_ name: String, atLeast value: Int) async throws -> Int {
        var asked = events("stats").count
        while true {
            command("stats")
            asked += 1
            let stats = try await events("stats", count: asked)
            let counters = stats[asked - 1].fields["counters"] as? [String: Int]
            if let count = counters?[name], count >= value { return count }
        }
    }

    private var ending: String {
        if process.isRunning { return "running still" }
        return process.terminationReason == .exit
            ? "status \(process.terminationStatus)" : "signal \(process.terminationStatus)"
    }

    private func until<T: Sendable>(
        _ what: String, _ found: @escaping @Sendable ([Event], Bool) -> T?
    ) async throws -> T {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let (events, isEnded) = state.withLock { ($0.events, $0.isEnded) }
            if let value = found(events, isEnded) { return value }
            if isEnded || ContinuousClock.now >= deadline {
                let last = events.suffix(5).map { "\($0.fields)" }.joined(separator: "\n")
                throw TimedOut(
                    description:
                        "\(name): waited for ‘\(what)’ in vain\(isEnded ? ", the process ended, \(ending)" : ""); last:\n\(last)"
                )
            }
            await nextEvent(after: events.count, before: deadline)
        }
    }

    private func nextEvent(after count: Int, before deadline: ContinuousClock.Instant) async {
        let alarm = Task {
            try await Task.sleep(until: deadline)
            state.withLock { state in
                state.waiter?.resume()
                state.waiter = nil
            }
        }
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            state.withLock { state in
                if state.events.count > count || state.isEnded {
                    waiter.resume()
                } else {
                    state.waiter?.resume()
                    state.waiter = waiter
                }
            }
        }
        alarm.cancel()
    }
}
