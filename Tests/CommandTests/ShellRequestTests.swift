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
