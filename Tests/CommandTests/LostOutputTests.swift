import Foundation
import Testing

@Suite("Output that is lost")
struct LostOutputTests {
    /// What `sh` says of a command line.
    private func shell(_ line: String) throws -> Executable.Outcome {
        try Executable.run(["-c", line, Executable.path], program: "/bin/sh")
    }

    @Test(arguments: [
        "config defaults", "config defaults --json", "config show", "sim --seed 7 --nodes 2 --groups 1 --seconds 0",
        "sim --scenario \(Readme.repository.path)/Tests/ScenarioTests/Scenarios/leave-and-rejoin-alone.scenario",
        "demo --nodes 2 --groups 2", "shell --name a --listen 127.0.0.1:0 --cluster lost",
    ])
    func `ends with 1 and is told`(_ arguments: String) throws {
        let outcome = try shell("\"$0\" \(arguments) < /dev/null > /dev/full")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("lwg: cannot write the output: No space left on device\n"))
    }

    @Test func `to a reader that has gone ends with 1, quietly`() throws {
        let (output, errors) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Executable.path)
        process.arguments = ["config", "defaults"]
        process.standardOutput = output
        process.standardError = errors
        try output.fileHandleForReading.close()
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 1)
        #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
    }
}
