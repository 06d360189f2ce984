import Foundation
import GroupSimulator
import Testing

@testable import lwg

@Suite("lwg chaos as processes", .serialized)
struct ChaosProcessTests {
    @Test func `four nodes are disturbed for ten seconds, converge, and leave traces without a violation`() throws {
        let directory = try TemporaryDirectory()
        let traces = directory.path + "/traces"
        let outcome = try Executable.run(
            [
                "chaos", "--nodes", "4", "--groups", "30", "--minutes", "0.17", "--seed", "5", "--json", "--trace",
                traces,
            ], seconds: 300)
        #expect(outcome.status == 0, "\(outcome.errors) \(outcome.output)")
        let report = try #require(outcome.objects.first)
        #expect(report["ok"] as? Bool == true)
        #expect(report["seed"] as? Int == 5)
        let acts = try #require(report["acts"] as? [String: Int])
        #expect(acts.values.reduce(0, +) > 3)
        #expect((report["incarnations"] as? Int ?? 0) >= 4)
        let files = try FileManager.default.contentsOfDirectory(atPath: traces).filter { $0.hasSuffix(".jsonl") }
        #expect(files.count >= 5)
        let check = try TraceCheck.run(files: files.sorted().map { traces + "/" + $0 })
        #expect(check.ok && check.events == report["events"] as? Int)
        // Faults without a trace of load would prove nothing.
        #expect(check.events > 500)
    }

    @Test func `a directory with something in it is wrong usage`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.file("there", "x")
        let outcome = try Executable.run(["chaos", "--trace", directory.path])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("is not empty"))
    }
}

@Suite("What a chaos run looks at")
struct ChaosTests {
    private func standing(_ member: String, _ seats: [(String, String, [String])]) -> WorkerReport.Standing {
        var standing = WorkerReport.Standing()
        standing.member = member
        standing.seats = seats.map { .init(group: $0.0, view: $0.1, members: $0.2, hwg: "main", hwgView: "7@a.1") }
        return standing
    }

    @Test func `one view with exactly its members is settled`() {
        let both = ["a.1/0", "b.2/0"]
        #expect(
            ChaosConvergence.unsettled([
                standing("a.1", [("g", "1@a.1", both)]), standing("b.2", [("g", "1@a.1", both)]),
            ]) == nil)
    }

    @Test func `two views, a ghost, a member that nobody counts, and two heavyweight views are not`() throws {
        let both = ["a.1/0", "b.2/0"]
        let two = ChaosConvergence.unsettled([
            standing("a.1", [("g", "1@a.1", both)]), standing("b.2", [("g", "2@a.1", both)]),
        ])
        #expect(two?.contains("lwg:g is in 2@a.1 at b.2, in 1@a.1 at a.1") == true)
        let ghost = ChaosConvergence.unsettled([standing("a.1", [("g", "1@a.1", both)]), standing("b.2", [])])
        #expect(ghost?.contains("lwg:g has the members a.1/0 b.2/0, and seats have a.1/0") == true)
        let uncounted = ChaosConvergence.unsettled([
            standing("a.1", [("g", "1@a.1", ["a.1/0"])]), standing("b.2", [("g", "1@a.1", ["a.1/0"])]),
        ])
        #expect(uncounted != nil)
        var other = standing("b.2", [("g", "1@a.1", both)])
        other.seats[0].hwgView = "8@a.1"
        #expect(
            ChaosConvergence.unsettled([standing("a.1", [("g", "1@a.1", both)]), other])?.hasPrefix("hwg:main") == true)
    }

    @Test func `the same seed draws the same acts, and the survivor is never killed`() {
        var plan = ChaosPlan()
        plan.seed = 7
        var (first, second) = (ChaosDice(plan), ChaosDice(plan))
        for _ in 0..<2_000 {
            let act = first.act()
            #expect(act == second.act())
            switch act {
            case .kill(let nodes, _): #expect(!nodes.contains(plan.survivor))
            case .succeed(let node, _, _), .leave(let node): #expect(node != plan.survivor)
            case .pause, .noise, .cut, .unlink: break
            }
        }
    }

    @Test func `a table that grows in the last quarter is told, and one that breathes is not`() {
        func samples(_ value: (Int) -> Int) -> [ChaosSoak.Sample] {
            (0..<40).map { ChaosSoak.Sample(at: Int64($0), values: ["peers": value($0), "residentBytes": 64 << 20]) }
        }
        #expect(SoakJudgement(survivor: "n", samples { $0 * 100 }).problems.map(\.property) == ["soak"])
        #expect(SoakJudgement(survivor: "n", samples { 100 + $0 % 50 }).problems.isEmpty)
        #expect(SoakJudgement(survivor: "n", samples { min($0 * 100, 1_000) }).problems.isEmpty)
    }

    @Test func `a message that is cut or another's is found`() {
        let bytes = RoamingPayload(sender: 5, group: 3, number: 9).bytes(count: 100)
        #expect(bytes.withUnsafeBytes { RoamingPayload($0) } == RoamingPayload(sender: 5, group: 3, number: 9))
        #expect(bytes.dropFirst(8).withUnsafeBytes { RoamingPayload($0) } == nil)
        var other = bytes
        other[60] ^= 1
        #expect(other.withUnsafeBytes { RoamingPayload($0) } == nil)
    }
}

@Suite("lwg sim --churn")
struct ChurnTests {
    @Test func `a long world keeps its tables flat and its members agreed`() throws {
        let outcome = try Executable.run(
            ["sim", "--seed", "2", "--churn", "400", "--groups", "8", "--json"], seconds: 300)
        #expect(outcome.status == 0, "\(outcome.output)")
        let report = try #require(outcome.objects.first)
        #expect(report["viewChanges"] as? Int ?? 0 >= 400)
        #expect(report["compared"] as? Int ?? 0 > 100)
        #expect((report["violations"] as? [Any])?.isEmpty == true)
    }

    @Test func `the same seed gives the same world`() {
        var first = ChurnWorld(seed: 3, nodes: 4, groups: 6)
        var second = ChurnWorld(seed: 3, nodes: 4, groups: 6)
        first.run(viewChanges: 60)
        second.run(viewChanges: 60)
        #expect(first.viewChanges == second.viewChanges && first.delivered == second.delivered)
        #expect(first.lightweightViews == second.lightweightViews && first.compared == second.compared)
    }
}
