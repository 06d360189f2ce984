import Testing

@testable import LightweightGroups

@Suite("Configuration")
struct ConfigurationTests {
    private func resolve(
        _ text: String?, environment: [String: String] = [:], flags: [SettingFlag] = []
    ) throws -> ResolvedConfiguration {
        try ResolvedConfiguration(fileName: "lwg.yaml", text: text, environment: environment, flags: flags)
    }

    private func problems(
        _ text: String?, environment: [String: String] = [:], flags: [SettingFlag] = []
    ) -> [String] {
        do {
            _ = try resolve(text, environment: environment, flags: flags)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `without any source every key has its default`() throws {
        let resolved = try resolve(nil)
        #expect(resolved.values.allSatisfy { $0.source == nil && $0.value == $0.key.default })
        #expect(resolved.settings.failureTimeout == NodeSettings(name: "x").failureTimeout)
    }

    @Test func `every default is within its own range`() {
        for key in SettingTable.keys {
            switch key.default {
            case .list: continue
            default:
                #expect(
                    key.kind.value(of: ["\(key.default)".replacing("\"\"", with: "")]) == key.default, "\(key.path)")
            }
        }
    }

    @Test func `a file sets durations, sizes, numbers, flags and lists`() throws {
        let settings = try resolve(
            """
            node:
              name: n1
            transport:
              windowBytes: 1 MiB
              windowPackets: 128
              segmentation: no
            failureDetector:
              interval: 20ms
              timeout: 0.5s
            membership:
              peers: ["127.0.0.1:7401", "[::1]:7402"]
            mapping:
              pins:
                - prices/*=fast
                - "a=b=slow"
            """
        ).settings
        #expect(settings.name == "n1")
        #expect(settings.windowBytes == 1 << 20)
        #expect(settings.windowPackets == 128)
        #expect(settings.segmentation == false)
        #expect(settings.heartbeatInterval == .milliseconds(20))
        #expect(settings.failureTimeout == .milliseconds(500))
        #expect(settings.peers == ["127.0.0.1:7401", "[::1]:7402"])
        #expect(
            settings.pins == [
                MappingPin(pattern: "prices/*", group: "fast"), MappingPin(pattern: "a=b", group: "slow"),
            ])
    }

    @Test func `flags override variables and variables override the file`() throws {
        let file = "node:\n  name: fromFile\n  cluster: fromFile\nlog:\n  level: error\n"
        let resolved = try resolve(
            file, environment: ["LWG_NODE_NAME": "fromVariable", "LWG_NODE_CLUSTER": "fromVariable"],
            flags: [SettingFlag(flag: "--name", path: "node.name", texts: ["fromFlag"])])
        #expect(resolved.settings.name == "fromFlag")
        #expect(resolved.settings.cluster == "fromVariable")
        #expect(resolved.settings.logLevel == .error)
        let sources = Dictionary(uniqueKeysWithValues: resolved.values.map { ($0.key.path, $0.source) })
        #expect(sources["node.name"] == "--name")
        #expect(sources["node.cluster"] == "LWG_NODE_CLUSTER")
        #expect(sources["log.level"] == "lwg.yaml:5")
    }

    @Test func `a variable's list is separated by commas`() throws {
        let environment = ["LWG_MEMBERSHIP_PEERS": "127.0.0.1:1, 127.0.0.1:2", "LWG_FAILURE_DETECTOR_TIMEOUT": "3s"]
        let settings = try resolve(nil, environment: environment).settings
        #expect(settings.peers == ["127.0.0.1:1", "127.0.0.1:2"])
        #expect(settings.failureTimeout == .seconds(3))
    }

    @Test func `an unknown key names its line and the nearest known one`() {
        #expect(
            problems("node:\n  name: n1\nmapping:\n  polcy: static\n") == [
                "lwg.yaml:4: mapping.polcy: unknown key; did you mean mapping.policy?"
            ])
        #expect(problems("zzz: 1\n") == ["lwg.yaml:1: zzz: unknown key"])
        #expect(
            problems(nil, environment: ["LWG_LOG_LEVL": "info"]) == [
                "LWG_LOG_LEVL: unknown variable; did you mean LWG_LOG_LEVEL?"
            ])
        #expect(problems(nil, environment: ["LWG_UNRELATED": "1"]).isEmpty)
    }

    @Test func `all mistakes of all sources are told at once`() {
        let found = problems(
            """
            node:
              name: "two words"
            transport:
              listen: 0.0.0.0:7400
              packetBytes: 64 MiB
            failureDetector: 5
            mapping:
              pins: "a=b"
            """, environment: ["LWG_LOG_LEVEL": "loud"],
            flags: [SettingFlag(flag: "--peer", path: "membership.peers", texts: ["nowhere"])])
        let starts = [
            "LWG_LOG_LEVEL: log.level: ‘loud’", "--peer: membership.peers: ‘nowhere’",
            "lwg.yaml:2: node.name: ‘two words’",
            "lwg.yaml:4: transport.listen: 0.0.0.0 is not a loopback", "lwg.yaml:5: transport.packetBytes: ‘64 MiB’",
            "lwg.yaml:6: failureDetector: is a section", "lwg.yaml:8: mapping.pins: expected a list",
        ]
        for start in starts { #expect(found.contains { $0.hasPrefix(start) }, "\(start) in \(found)") }
        #expect(found.count == starts.count)
    }

    @Test func `a value that a flag overrides is judged all the same`() {
        let flag = SettingFlag(flag: "--name", path: "node.name", texts: ["good"])
        #expect(problems("node:\n  name: ''\n", flags: [flag]).count == 1)
    }

    @Test func `an address that is not loopback needs insecure`() throws {
        #expect(problems("transport:\n  listen: 192.0.2.1:7400\n").count == 1)
        #expect(problems("transport:\n  listen: 192.0.2.1:7400\n  insecure: true\n").isEmpty)
        for loopback in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:7400", "localhost:7400"] {
            #expect(problems("transport:\n  listen: '\(loopback)'\n").isEmpty, "\(loopback)")
        }
        #expect(problems("transport:\n  listen: 127.example.org:1\n").count == 1)
    }

    @Test func `keys that contradict one another are refused`() {
        #expect(problems("failureDetector:\n  interval: 1s\n  timeout: 1s\n").count == 1)
        #expect(problems("transport:\n  windowBytes: 16KiB\n").count == 1)
    }

    @Test func `text that is not YAML is an error with its line`() {
        #expect(problems("node:\n  name: [1\n")[0].hasPrefix("lwg.yaml:"))
        #expect(problems("- 1\n- 2\n") == ["lwg.yaml:1: the file must be a mapping of sections"])
        #expect(problems("node:\n  name: a\n  name: b\n")[0].contains("given twice"))
        #expect(problems("").isEmpty)
        #expect(problems("node:\n").isEmpty)
    }

    @Test func `references are refused with their line, however much they stand for`() {
        let refused =
            "a reference (‘*’ and a name): write out what it stands for; a text that begins with ‘*’ needs quotes"
        /// Each level stands ten times for the one before.
        func nested(_ levels: Int, _ level: (Int, String) -> String) -> String {
            (1...levels).reduce("x0: &a0 {k: v}\n") { text, number in
                text + level(number, (0..<10).map { "k\($0): *a\(number - 1)" }.joined(separator: ", "))
            }
        }
        #expect(problems(nested(30) { "x\($0): &a\($0) {\($1)}\n" }) == ["lwg.yaml:2: \(refused)"])
        // The parser itself compares keys, with all that is in them.
        #expect(problems(nested(30) { "? &a\($0) {\($1)}\n: v\n" }) == ["lwg.yaml:2: \(refused)"])
        #expect(problems("node:\n  name: &n n1\n  cluster: *n\n") == ["lwg.yaml:3: \(refused)"])
        #expect(problems("node:\n  name: *n\n") == ["lwg.yaml:2: \(refused)"])
        #expect(problems("mapping:\n  pins:\n    - *=x\n").count == 1)
    }

    @Test func `texts with the signs of references in them are texts`() throws {
        let resolved = try resolve(
            """
            # this & *that
            node:
              name: &n n1
              cluster: "R&D *x"
            mapping:
              pins: ["*=x", 'a&b*=y', a/*=z]
            """)
        #expect(resolved.settings.name == "n1" && resolved.settings.cluster == "R&D *x")
        #expect(resolved.settings.pins.map(\.pattern) == ["*", "a&b*", "a/*"])
        #expect(problems("a&b: 1\na&b: '*'\n")[0].contains("given twice in one section: a&b"))
    }

    @Test func `keys below keys are not followed`() {
        #expect(
            problems("node:\n  name: {a: {b: {c: d}}}\n  x: {y: z}\n").map { $0.prefix(26) } == [
                "lwg.yaml:2: node.name: exp", "lwg.yaml:3: node.x: unknow",
            ])
    }

    @Test func `quantities need a known unit and must not overflow`() {
        #expect(SettingKind.quantity("64KiB", units: ["KiB": 1024]) == 65_536)
        #expect(SettingKind.quantity("1.5 KiB", units: ["KiB": 1024]) == 1_536)
        #expect(SettingKind.quantity("9223372036854775807KiB", units: ["KiB": 1024]) == nil)
        #expect(SettingKind.quantity("99999999999999999999KiB", units: ["KiB": 1024]) == nil)
        #expect(SettingKind.quantity("-1KiB", units: ["KiB": 1024]) == nil)
        #expect(SettingKind.quantity("KiB", units: ["KiB": 1024]) == nil)
        #expect(SettingKind.quantity("5", units: ["ms": 1]) == nil)
    }

    @Test func `the nearest name is found by edits and not forced`() {
        #expect(NearestName.distance(Array("kitten"), Array("sitting")) == 3)
        #expect(NearestName.of("mapping.pin", in: ["mapping.policy", "mapping.pins"]) == "mapping.pins")
        #expect(NearestName.of("x", in: ["mapping.policy"]) == nil)
    }

    @Test func `a hold deadline over half of the flush time-out is refused with the reason`() throws {
        let told = problems("flush:\n  holdDeadline: 6s\n")
        #expect(told.count == 1 && told[0].contains("flush.holdDeadline") && told[0].contains("flush.timeout"))
        let settings = try resolve("flush:\n  holdDeadline: 6s\n  timeout: 20s\n").settings
        #expect(settings.holdDeadline == .seconds(6) && settings.flushTimeout == .seconds(20))
    }

    @Test func `the mode primary needs a state directory and initial nodes, and takes pins to some groups`() throws {
        let lines = "node:\n  stateDirectory: /var/lib/lwg\nmembership:\n  partition: primary\n  initial: [a, b, c]\n"
        #expect(try resolve(lines).settings.partition == .primary)
        #expect(try resolve(lines + "mapping:\n  pins: [\"a*=x\"]\n").settings.pins.count == 1)
        let told = problems("membership:\n  partition: primary\nmapping:\n  policy: perGroup\n")
        for key in ["node.stateDirectory", "membership.initial", "mapping.policy"] {
            #expect(told.contains { $0.contains(key) }, "\(told)")
        }
        #expect(told.count == 3)
        let pins = (0..<256).map { "\"a\($0)=x\($0)\"" }
        #expect(problems(lines + "mapping:\n  pins: [\(pins.joined(separator: ", "))]\n").count == 1)
        #expect(problems(lines + "mapping:\n  pins: [\(pins.dropLast().joined(separator: ", "))]\n").isEmpty)
        #expect(problems("membership:\n  partition: some\n").count == 1)
        // An answer may wait for two writes to a slow disk.
        let hasty = problems(lines + "flush:\n  holdDeadline: 100ms\n  timeout: 900ms\n")
        #expect(hasty.count == 1 && hasty[0].contains("flush.timeout") && hasty[0].contains("1s"))
        #expect(problems(lines + "flush:\n  holdDeadline: 100ms\n  timeout: 1s\n").isEmpty)
    }

    @Test func `the policy for slow consumers goes by the first pattern that matches`() throws {
        let settings = try resolve(
            "limits:\n  slowConsumer: evict\n  slowConsumerPatterns: [\"doc/*=block\", \"a=b=evict\"]\n  slowConsumerGrace: 0ms\n"
        ).settings
        #expect(settings.slowConsumerPolicy(of: "doc/7") == .block)
        #expect(settings.slowConsumerPolicy(of: "a=b") == .evict)
        #expect(settings.slowConsumerPolicy(of: "else") == .evict)
        #expect(settings.slowConsumerGrace == .zero)
        #expect(problems("limits:\n  slowConsumerPatterns: [\"a=drop\"]\n").count == 1)
    }

    @Test func `a value's text means the same value in a file`() throws {
        #expect(SettingValue.duration(.zero).description == "0ms")
        #expect(SettingValue.duration(.microseconds(1_500)).description == "1500us")
        for text in ["yes: #1", "- a", "say \"so\" \\ there", "a:", "[x]", "plain-1.2:30/x"] {
            #expect(try resolve("node:\n  cluster: \(SettingValue.text(text))\n").settings.cluster == text)
        }
    }
}
