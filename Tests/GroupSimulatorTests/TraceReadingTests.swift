import Foundation
import GroupCore
import GroupModel
import GroupSimulator
import Testing

/// Lines to events: what is passed over, what is wrong, and that the encoder's lines are read.
@Suite struct TraceReadingTests {
    private func report(_ lines: String) -> TraceCheck.Report {
        var check = TraceCheck()
        var lines = lines
        lines.withUTF8 { check.add(UnsafeRawBufferPointer($0), named: "t") }
        return check.report()
    }

    /// Found by a fuzzer: F3 looked for the heavyweight view of a line that names none.
    @Test func `a view line that names no carrier, or a view that comes from itself, is judged and ends nothing`() {
        func view(_ group: String, _ process: String, _ id: Int, _ previous: String, _ more: String) -> String {
            #"{"ev":"view","p":"\#(process)","g":"\#(group)","vid":"\#(id)@a.1","members":["\#(process)"],"#
                + #""trans":["\#(process)"],"primary":true,"unchanged":false,"prev":\#(previous)\#(more)}"# + "\n"
        }
        let on = #","hwg":"h","hvid":"5@a.1""#
        for heavy in ["null", #""5@a.1""#, #""6@a.1""#] {
            let result = report(
                view("hwg:h", "a.1", 5, heavy, "") + view("lwg:g", "a.1/0", 1, "null", "")
                    + view("lwg:g", "a.1/0", 2, #""1@a.1""#, on)
                    + #"{"ev":"hold","p":"a.1/0","g":"lwg:g","vid":"2@a.1"}"# + "\n"
                    + view("lwg:g", "a.1/0", 3, #""2@a.1""#, on))
            #expect(result.events == 5)
        }
    }

    @Test func `unknown fields of any shape are passed over, white space too`() {
        let result = report(
            #" { "ev" : "start" , "x" : {"y":[1,{"z":null}]}, "t" : -1.5e3, "p" : "a.1", "w":"\"}" } "# + "\r\n\n")
        #expect(result.ok)
        #expect(result.events == 1)
    }

    @Test(arguments: [
        "nonsense", "[]", "{}", "{\"ev\":\"start\"", "{\"ev\":\"dance\",\"p\":\"a.1\"}",
        "{\"ev\":\"start\",\"p\":\"a\"}",
        "{\"ev\":\"start\",\"p\":\"a.1\"} x", "{\"ev\":\"join\",\"p\":\"a.1\",\"g\":\"other\"}",
        "{\"ev\":\"hold\",\"p\":\"a.1\",\"g\":\"hwg:h\",\"vid\":\"99999999999999999999@a.1\"}",
        "{\"ev\":\"view\",\"p\":\"a.1\",\"g\":\"hwg:h\",\"vid\":\"1@a.1\",\"members\":[1],\"prev\":null,\"trans\":[]}",
        "{\"ev\":\"send\",\"p\":\"a.1\",\"g\":\"hwg:h\",\"vid\":\"1@a.1\",\"m\":\"a.1#x\",\"order\":\"fifo\"}",
        "{\"ev\":\"send\",\"p\":\"a.1\",\"g\":\"hwg:h\",\"vid\":\"1@a.1\",\"m\":\"a.1#1\",\"order\":\"fast\"}",
    ])
    func `a wrong line is reported with its place`(_ line: String) throws {
        let result = report("{\"ev\":\"start\",\"p\":\"a.1\"}\n\(line)\n")
        #expect(result.events == 1)
        let violation = try #require(result.violations.first)
        #expect(violation.property == "trace")
        #expect(violation.line == 2)
        #expect(violation.why.hasPrefix("t:2: "))
    }

    @Test func `the cut last line of a killed process is no error, and a whole one without line feed counts`() {
        #expect(report("{\"ev\":\"start\",\"p\":\"a.1\"}\n{\"ev\":\"joi").ok)
        #expect(report("{\"ev\":\"start\",\"p\":\"a.1\"}\n{\"ev\":\"stop\",\"p\":\"a.1\"}").events == 2)
    }

    @Test func `escaped and plain names of groups are the same`() {
        let result = report(
            """
            {"ev":"view","p":"a.1/0","g":"lwg:\\u00e9\\ud83d\\ude42\\n","vid":"1@a.1","members":["a.1/0"],"prev":null,"trans":[]}
            {"ev":"send","p":"a.1/0","g":"lwg:é🙂\\n","vid":"1@a.1","m":"a.1/0#1","order":"fifo"}

            """)
        #expect(result.ok, "\(result.violations)")
        #expect(result.events == 2)
    }

    @Test func `lines of the encoder are read back`() {
        let me = MemberID(node: NodeID(name: "n-1"), incarnation: 3)
        let seat = TraceMember.endpoint(EndpointID(member: me, name: ShortName("0")!))
        let group = TraceGroup.lwg("a \"quoted\"\\name")
        let view = ViewID(epoch: 1, coordinator: me)
        let pool = HWGID(named: ShortName("pool")!)
        let hwg = TraceView(
            id: view, members: [.node(me)], previous: nil, transitional: [.node(me)], primary: true, unchanged: false,
            carrier: nil, carrierView: nil)
        let lwg = TraceView(
            id: view, members: [seat], previous: nil, transitional: [seat], primary: true, unchanged: false,
            carrier: pool, carrierView: view)
        let message = MessageName(sender: seat, number: 1)
        let events: [(TraceMember, TraceRecord.Event)] = [
            (.node(me), .start), (.node(me), .view(.hwg(pool), hwg)), (seat, .join(group)),
            (seat, .map(group, pool, version: 1)), (seat, .view(group, lwg)),
            (seat, .send(group, message, view, .safe, to: nil)),
            (seat, .deliver(group, message, view, .safe, trans: false, to: nil)),
            (seat, .stable(group, message, k: 1)), (seat, .flush(group)),
            (seat, .switched(group, from: pool, to: pool)),
            (seat, .hold(group, view)), (seat, .holdOK(group, view)), (.node(me), .quiet), (.node(me), .stop),
        ]
        for isNamed in [true, false] {
            var encoder = TraceEncoder()
            if isNamed {
                encoder.learn(NodeCard(name: "n-1", member: me, address: NodeAddress(high: 0, low: 0, port: 0)))
            }
            for (member, event) in events { encoder.append(TraceRecord(time: .zero, member: member, event: event)) }
            var check = TraceCheck()
            encoder.bytes.withUnsafeBytes { check.add($0, named: "t") }
            #expect(check.report().ok, "\(check.report().violations)")
            #expect(check.report().events == events.count)
        }
    }

    @Test func `a process's lines may come in several files, and a missing file is an error that names it`() throws {
        let directory = FileManager.default.temporaryDirectory.path
        let files = ["one", "two"].map { "\(directory)/check-\(ProcessInfo.processInfo.processIdentifier)-\($0)" }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        let first = CompactHistory.json("a view 1@a a,b - -\na send #1 1@a fifo\n")
        let second = CompactHistory.json("b view 1@a a,b - -\nb deliver a#1 1@a fifo\n")
        try first.write(toFile: files[0], atomically: false, encoding: .utf8)
        try second.write(toFile: files[1], atomically: false, encoding: .utf8)
        #expect(try TraceCheck.run(files: files).ok)
        let alone = try TraceCheck.run(files: [files[1]])
        #expect(alone.violations.map(\.property) == ["D1"])
        #expect(alone.violations.first?.line == 2)
        #expect(alone.violations.first?.file == files[1])
        #expect(throws: TraceCheck.Failure.self) { try TraceCheck.run(files: [directory + "/not there"]) }
        let json = try JSONEncoder().encode(alone)
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(object["ok"] as? Bool == false)
        #expect(object["events"] as? Int == 2)
        let violation = try #require((object["violations"] as? [[String: Any]])?.first)
        #expect(violation["property"] as? String == "D1")
        #expect(violation["g"] as? String == "hwg:h")
        #expect(violation["p"] as? String == "b.1")
        #expect(violation["line"] as? Int == 2)
    }

    @Test func `a thousand violations of one property are counted and twenty described`() {
        let sends = (1...1_000).map { "a deliver b#\($0) 1@a fifo\n" }.joined()
        let result = CompactHistory.report("a view 1@a a,b - -\n" + sends)
        #expect(result.violationCount == 1_000)
        #expect(result.violations.count == 20)
    }
}
