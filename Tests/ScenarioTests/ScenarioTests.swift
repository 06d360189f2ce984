import Foundation
import GroupSimulator
import Testing

/// Scripts of situations that have broken such systems, each with the timeline that it gives. `SCENARIOS_REWRITE=1` writes
/// the timelines anew; read the difference before it is committed.
@Suite struct ScenarioTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scenarios")

    private static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        return (files ?? []).filter { $0.hasSuffix(".scenario") }.sorted()
    }()

    private static let rewrites = ProcessInfo.processInfo.environment["SCENARIOS_REWRITE"] == "1"

    @Test(arguments: names)
    func `a scenario comes about, keeps all properties, and gives its timeline`(_ name: String) throws {
        let url = Self.folder.appending(path: name)
        let scenario = try Scenario(String(contentsOf: url, encoding: .utf8))
        let report = scenario.run()
        #expect(report.failures.isEmpty, "\(name): \(report.failures)")
        #expect(report.violations.isEmpty, "\(name): \(report.violations)")
        if Self.rewrites {
            try scenario.file(with: report.timeline).write(to: url, atomically: true, encoding: .utf8)
        } else {
            let recorded = scenario.recorded ?? []
            let first = zip(recorded, report.timeline).first { $0 != $1 }
            #expect(
                recorded == report.timeline,
                "\(name): the file has \(first?.0 ?? "\(recorded.count) lines"), the run \(first?.1 ?? "\(report.timeline.count)")"
            )
        }
    }

    @Test(arguments: names)
    func `a scenario says what could go wrong, what must come about, and that all converge`(_ name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let lines = text.split(separator: "\n")
        #expect(lines.prefix { $0.hasPrefix("#") }.count >= 2, "\(name) begins with a comment")
        #expect(lines.contains { $0.hasPrefix("expect ") }, "\(name) states its situation")
        #expect(lines.contains("converge"), "\(name) ends in a world that heals")
    }

    @Test func `there are scenarios`() {
        #expect(Self.names.count >= 20)
    }
}
