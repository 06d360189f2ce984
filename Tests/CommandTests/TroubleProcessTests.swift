import EventLoop
import Foundation
import Testing

@testable import lwg

@Suite("Trouble that a process survives", .serialized)
struct TroubleProcessTests {
    private func cluster() -> String { "trouble-\(UUID().uuidString)" }

    /// TCP connections that say nothing.
    private final class Silent {
        private var descriptors: [Int32] = []
        init(_ count: Int, to listen: String) throws {
            let port = try #require(HostPort(parsing: listen).numeric).port
            for _ in 0..<count {
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                let connected = withUnsafePointer(to: address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                try #require(connected == 0)
                descriptors.append(descriptor)
            }
        }
        func close() { for descriptor in descriptors { Glibc.close(descriptor) } }
    }

    @Test
    func `out of file descriptors a node goes on with those it knows, and takes others when there are some again`()
        async throws
    {
        let cluster = cluster()
        let a = try ShellProcess("a", cluster: cluster, arguments: ["--metrics", "0"], descriptors: 32)
        let listen = try await a.listen
        let b = try ShellProcess("b", cluster: cluster, peers: [listen])
        for shell in [a, b] { shell.command("join g") }
        let view = try await a.view("g", nodes: ["a", "b"])
        try await b.view("g", nodes: ["a", "b"])
        // More than there are descriptors for, fewer than the kernel's queue holds: all of them stand.
        let silent = try Silent(60, to: listen)
        for number in 0..<20 {
            a.command("send --order total g a \(number)")
            b.command("send --order total g b \(number)")
        }
        for shell in [a, b] {
            for number in 0..<20 {
                try await shell.event("message") { $0["text"] == "a \(number)" }
                try await shell.event("message") { $0["text"] == "b \(number)" }
            }
        }
        // Nobody was taken to have failed.
        #expect(a.events("view").last?["vid"] == view["vid"])
        silent.close()
        let c = try ShellProcess("c", cluster: cluster, peers: [listen])
        c.command("join g")
        for shell in [a, b, c] { try await shell.view("g", nodes: ["a", "b", "c"]) }
        for shell in [a, b, c] { #expect(try await shell.end() == 0) }
    }

    @Test func `a node that has started makes the timer that later sleeps need`() async throws {
        // Without it, libdispatch makes the timer later, and stops the process when there is no descriptor for it. Whether it
        // was made depended on which of two tasks came first: in a fifth of the starts it was not.
        let expected = 3  // Two of the loop, one of libdispatch.
        for _ in 0..<12 {
            let shell = try ShellProcess("a", cluster: cluster())
            try await shell.event("ready")
            for _ in 0..<500 where shell.timers < expected { try await Task.sleep(for: .milliseconds(10)) }
            #expect(shell.timers == expected)
            #expect(try await shell.end() == 0)
        }
    }

    @Test func `too few file descriptors to start with are an error that says so`() throws {
        let outcome = try Executable.run(["node", "--name", "a"], descriptors: 12)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Too many open files. Raise the limit of open files (ulimit -n)"))
    }

    @Test func `a metrics port in use ends with 1 and names the address; the other node goes on`() async throws {
        let a = try ShellProcess("a", cluster: cluster(), arguments: ["--metrics", "0"])
        let taken = try #require(try await a.event("ready")["metrics"])
        let outcome = try Executable.run(["node", "--name", "b", "--metrics", taken])
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.contains(
                "lwg: listen on TCP \(taken): Address already in use. Choose another metrics.listen"))
        a.command("join g")
        try await a.view("g", nodes: ["a"])
        #expect(try await a.end() == 0)
    }

    @Test func `SIGHUP reads the file again: a broken one changes nothing, a good one is taken, and groups stay`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let file = try directory.file("lwg.yaml", "mapping:\n  default: first\n")
        let a = try ShellProcess("a", cluster: cluster(), arguments: ["--config", file])
        a.command("join g")
        let view = try await a.view("g", nodes: ["a"])
        _ = try directory.file("lwg.yaml", "mapping:\n  defalt: second\n")
        a.hangUp()
        _ = try await a.counter("refusedReloads", atLeast: 1)
        a.command("join h")
        #expect(try await a.view("h", nodes: ["a"])["hwg"] == "first")
        _ = try directory.file("lwg.yaml", "mapping:\n  default: second\n")
        a.hangUp()
        _ = try await a.counter("reloads", atLeast: 1)
        a.command("join i")
        #expect(try await a.view("i", nodes: ["a"])["hwg"] == "second")
        a.command("send g still here")
        #expect(try await a.event("message")["vid"] == view["vid"] || a.events("view").count > 3)
        #expect(try await a.end() == 0)
    }

    @Test func `why answers by the configuration in force, also for a group that is not joined`() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("lwg.yaml", "mapping:\n  default: first\n")
        let a = try ShellProcess("a", cluster: cluster(), arguments: ["--config", file])
        a.command("join g")
        try await a.view("g", nodes: ["a"])
        _ = try directory.file("lwg.yaml", "mapping:\n  default: second\n")
        a.hangUp()
        _ = try await a.counter("reloads", atLeast: 1)
        for name in ["g", "h"] { a.command("why \(name)") }
        let answers = try await a.events("why", count: 2)
        #expect(answers.map { $0["hwg"] } == ["first", "second"])
        #expect(answers.map { $0.fields["joined"] as? Bool } == [true, false])
        for answer in answers { #expect(answer["rule"]?.contains("mapping.default is ‘second’") == true) }
        #expect(try await a.end() == 0)
    }

    @Test func `a line that is too long is dropped as a whole`() async throws {
        let a = try ShellProcess("a", cluster: cluster())
        a.command("send g " + String(repeating: "x", count: 16 << 20) + " \njoin h")
        #expect(try await a.event("error")["message"] == "line longer than 16777216 bytes, ignored")
        try await a.view("h", nodes: ["a"])
        a.command("leave \(String(repeating: "y", count: 1_000))")
        #expect(try await a.event("error") { $0["code"] == "notMember" }["message"].map { $0.count < 200 } == true)
        #expect(try await a.end() == 0)
        #expect(a.events("error").count == 2)
    }

    @Test func `a shell that joins nothing ends with its input`() async throws {
        let a = try ShellProcess("a", cluster: cluster())
        _ = try await a.listen
        #expect(try await a.end() == 0)
    }
}
