import ArgumentParser
import GroupSimulator
import LightweightGroups

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Judge traces by the properties of the service.",
        discussion: """
            Give the files of all processes of a run at once; a process may have several, in its order. Exit status 0 when
            nothing is wrong, 1 when something is.
            """)

    @Argument(help: ArgumentHelp("Traces, one JSON object per line.", valueName: "file"))
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "The mode that the nodes ran in; with primary nothing may be sent or delivered in another view.",
            valueName: "all|primary"))
    var partition = PartitionMode.all

    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let report: TraceCheck.Report
        do {
            report = try TraceCheck.run(files: files, isPrimaryMode: partition == .primary)
        } catch {
            throw Failure(error.description)
        }
        guard report.events > 0 else { throw Failure("no events in \(files.joined(separator: ", "))") }
        if json {
            LineWriter.output.write(report.json)
        } else {
            for violation in report.violations {
                LineWriter.output.write(
                    ("\(violation.file):\(violation.line): \(violation.property) \(violation.group) \(violation.process): "
                        + violation.why).printable(), more: true)
            }
            let rest = report.violationCount - report.violations.count
            if rest > 0 { LineWriter.output.write("… and \(rest) more", more: true) }
            LineWriter.output.write(
                report.ok
                    ? "ok: \(report.events) events, nothing wrong"
                    : "\(report.violationCount) violation\(report.violationCount == 1 ? "" : "s") in \(report.events) events"
            )
        }
        if !report.ok { throw ExitCode(ExitStatus.failed) }
    }
}

extension TraceCheck.Report {
    var json: JSON {
        [
            "ok": .bool(ok), "events": .int(events), "violations": .array(violations.map(\.json)),
            "violationCount": .int(violationCount),
        ]
    }
}

extension Violation {
    var json: JSON {
        [
            "property": .string(property), "g": .string(group), "p": .string(process), "line": .int(line),
            "why": .string(why), "file": .string(file),
        ]
    }
}
