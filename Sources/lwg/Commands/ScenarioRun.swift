import ArgumentParser
import Foundation
import GroupSimulator

/// `lwg sim --scenario FILE`.
enum ScenarioRun {
    static func run(_ file: String, trace: String?, json: Bool) throws {
        guard let bytes = FileManager.default.contents(atPath: file) else { throw Failure("cannot read \(file)") }
        let scenario: Scenario
        do {
            scenario = try Scenario(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw Failure("\(file), \(error)")
        }
        let report = scenario.run()
        if let trace { try SimCommand.append(report.trace, to: trace) }
        let isAsRecorded = scenario.recorded.map { $0 == report.timeline }
        LineWriter.output.write(json ? self.json(report, isAsRecorded).line : text(report, isAsRecorded))
        if !report.failures.isEmpty || !report.violations.isEmpty { throw ExitCode(ExitStatus.failed) }
    }

    private static func text(_ report: ScenarioReport, _ isAsRecorded: Bool?) -> String {
        var lines = report.timeline
        for violation in report.violations {
            lines.append("\(violation.property) \(violation.group) \(violation.process): \(violation.why)")
        }
        for failure in report.failures { lines.append("\(failure)") }
        if isAsRecorded == false { lines.append("The file has another timeline.") }
        lines.append(
            "\(report.failures.count) expectations failed, \(report.violations.count) violations, "
                + "\(JSON.number(report.simulatedSeconds).line) simulated seconds")
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: ScenarioReport, _ isAsRecorded: Bool?) -> JSON {
        [
            "timeline": .strings(report.timeline), "failures": .strings(report.failures.map(\.description)),
            "violations": .array(report.violations.map(\.json)),
            "asRecorded": isAsRecorded.map(JSON.bool) ?? .null,
            "simulatedSeconds": .number(report.simulatedSeconds),
        ]
    }
}
