import Foundation
import GroupSimulator
import Testing

/// Who is killed is noticed by its connections; who is merely slow, on a machine with other work, goes on.
private let patient = ["LWG_FAILURE_DETECTOR_TIMEOUT": "20s"]

@Suite("lwg demo as processes", .serialized)
struct DemoProcessTests {
    @Test func `a small demo agrees, counts what happened, and leaves legal traces and no process`() throws {
        let traces = try TemporaryDirectory()
        let outcome = try Executable.run(
            ["demo", "--nodes", "3", "--groups", "12", "--json", "--trace", traces.path],
            environment: patient, seconds: 120)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(outcome.objects.first)
        #expect(report["nodes"] as? Int == 4)
        #expect(report["groups"] as? Int == 12)
        #expect(report["survivorsAgree"] as? Bool == true)
        #expect((report["delivered"] as? Int ?? 0) > 0)
        let recovery = try #require(report["recovery"] as? [String: Any])
        #expect(recovery["hwgFlushes"] as? Int == recovery["hwgsOfDead"] as? Int)
        #expect((recovery["lwgViews"] as? Int ?? 0) > 0)
        #expect(traces.files.count == 4)
        let check = try TraceCheck.run(files: traces.files)
        #expect(check.ok, "\(check.violations)")
    }

    @Test func `memberships come from a file, a node per member`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("groups.csv", "group,members\nx,p1 p2\ny,p2 p3\nz,p1 p2 p3 p4\nw,p3 p4\n")
        let outcome = try Executable.run(["demo", "--membership", file, "--json"], environment: patient, seconds: 120)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.objects.first?["nodes"] as? Int == 4)
        #expect(outcome.objects.first?["groups"] as? Int == 4)
        #expect(outcome.objects.first?["survivorsAgree"] as? Bool == true)
    }
}

@Suite("lwg bench as processes", .serialized)
struct BenchProcessTests {
    @Test func `status tells what groups cost with messages and without, per node`() throws {
        let outcome = try Executable.run([
            "bench", "status", "--nodes", "2", "--groups", "20", "--runs", "1", "--seconds", "1", "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let median = try #require(outcome.objects.first?["median"] as? [String: Any])
        for key in ["packetsPerNodePerSecond", "cpuPercentPerNode", "deliveredPerNodePerSecond"] {
            #expect((median[key] as? Double).map { $0 > 0 } == true, "\(key)")
        }
        #expect(median["bytesPerGroup"] as? Double != nil)
        let idle = try #require(median["idle"] as? [String: Any])
        #expect(Set(idle.keys) == ["packetsPerNodePerSecond", "cpuPercentPerNode"])
    }

    private func bench(_ arguments: [String]) throws -> [String: Any] {
        let outcome = try Executable.run(
            ["bench"] + arguments + ["--json", "--runs", "1"], environment: patient, seconds: 120)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.objects.first ?? [:]
    }

    private func number(_ report: [String: Any], _ path: String...) -> Double? {
        var value: Any? = report["median"]
        for key in path { value = (value as? [String: Any])?[key] }
        return (value as? NSNumber)?.doubleValue
    }

    @Test(arguments: ["join", "leave", "recovery"])
    func `a change of membership is timed`(_ kind: String) throws {
        let report = try bench([kind, "--nodes", "3", "--groups", "20"])
        #expect(report["nodes"] as? Int == 3)
        #expect(report["groups"] as? Int == 20)
        #expect((report["runs"] as? [Any])?.count == 1)
        #expect(number(report, "ms") ?? 0 > 0)
        #expect(report["foreignCpu"] != nil)
        if kind == "recovery" { #expect(number(report, "hwgFlushes") == 1) }
    }

    @Test func `a flush is timed under load`() throws {
        let report = try bench(["flush", "--nodes", "3", "--seconds", "0.5", "--rate", "200"])
        for key in ["ms", "p50us", "p99us"] { #expect(number(report, key) ?? 0 > 0) }
    }

    @Test func `throughput, latency and the limit are measured`() throws {
        let throughput = try bench(["throughput", "--nodes", "3", "--seconds", "0.3", "--senders", "2"])
        let latency = try bench(["latency", "--nodes", "3", "--seconds", "0.3", "--order", "total"])
        for consumer in ["handler", "batches"] {
            #expect(number(throughput, consumer, "deliveredPerMemberPerSecond") ?? 0 > 0)
            #expect(number(latency, consumer, "p50us") ?? 0 > 0)
        }
        #expect(number(try bench(["limit", "--seconds", "0.3"]), "deliveredPerMemberPerSecond") ?? 0 > 0)
    }

    @Test func `every group can have a heavyweight group of its own`() throws {
        let report = try bench(["recovery", "--nodes", "3", "--groups", "5", "--mode", "hwg"])
        #expect(report["mode"] as? String == "hwg")
        #expect(number(report, "hwgFlushes") == 5)
    }
}
