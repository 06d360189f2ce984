import LightweightGroups
import Testing

@testable import lwg

@Suite("The lines of the shell")
struct ShellRequestTests {
    @Test func `every command has its request`() throws {
        let cases: [(String, ShellRequest)] = [
            ("join a", .join(["a"])), ("join a  b\tc", .join(["a", "b", "c"])), ("leave a", .leave(["a"])),
            ("send a hello  world ", .send(group: "a", text: "hello  world ", order: .fifo)),
            ("send --order total a x", .send(group: "a", text: "x", order: .total)),
            ("send --order safe a", .send(group: "a", text: "", order: .safe)),
            ("sendto n1.1/0 a hi there", .sendTo(member: "n1.1/0", group: "a", text: "hi there")),
            ("burst a 10 64", .burst(group: "a", count: 10, size: 64, order: .fifo)),
            ("burst a 10 64 total", .burst(group: "a", count: 10, size: 64, order: .total)),
            ("flush a", .flush(group: "a")), ("holdok a", .holdOK(group: "a")), ("views", .views), ("map", .map),
            ("switch a fast", .switchMapping(group: "a", hwg: "fast")), ("why a", .why(group: "a")),
            ("stats", .stats), ("help", .help), ("quit", .quit), ("  quit \r", .quit),
        ]
        for (line, request) in cases { #expect(try ShellRequest.parse(line) == request, "\(line)") }
    }

    @Test func `blank lines and comments are no commands`() throws {
        for line in ["", "   ", "\t\r", "# send a b"] { #expect(try ShellRequest.parse(line) == nil) }
    }

    @Test func `a wrong line says what is wrong and how it is used`() {
        let cases: [(String, String, String)] = [
            ("jion a", "jion", "unknown command"), ("join", "join", "NAME is missing; usage: join NAME…"),
            ("send", "send", "NAME is missing"), ("send --order quick a b", "send", "order must be"),
            ("burst a x 64", "burst", "COUNT must be a number"), ("burst a 0 64", "burst", "COUNT must be"),
            ("burst a 1 99999999999", "burst", "SIZE must be"), ("burst a 1 64 fast", "burst", "order must be"),
            ("views now", "views", "unexpected ‘now’"), ("switch a", "switch", "HWG is missing"),
        ]
        for (line, verb, reason) in cases {
            do {
                _ = try ShellRequest.parse(line)
                Issue.record("‘\(line)’ was taken")
            } catch {
                #expect(error.verb == verb)
                #expect(error.reason.contains(reason), "\(error.reason)")
            }
        }
    }
}

@Suite("What the shell prints")
struct ShellEventTests {
    @Test func `events are objects with the keys of the design`() {
        let view = ShellView(
            group: "g", id: "4294967296@n1.1", members: ["n1.1/0", "n2.1/0"], previous: nil, transitional: ["n1.1/0"],
            isPrimary: true, isUnchanged: false, hwg: "main", hwgView: "3@n1.1", joined: ["n2.1/0"], left: [])
        let cases: [(ShellEvent, String)] = [
            (
                .ready(member: "n1.1", pid: 7, listen: "127.0.0.1:9", metrics: nil),
                #"{"ev":"ready","p":"n1.1","pid":7,"listen":"127.0.0.1:9"}"#
            ),
            (
                .view(view),
                #"{"ev":"view","g":"lwg:g","vid":"4294967296@n1.1","members":["n1.1/0","n2.1/0"],"prev":null,"#
                    + #""trans":["n1.1/0"],"primary":true,"unchanged":false,"hwg":"main","hvid":"3@n1.1"}"#
            ),
            (
                .message(group: "g", number: 3, from: "n1.1/0", view: "1@n1.1", order: .total, text: "a\"b\\\n\u{1}é"),
                #"{"ev":"message","g":"lwg:g","m":"n1.1/0#3","from":"n1.1/0","vid":"1@n1.1","order":"total","#
                    + #""text":"a\"b\\\n\u0001é"}"#
            ),
            (.sent(group: "g", message: "n1.1/0#3"), #"{"ev":"sent","g":"lwg:g","m":"n1.1/0#3"}"#),
            (.done(command: "flush", milliseconds: 1.23456), #"{"ev":"done","cmd":"flush","ms":1.235}"#),
            (.hold(group: "g", view: "1@n1.1"), #"{"ev":"hold","g":"lwg:g","vid":"1@n1.1"}"#),
            (.left(group: "g", reason: .requested), #"{"ev":"left","g":"lwg:g","reason":"requested"}"#),
            (
                .error(code: "usage", message: "no", command: "send"),
                #"{"ev":"error","code":"usage","message":"no","cmd":"send"}"#
            ),
            (.map([("g", "main", 1)]), #"{"ev":"map","map":[{"g":"lwg:g","hwg":"main","version":1}]}"#),
            (.stats([("turns", 5)]), #"{"ev":"stats","counters":{"turns":5}}"#),
            (.views([]), #"{"ev":"views","views":[]}"#),
        ]
        for (event, line) in cases { #expect(event.json.line == line) }
    }

    @Test func `control characters of others do not reach a terminal`() {
        let wild = "a\u{1B}]0;T\u{7}\u{7F}\u{9B}\n\tb é"
        let tame = #"a\x1B]0;T\x07\x7F\x9B\x0A\x09b é"#
        let view = ShellView(
            group: wild, id: "1@a.1", members: [], previous: nil, transitional: [], isPrimary: true, isUnchanged: false,
            hwg: "main", hwgView: "1@a.1", joined: [], left: [])
        let events: [ShellEvent] = [
            .message(group: wild, number: 1, from: "a.1/0", view: "1@a.1", order: .fifo, text: wild), .view(view),
            .views([view]), .sent(group: wild, message: "a.1/0#1"), .hold(group: wild, view: "1@a.1"),
            .left(group: wild, reason: .slow), .error(code: "usage", message: wild, command: wild),
            .map([(wild, "main", 1)]), .why(group: wild, hwg: "main", planned: "main", rule: wild),
        ]
        for event in events {
            #expect(event.text.contains(tame), "\(event.text)")
            #expect(!event.text.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
        #expect("a\u{1B}\nb".printable(lines: true) == "a\\x1B\nb")
    }

    @Test func `an error repeats at most 80 characters of a word`() throws {
        let long = String(repeating: "x", count: 1_000_000)
        for line in [long, "views \(long)"] {
            do {
                _ = try ShellRequest.parse(line)
                Issue.record("it was taken")
            } catch {
                #expect(error.reason.count < 200 && error.verb.count <= 80)
            }
        }
        #expect(String(repeating: "y", count: 80).shortened.count == 80)
        #expect(String(repeating: "y", count: 81).shortened == String(repeating: "y", count: 79) + "…")
    }

    @Test func `help says what each command does, and hides the one that does nothing yet`() {
        #expect(
            ShellRequest.helpLines.contains(
                "flush NAME                                wait until what was sent is at all members"))
        #expect(!ShellRequest.helpLines.contains { $0.hasPrefix("switch") })
        #expect(ShellRequest.helpLines.allSatisfy { $0.count <= 100 && $0.split(separator: "  ").count == 2 })
    }

    @Test func `numbers have at most three decimals and no exponent`() {
        #expect(JSON.number(0.1 + 0.2).line == "0.3")
        #expect(JSON.number(12_345_678).line == "12345678")
        #expect(JSON.number(.infinity).line == "null")
        #expect(JSON.number(-0.0004).line == "0")
    }

    @Test func `a pattern matches whole names`() {
        #expect(MappingPin(pattern: "prices/*", group: "x").matches("prices/ACME"))
        #expect(MappingPin(pattern: "a?c", group: "x").matches("abc"))
        #expect(MappingPin(pattern: "*X*c", group: "x").matches("aXbXc"))
        #expect(MappingPin(pattern: "*", group: "x").matches(""))
        #expect(!MappingPin(pattern: "a?c", group: "x").matches("abcd"))
        #expect(!MappingPin(pattern: "prices/*", group: "x").matches("prices"))
        #expect(!MappingPin(pattern: "?", group: "x").matches(""))
    }
}
