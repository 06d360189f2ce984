import ArgumentParser
import Foundation
import GroupSimulator

/// `lwg sim --scenario FILE`.
enum ScenarioRun {
    static func run(_ file: String, trace: String?, json: Bool) throws {
        let bytes = try InputFile.read(file)
        let scenario: Scenario
        do {
            scenario = try Scenario(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw Failure("\(file), \(error)")
        }
        let report = scenario.run()
        if let trace { try OutputFile.write(report.trace, to: trace, appending: true) }
        let isAsRecorded = scenario.recorded.map { $0 == report.timeline }
        let other = scenario.recorded.flatMap { firstDifference($0, report.timeline) }
        LineWriter.output.write(json ? self.json(report, isAsRecorded, other).line : text(report, other))
        guard report.failures.isEmpty, report.violations.isEmpty, other == nil else {
            throw ExitCode(ExitStatus.failed)
        }
    }

    /// Where two timelines part.
    struct Difference: Hashable {
        /// Of the timeline, from 1.
        let line: Int
        /// Nil where the file's timeline has ended.
        let expected: String?
        /// Nil where the run's has.
        let got: String?

        var text: String {
            "The file has another timeline, from its line \(line) on:\n"
                + "  expected: \(expected ?? "(the end)")\n  got:      \(got ?? "(the end)")"
        }
    }

    static func firstDifference(_ expected: [String], _ got: [String]) -> Difference? {
        guard
            let index = (0..<max(expected.count, got.count)).first(where: { index in
                index >= expected.count || index >= got.count || expected[index] != got[index]
            })
        else { return nil }
        return Difference(
            line: index + 1, expected: index < expected.count ? expected[index] : nil,
            got: index < got.count ? got[index] : nil)
    }

    private static func text(_ report: ScenarioReport, _ other: Difference?) -> String {
        var lines = report.timeline
        for violation in report.violations {
            lines.append("\(violation.property) \(violation.group) \(violation.process): \(violation.why)")
        }
        for failure in report.failures { lines.append("\(failure)") }
        if let other { lines.append(other.text) }
        lines.append(
            "\(report.failures.count) expectations failed, \(report.violations.count) violations, "
                + "\(JSON.number(report.simulatedSeconds).line) simulated seconds")
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: ScenarioReport, _ isAsRecorded: Bool?, _ other: Difference?) -> JSON {
        [
            "timeline": .strings(report.timeline), "failures": .strings(report.failures.map(\.description)),
            "violations": .array(report.violations.map(\.json)),
            "asRecorded": isAsRecorded.map(JSON.bool) ?? .null,
            "difference": other.map {
                ["line": .int($0.line), "expected": .optional($0.expected), "got": .optional($0.got)]
            } ?? .null,
            "simulatedSeconds": .number(report.simulatedSeconds),
        ]
    }
}
