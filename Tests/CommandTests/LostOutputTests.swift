import Foundation
import Testing

@testable import lwg

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

    @Test func `to a reader that has stopped does not keep a node from ending`() async throws {
        let sender = try ShellProcess("sender", cluster: "stopped-reader")
        let (output, errors) = (Pipe(), Pipe())
        let node = Process()
        node.executableURL = URL(fileURLWithPath: Executable.path)
        node.arguments = [
            "node", "--json", "--name", "silent", "--listen", "127.0.0.1:0", "--cluster", "stopped-reader",
            "--peer", try await sender.listen, "--join", "g", "--set", "log.level=error",
        ]
        node.standardOutput = output
        node.standardError = errors
        try node.run()
        defer { kill(node.processIdentifier, SIGKILL) }
        sender.command("join g")
        try await sender.view("g", nodes: ["sender", "silent"])
        // More than a pipe holds; when it is stable the node has it.
        sender.command("burst g 200 8192")
        sender.command("flush g")
        try await sender.event("done") { $0["cmd"] == "flush" }
        node.terminate()
        try await until("the end of the node") { !node.isRunning }
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        #expect(node.terminationReason == .exit && node.terminationStatus == 1)
        #expect(String(decoding: text, as: UTF8.self).contains("lwg: nobody reads the output"))
        withExtendedLifetime(output) {}
        #expect(try await sender.end() == 0)
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

    @Test func `lines wait for a reader whose end does not block`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (input, output) = (ends[0], ends[1])
        try #require(fcntl(output, F_SETFL, fcntl(output, F_GETFL) | O_NONBLOCK) == 0)
        Thread.detachNewThread {
            let writer = LineWriter(descriptor: output)
            let text = String(repeating: "x", count: 999)
            for _ in 0..<1_000 { writer.write(text) }
            close(output)
        }
        var received = 0
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = read(input, &chunk, chunk.count), count > 0 { received += count }
        close(input)
        #expect(received == 1_000_000)
    }
}
