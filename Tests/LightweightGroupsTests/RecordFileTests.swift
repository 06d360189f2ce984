import EventLoop
import Glibc
import GroupModel
import HWGProtocol
import Testing

@testable import LightweightGroups

@Suite("The record of primary views")
struct RecordFileTests {
    private static let names = ["a", "b", "c"]

    private func open(
        _ directory: String, name: String = "a", cluster: String = "test", group: String = "main",
        initial: [String] = names, hadOne: Bool
    ) throws -> (file: RecordFile, record: PrimaryRecord) {
        let group = HWGID(named: try #require(ShortName(group)))
        return try RecordFile.open(
            .init(name: name, cluster: cluster, group: group), in: directory, initial: initial, hadOne: hadOne)
    }

    private func expectProblem(_ text: String, _ body: () throws -> Void) {
        let error = #expect(throws: GroupError.self, performing: body)
        #expect(error.map { "\($0)".contains(text) } ?? false, "\(error.map { "\($0)" } ?? "no error")")
    }

    private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    }

    @Test("a first start begins one on the disk, and it comes back")
    func written() async throws {
        try await withDirectory { directory in
            do {
                let (file, record) = try open(directory, hadOne: false)
                #expect(record == PrimaryRecord(initial: Self.names))
                try file.write(record)
            }
            #expect(try open(directory, hadOne: true).record == PrimaryRecord(initial: ["c", "b", "a"]))
        }
    }

    @Test("a damaged file, cut or changed anywhere, is an error that says what to do, and is left as it is")
    func damaged() async throws {
        try await withDirectory { directory in
            let path = try open(directory, hadOne: false).file.path
            let whole = try #require(try SafeFile.read(path, limit: 1 << 20))
            for count in 0..<whole.count {
                try overwrite(path, Array(whole[..<count]))
                expectProblem("damaged") { _ = try open(directory, hadOne: true) }
            }
            for offset in whole.indices {
                var bytes = whole
                bytes[offset] ^= 0x10
                try overwrite(path, bytes)
                expectProblem("new name and an empty state directory") { _ = try open(directory, hadOne: true) }
                #expect(try SafeFile.read(path, limit: 1 << 20) == bytes)
            }
            try overwrite(path, whole)
            _ = try open(directory, hadOne: true)
        }
    }

    private func problem(_ contents: RecordContents, _ bytes: [UInt8]) -> String? {
        switch bytes.withUnsafeBytes(contents.decode) {
        case .success(let record):
            #expect(contents.encode(record) == bytes, "a record means the same when it is written again")
            return nil
        case .failure(let error): return error.problem
        }
    }

    @Test("contents under a right checksum are read whole or not at all, and what is wrong is told")
    func decoded() throws {
        let contents = RecordContents(
            .init(name: "a", cluster: "test", group: HWGID(named: try #require(ShortName("main")))))
        let payload = PrimaryRecord(initial: Self.names).encoded
        let file = contents.enclose(payload)
        #expect(problem(contents, file) == nil)
        let nonsense = "it is damaged: its contents make no sense"
        for count in payload.indices {
            #expect(problem(contents, contents.enclose(Array(payload[..<count]))) == nonsense)
        }
        #expect(problem(contents, contents.enclose(payload + [0])) == nonsense)
        var refused = 0
        for offset in payload.indices {
            for value: UInt8 in [0, 1, 2, 0x7F, 0xFF] where payload[offset] != value {
                var changed = payload
                changed[offset] = value
                guard let problem = problem(contents, contents.enclose(changed)) else { continue }
                #expect(problem == nonsense)
                refused += 1
            }
        }
        #expect(refused > 20)
        let body = Array(file.dropLast(8))
        for count in body.indices { #expect(problem(contents, RecordContents.sealed(Array(body[..<count]))) != nil) }
        #expect(problem(contents, [])?.contains("cut short") == true)
        #expect(problem(contents, RecordContents.sealed([1, 2, 3, 4]))?.contains("no record") == true)
        var newer = body
        newer[4] = 3
        #expect(problem(contents, RecordContents.sealed(newer))?.contains("version 3") == true)
        let long = [UInt8](repeating: 0, count: RecordContents.limit + 1)
        #expect(problem(contents, long)?.contains("larger") == true)
    }

    @Test("a file that is gone is an error once there was one")
    func missing() async throws {
        try await withDirectory { directory in
            expectProblem("missing") { _ = try open(directory, hadOne: true) }
            #expect(contents(of: "\(directory)/a.primary") == nil)
        }
    }

    @Test("another node's, cluster's or group's file, and other initial nodes, are errors")
    func foreign() async throws {
        try await withDirectory { directory in
            let path = try open(directory, hadOne: false).file.path
            let bytes = try #require(try SafeFile.read(path, limit: 1 << 20))
            expectProblem("belongs to another") { _ = try open(directory, cluster: "other", hadOne: true) }
            expectProblem("belongs to another") { _ = try open(directory, group: "other", hadOne: true) }
            expectProblem("membership.initial") { _ = try open(directory, initial: ["a", "b"], hadOne: true) }
            try overwrite("\(directory)/b.primary", bytes)
            expectProblem("belongs to another") { _ = try open(directory, name: "b", hadOne: true) }
        }
    }

    @Test("two processes cannot have one record")
    func locked() async throws {
        try await withDirectory { directory in
            let first = try open(directory, hadOne: false)
            expectProblem("another process") { _ = try open(directory, hadOne: true) }
            expectProblem("a name and a state directory of its own") { _ = try open(directory, hadOne: true) }
            withExtendedLifetime(first) {}
        }
    }

    @Test("the incarnation's file remembers that there is a record")
    func mark() async throws {
        try await withDirectory { directory in
            for (isPrimary, expected) in [(false, false), (true, true), (false, true)] {
                var incarnation = try Incarnation(name: "n", directory: directory)
                try incarnation.take(isPrimary: isPrimary)
                #expect(try Incarnation(name: "n", directory: directory).isPrimary == expected)
            }
            #expect(try Incarnation(name: "n", directory: directory).value == 4)
        }
    }

    @Test("a node starts alone, becomes primary, and goes on where it was", .timeLimit(.minutes(5)))
    func node() async throws {
        try await withDirectory { directory in
            var last = ViewID(epoch: 0, coordinator: MemberID(node: NodeID(raw: 0), incarnation: 0))
            for life: UInt32 in 1...2 {
                var settings = NodeSettings(name: "a")
                settings.cluster = "record"
                settings.stateDirectory = directory
                settings.initialNodes = ["a"]
                settings.partition = .primary
                settings.logLevel = .critical
                let node = try await GroupNode.start(settings)
                let reader = EventReader(try await node.join("g"))
                let told = await reader.until { if case .view = $0 { true } else { false } }
                guard case .view(let view)? = told.last else {
                    Issue.record("no view came")
                    return
                }
                #expect(view.isPrimary)
                let carrier = view.hwgView
                #expect(carrier > last)
                last = carrier
                #expect(await node.statistics().isReady)
                #expect(await node.statistics().recordWrites >= 2)
                #expect(node.memberID.incarnation == life)
                await node.stop()
            }
            try overwrite("\(directory)/a.primary", [1, 2, 3])
            var settings = NodeSettings(name: "a")
            settings.stateDirectory = directory
            settings.initialNodes = ["a"]
            settings.partition = .primary
            let error = await #expect(throws: GroupError.self) { try await GroupNode.start(settings) }
            if case .lostState = error {} else { Issue.record("\(String(describing: error))") }
        }
    }
}
