import Foundation
import Synchronization
import Testing

@testable import lwg

/// The programs of `Examples/` do what they say.
@Suite("Examples", .serialized)
struct ExampleTests {
    private func run(_ name: String) throws -> [String] {
        let outcome = try Executable.run([], program: Executable.path(of: name))
        #expect(outcome.status == 0, "\(name): \(outcome.errors)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    @Test func `hello: two nodes greet one another and end`() throws {
        let lines = try run("ExampleHello")
        #expect(lines.contains { $0.hasPrefix("bert reads ‘hello, bert’ of anna.") })
        #expect(lines.contains { $0.hasPrefix("anna reads ‘hello, anna’ of bert.") })
    }

    @Test func `counter: all replicas have the same number, the late one too`() throws {
        let lines = try run("ExampleCounter")
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.hasSuffix(" counts 4000") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("late.") })
    }

    @Test func `ticker: one inbox follows thousands of groups`() throws {
        let lines = try run("ExampleTicker")
        #expect(lines.first == "desk: 2000 groups with feed and desk in them")
        #expect(lines.last == "desk: 40000 ticks; the last price of every instrument is known")
    }

    @Test func `chat: two people talk, and one leaves`() async throws {
        let anna = try LineProcess("ExampleChat", ["anna"])
        let invitation = try await anna.line { $0.hasPrefix("others join with:") }
        let address = try #require(invitation.split(separator: " ").last.map(String.init))
        let bert = try LineProcess("ExampleChat", ["bert", address])
        for person in [anna, bert] {
            _ = try await person.line { $0.hasPrefix("in the room:") && $0.contains("anna.") && $0.contains("bert.") }
        }
        anna.write("hello everybody")
        bert.write("hello anna")
        for person in [anna, bert] {
            _ = try await person.line { $0.hasPrefix("anna.") && $0.hasSuffix(": hello everybody") }
            _ = try await person.line { $0.hasPrefix("bert.") && $0.hasSuffix(": hello anna") }
        }
        #expect(try await bert.end() == 0)
        _ = try await anna.line { $0.hasPrefix("in the room:") && !$0.contains("bert.") && $0 != "in the room: " }
        #expect(try await anna.end() == 0)
    }
}

/// A program that is talked to in lines.
private final class LineProcess: Sendable {
    private struct State {
        var lines: [String] = []
        var isEnded = false
    }
    private let process = Process()
    private let input: FileHandle
    private let state = Mutex(State())
    private let (news, newsArrived) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(_ name: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: Executable.path(of: name))
        process.arguments = arguments
        let (toProcess, fromProcess) = (Pipe(), Pipe())
        process.standardInput = toProcess
        process.standardOutput = fromProcess
        input = toProcess.fileHandleForWriting
        let lines = LineReader(descriptor: fromProcess.fileHandleForReading.fileDescriptor)
        try process.run()
        Task { [self] in
            while let line = await lines.next() {
                state.withLock { $0.lines.append(line) }
                newsArrived.yield()
            }
            withExtendedLifetime(fromProcess) {}
            process.waitUntilExit()
            state.withLock { $0.isEnded = true }
            newsArrived.yield()
        }
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    func write(_ line: String) { try? input.write(contentsOf: Data((line + "\n").utf8)) }

    /// The first line, past or to come, that `condition` holds for.
    func line(_ condition: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await until { state in state.lines.first(where: condition) }
    }

    /// The end of input, and then the exit status.
    func end() async throws -> Int32 {
        try? input.close()
        _ = try await until { state in state.isEnded ? "" : nil }
        return process.terminationStatus
    }

    private func until(_ found: @escaping @Sendable (State) -> String?) async throws -> String {
        let alarm = Task {
            try await Task.sleep(for: ShellProcess.patience)
            newsArrived.finish()
        }
        defer { alarm.cancel() }
        if let line = state.withLock({ found($0) }) { return line }
        for await _ in news {
            if let line = state.withLock({ found($0) }) { return line }
        }
        throw ShellProcess.TimedOut(description: "in vain; lines: \(state.withLock { $0.lines })")
    }
}
