import ArgumentParser
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start nodes as processes, join many overlapping groups, send, join late, kill one, and compare.")

    @Option(help: "Nodes at the start; one more comes late.") var nodes = 4
    @Option(help: "Groups with overlapping memberships.") var groups = 2_000
    @Option(
        help: ArgumentHelp(
            "Memberships instead: a line `group,members` per group, the members separated by blanks.",
            valueName: "file.csv")) var membership: String?
    @Option(help: ArgumentHelp("The nodes' YAML file.", valueName: "file")) var config: String?
    @Option(
        help: ArgumentHelp(
            "Write a trace per node: into a directory that exists, or with this prefix.", valueName: "dir|prefix"))
    var trace: String?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (2..<NodeSet.capacity).contains(nodes) else {
            throw ValidationError("--nodes must be 2 to \(NodeSet.capacity - 1).")
        }
        guard (1...100_000).contains(groups) else { throw ValidationError("--groups must be 1 to 100000.") }
    }

    func run() async throws {
        let ending = Signals.endWithChildren()
        defer { withExtendedLifetime(ending) {} }
        let table: GroupTable
        let names: [String]
        if let membership {
            (table, names) = try DemoTable.read(membership)
        } else {
            table = DemoTable.overlapping(groups: groups, nodes: nodes)
            names = (0...nodes).map { "n\($0 + 1)" }
        }
        var options = Cluster.Options()
        options.config = config
        options.tracePrefix = Self.prefix(trace)
        options.explicitHolds = true
        options.digests = true
        let cluster = Cluster(table: table, names: names, initial: names.count - 1, options: options)
        defer { cluster.kill() }
        let progress = ProgressBar()
        let result: DemoResult
        do {
            result = try await DemoRun(cluster: cluster, progress: progress).run()
        } catch {
            progress.clear()
            throw error
        }
        progress.clear()
        if json { LineWriter.output.write(result.json) } else { LineWriter.output.write(result.text) }
        if !result.agreement.holds { throw ExitCode(ExitStatus.failed) }
    }

    /// A directory gets one file per node; anything else is what the files' names begin with.
    static func prefix(_ trace: String?) -> String? {
        guard let trace else { return nil }
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: trace, isDirectory: &isDirectory), isDirectory.boolValue {
            return trace.hasSuffix("/") ? trace : trace + "/"
        }
        return trace.hasSuffix("/") ? trace : trace + "-"
    }
}
