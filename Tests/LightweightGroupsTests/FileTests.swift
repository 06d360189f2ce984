import EventLoop
import Foundation
import GroupModel
import Testing

@testable import LightweightGroups

/// A directory of its own, removed at the end with all that is in it.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/lwg-test-XXXXXX".utf8CString)
    let path = template.withUnsafeMutableBufferPointer {
        $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    let directory = try #require(path)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}

func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        all.append(contentsOf: buffer[..<count])
    }
    return String(decoding: all, as: UTF8.self)
}

@Suite("Files of a node")
struct FileTests {
    @Test("the incarnation grows with each start and is in the file before it is used")
    func incarnation() async throws {
        try await withDirectory { directory in
            for expected: UInt32 in 1...3 {
                var incarnation = try Incarnation(name: "n", directory: directory)
                try incarnation.take(isPrimary: false)
                #expect(incarnation.value == expected)
                #expect(incarnation.isFirst == (expected == 1))
                #expect(contents(of: "\(directory)/n.incarnation") == "\(expected)\n")
            }
            var last = try Incarnation(name: "n", directory: directory)
            #expect(try last.raise(above: 900))
            #expect(last.value == 901)
            #expect(try Incarnation(name: "n", directory: directory).value == 902)
            #expect(try Incarnation(name: "other", directory: directory).value == 1)
        }
    }

    @Test("without a directory the incarnation is the clock's")
    func clock() throws {
        let incarnation = try Incarnation(name: "n", directory: nil)
        #expect(incarnation.value > 100_000_000)
    }

    @Test("a state file that is no number is an error, not a start at one")
    func garbage() async throws {
        try await withDirectory { directory in
            let descriptor = open("\(directory)/n.incarnation", O_WRONLY | O_CREAT, 0o644)
            _ = write(descriptor, "what", 4)
            close(descriptor)
            #expect(throws: SystemError.self) { try Incarnation(name: "n", directory: directory) }
        }
    }

    @Test("trace lines are appended, one per record")
    func trace() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/t.jsonl"
            let member = MemberID(node: NodeID(name: "n"), incarnation: 4)
            let records = [
                TraceRecord(time: .zero, member: .node(member), event: .start),
                TraceRecord(time: .zero, member: .node(member), event: .join(.lwg("g"))),
            ]
            for _ in 0..<2 {
                var file = try TraceFile(appendingTo: path)
                file.learn(
                    NodeCard(name: "n", member: member, address: NodeAddress(high: 0, low: 1, port: 1)))
                #expect(file.write(records) == nil)
                #expect(file.lines == 2 && file.lost == 0)
            }
            let lines = try #require(contents(of: path)).split(separator: "\n")
            #expect(lines.count == 4)
            #expect(
                lines.allSatisfy { $0.hasPrefix("{\"ev\":\"") && $0.contains("\"p\":\"n.4\"") && $0.hasSuffix("}") })
        }
    }

    @Test("a full disk loses lines, counts them, and says so once")
    func fullDisk() throws {
        var file = try TraceFile(appendingTo: "/dev/full")
        let record = TraceRecord(
            time: .zero, member: .node(MemberID(node: NodeID(name: "n"), incarnation: 1)), event: .start)
        #expect(file.write([record])?.code == ENOSPC)
        #expect(file.write([record, record]) == nil)
        #expect(file.lost == 3 && file.lines == 0)
    }

    @Test("a trace that cannot be opened says why")
    func noTrace() async {
        await #expect(
            throws: GroupError.system(
                operation: "open /nowhere/trace", error: "No such file or directory",
                advice: "Check the trace file and the limits of the process.")
        ) {
            var settings = NodeSettings(name: "n")
            settings.traceFile = "/nowhere/trace"
            _ = try await GroupNode.start(settings)
        }
    }
}
