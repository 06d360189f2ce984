import Foundation
import Testing

@Suite("A process ends by the signals of a supervisor")
struct SupervisorTests {
    @Test(arguments: [SIGABRT, SIGQUIT]) func `at once, without a report of a crash`(_ number: Int32) throws {
        let (output, errors) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Executable.path)
        process.arguments = [
            "node", "--name", "a", "--listen", "127.0.0.1:0", "--cluster", "supervised-\(UUID().uuidString)", "--set",
            "log.level=warning",
        ]
        // As in a program that has asked for backtraces, whatever the tests run in.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=yes"]) { $1 }
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // The ready line.
        #expect(!output.fileHandleForReading.availableData.isEmpty)
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == number)
        #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
    }
}

@Suite("A held shell ends")
struct HeldShellTests {
    enum Ending: CaseIterable, Sendable { case quit, endOfInput, signal, secondSignal }

    /// One of three nodes of the mode primary: without the others its group gets no view.
    private func alone(_ state: TemporaryDirectory) throws -> ShellProcess {
        try ShellProcess(
            "a", cluster: "held-\(UUID().uuidString)",
            arguments: [
                "--set", "membership.partition=primary", "--set", "membership.initial=a,b,c", "--set",
                "node.stateDirectory=\(state.path)",
            ])
    }

    @Test(arguments: Ending.allCases)
    func `with commands that wait for a primary view`(_ ending: Ending) async throws {
        let state = try TemporaryDirectory()
        let a = try alone(state)
        try await a.event("ready")
        for line in ["join g", "send g waits", "leave g", "why"] { a.command(line) }
        // `why` without a name is answered at once, after the others are enqueued.
        try await a.event("error") { $0["cmd"] == "why" }
        switch ending {
        case .quit: a.command("quit")
        case .endOfInput: a.closeInput()
        case .signal: a.terminate()
        case .secondSignal:
            a.terminate()
            a.signal(SIGINT)
        }
        #expect(try await a.status() == 1)
        let lost = a.events("error").filter { $0["code"] == "notCarriedOut" }
        #expect(
            lost.map { $0["message"] }
                == (ending == .secondSignal ? [] : ["2 commands were waiting still and not carried out"]))
        #expect(a.events("error").count == 1 + lost.count)
    }
}
