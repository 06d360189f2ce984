import LightweightGroups
import Testing

@testable import lwg

@Suite("What a benchmark reports")
struct BenchReportTests {
    private var parameters: BenchParameters {
        BenchParameters(
            kind: .recovery, nodes: 4, groups: 10, idleGroups: 0, mode: .lwg, size: 64, senders: 1, order: .fifo,
            rate: 0,
            seconds: 3, cold: false, config: nil, trace: nil)
    }

    @Test func `the median is taken key by key, of the runs that have a value`() {
        let runs: [Measured] = [
            ["ms": .number(3), "inner": ["p50us": .number(1)], "detectMs": .number(nil)],
            ["ms": .number(1), "inner": ["p50us": .number(5)], "detectMs": .number(7)],
            ["ms": .number(2), "inner": ["p50us": .number(3)], "detectMs": .number(nil)],
        ]
        #expect(
            Measured.median(runs)
                == ["ms": .number(2), "inner": ["p50us": .number(3)], "detectMs": .number(7)] as Measured)
        #expect(Measured.median([]) == Measured.keys([]))
    }

    @Test func `the object has the parameters, the runs, their median and what others used`() {
        var report = BenchReport(parameters: parameters)
        report.add(BenchOutcome(measured: ["ms": .number(2)], stoppedEarly: nil, foreignCpu: 10))
        report.add(BenchOutcome(measured: ["ms": .number(4)], stoppedEarly: nil, foreignCpu: 30))
        #expect(
            report.json.line
                == #"{"kind":"recovery","mode":"lwg","nodes":4,"groups":10,"idleGroups":0,"size":64,"senders":1,"#
                + #""order":"fifo","rate":0,"seconds":3,"cold":false,"config":null,"runs":[{"ms":2},{"ms":4}],"#
                + #""median":{"ms":3},"foreignCpu":20}"#)
    }

    @Test func `a run that stopped early says how far it came and why`() {
        var report = BenchReport(parameters: parameters)
        let stopped = StoppedEarly(groupsReached: 7, reason: "recovery was not complete after 120.0 s")
        report.add(BenchOutcome(measured: nil, stoppedEarly: stopped, foreignCpu: 0))
        #expect(report.json.line.hasSuffix(#""groupsReached":7,"reason":"recovery was not complete after 120.0 s"}"#))
        #expect(report.text.contains("stopped early at 7 groups"))
    }

    @Test func `a bar is full at the end and empty at the start`() {
        #expect(ProgressBar.bar(0, of: 4) == "[" + String(repeating: ".", count: 30) + "]")
        #expect(ProgressBar.bar(4, of: 4) == "[" + String(repeating: "#", count: 30) + "]")
        #expect(ProgressBar.bar(9, of: 4) == ProgressBar.bar(4, of: 4))
        #expect(ProgressBar.bar(0, of: 0) == ProgressBar.bar(4, of: 4))
    }

    @Test func `seeds are given as two numbers with two dots`() {
        #expect((try? SeedRange(parsing: "3..5"))?.range == 3...5)
        #expect((try? SeedRange(parsing: "3..3"))?.range == 3...3)
        for wrong in ["", "3", "3...5", "5..3", "3..", "..3", "a..b", "0..9223372036854775807"] {
            #expect((try? SeedRange(parsing: wrong)) == nil, "\(wrong)")
        }
    }
}

@Suite("What a node process counts")
struct TallyTests {
    private func endpoint(_ node: String) -> EndpointID {
        EndpointID(
            member: MemberID(node: NodeID(name: node), incarnation: 1), name: ShortName("0")!)
    }

    private func view(_ epoch: UInt64, _ nodes: [String]) -> GroupView {
        let members = nodes.map(endpoint)
        let id = ViewID(epoch: epoch, coordinator: members[0].member)
        return GroupView(
            change: ViewChange(
                view: View(id: id, members: members), previous: nil, joined: [], left: [], transitional: [],
                subViews: [],
                primary: true), hwg: HWGID(named: ShortName("main")!), hwgView: id)
    }

    private var tally: Tally {
        var tally = Tally()
        for (number, name) in ["a", "b", "c"].enumerated() { tally.nodeNumbers[NodeID(name: name)] = number }
        tally.table = Tally.Table(
            names: ["g", "h"], members: [NodeSet([0, 1]), NodeSet([0, 1, 2])], numbers: ["g": 0, "h": 1])
        tally.places = [Tally.Place(), Tally.Place()]
        return tally
    }

    @Test func `an expectation is met when each joined group has its members among the living`() {
        var tally = tally
        for group in [0, 1] { tally.joining(group, at: 1) }
        tally.expect(.members(alive: NodeSet([0, 1]), missing: 0), at: 2)
        #expect(tally.standing() == (0, 2))
        tally.view(view(1, ["a", "b"]), of: "g", seat: 0, at: 10)
        tally.view(view(1, ["a"]), of: "h", seat: 1, at: 11)
        #expect(tally.standing() == (1, 2))
        tally.view(view(2, ["b", "a"]), of: "h", seat: 1, at: 12)
        #expect(tally.standing() == (2, 2))
        #expect(tally.expectedAt == 12)
        tally.view(view(3, ["a", "b", "c"]), of: "h", seat: 1, at: 13)
        #expect(tally.standing() == (1, 2))
    }

    @Test func `views that came before they were expected count at their own time`() {
        var tally = tally
        tally.joining(0, at: 1)
        tally.view(view(1, ["a", "b"]), of: "g", seat: 0, at: 10)
        tally.expect(.members(alive: NodeSet([0, 1, 2]), missing: 0), at: 20)
        #expect(tally.expectedAt == 10)
    }

    @Test func `a digest ends with its view`() {
        var tally = tally
        tally.keepsDigests = true
        tally.joining(0, at: 1)
        tally.view(view(1, ["a", "b"]), of: "g", seat: 0, at: 10)
        tally.view(view(2, ["a"]), of: "g", seat: 0, at: 11)
        #expect(tally.finished.map(\.view.epoch) == [1])
        #expect(tally.finished.map(\.next.epoch) == [2])
        tally.left("g", seat: 0, at: 12)
        #expect(tally.finished.count == 1, "who leaves has no next view")
    }
}
