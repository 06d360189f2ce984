import Foundation
import Testing

/// However a command with processes of its own ends, they end too.
@Suite("No process is left behind", .serialized)
struct EndTests {
    /// The node processes of the run of the process `parent`, which are named after it.
    private func nodes(of parent: Int32) -> [String] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { process in
            guard process.allSatisfy(\.isNumber),
                let arguments = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
            else { return false }
            return arguments.split(separator: 0).contains {
                $0.elementsEqual("run-\(parent)".utf8) || $0.elementsEqual("chaos-\(parent)".utf8)
            }
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `seeds that are ended by a signal tell what they have so far`(_ signal: Int32) async throws {
        let seeds = Process()
        seeds.executableURL = URL(fileURLWithPath: Executable.path)
        seeds.arguments = ["sim", "--seeds", "1..1000000", "--nodes", "2", "--groups", "1", "--seconds", "0", "--json"]
        let output = Pipe()
        seeds.standardOutput = output
        seeds.standardError = FileHandle.nullDevice
        try seeds.run()
        let pid = seeds.processIdentifier
        defer { kill(pid, SIGKILL) }
        // Handlers are set before the first seed begins, which uses processor time that the kernel counts.
        try await until("the first seeds") { (processorTicks(of: pid) ?? 0) >= 20 }
        kill(pid, signal)
        try await until("the end of the seeds") { !seeds.isRunning }
        #expect(seeds.terminationStatus == 1)
        let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let object = try #require(JSONLine.object(line))
        #expect(object["interrupted"] as? Bool == true)
        #expect(object["digest"] is String && object["seeds"] is Int)
    }

    private func isStopped(_ pid: String) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return text.lastIndex(of: ")").map { text[$0...].hasPrefix(") T") } ?? false
    }

    private func processorTicks(of pid: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 12 ? Int(fields[11]) : nil
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func `a demo that is ended by a signal takes its nodes with it`(_ signal: Int32) async throws {
        let demo = Process()
        demo.executableURL = URL(fileURLWithPath: Executable.path)
        demo.arguments = ["demo", "--nodes", "3", "--groups", "5000"]
        demo.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        demo.standardError = errors
        try demo.run()
        let pid = demo.processIdentifier
        defer { kill(pid, SIGKILL) }
        try await until("the nodes") { nodes(of: pid).count >= 3 }
        kill(pid, signal)
        try await until("the end of the demo") { !demo.isRunning }
        if signal != SIGKILL {
            #expect(demo.terminationStatus == 1)
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(text.contains("lwg: interrupted\n") && !text.contains("unexpectedly"), "\(text)")
        }
        try await until("the end of the nodes") { nodes(of: pid).isEmpty }
    }

    @Test(arguments: [SIGINT, SIGKILL])
    func `a chaos run that is ended by a signal takes its nodes with it, paused ones too`(_ signal: Int32) async throws
    {
        let directory = try TemporaryDirectory()
        let chaos = Process()
        chaos.executableURL = URL(fileURLWithPath: Executable.path)
        chaos.arguments = [
            "chaos", "--nodes", "3", "--groups", "10", "--minutes", "5", "--trace", directory.path + "/t",
        ]
        chaos.standardOutput = FileHandle.nullDevice
        chaos.standardError = FileHandle.nullDevice
        try chaos.run()
        let pid = chaos.processIdentifier
        defer { kill(pid, SIGKILL) }
        try await until("a paused node") { nodes(of: pid).contains(where: isStopped) }
        kill(pid, signal)
        try await until("the end of the run") { !chaos.isRunning }
        if signal != SIGKILL { #expect(chaos.terminationStatus == 1) }
        try await until("the end of the nodes") { nodes(of: pid).isEmpty }
    }
}
