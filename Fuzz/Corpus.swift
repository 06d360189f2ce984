import Foundation
import GroupModel
import GroupSimulator
import GroupWire

@testable import LWGProtocol
@testable import LightweightGroups

/// Where the fuzzers begin: real frames, real traces, the configuration's own defaults.
enum Corpus {
    static func write(to directory: String) {
        for target in Target.allCases {
            let path = directory + "/" + target.rawValue
            try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (index, bytes) in seeds(target).enumerated() {
                try? Data(bytes).write(to: URL(fileURLWithPath: "\(path)/seed-\(index)"))
            }
        }
    }

    private static func seeds(_ target: Target) -> [[UInt8]] {
        switch target {
        case .frames: NodeTarget.frames.filter { $0.count < 4_096 }
        case .control: control
        case .node, .primary: scripts
        case .record: RecordTarget.seeds
        case .liveness: liveness
        case .trace: traces
        case .configuration: configurations
        case .shell:
            ShellRequest.usage.map { Array($0.utf8) }
                + ["send --order total g hello", "burst g 10 10 safe", "join a b c", "# nothing"].map { Array($0.utf8) }
        case .metrics: metrics
        }
    }

    private static var control: [[UInt8]] {
        let view = Decoders.controlView
        let name = ShortName("a")!
        let member = SideEntry.Member(endpoint: EndpointID(member: view.members[1], name: name), rank: 1, origin: 0)
        let messages: [ControlMessage] = [
            .record([.join(endpoint: name, name: "g"), .leave(endpoint: name, LWGID(name: "h"))]),
            .flushOK([.init(first: 0, length: 3, count: 2), .init(first: 7, length: 1, count: 9)]),
            .table(
                TablePart(
                    isLast: true, covers: [1, 2],
                    entries: [
                        SideEntry(
                            id: LWGID(raw: 0), name: "g", origins: [.init(view: view.id, size: 2, isPrimary: true)],
                            members: [member])
                    ])),
        ]
        return messages.map { $0.encoded(for: view.id) }
    }

    /// Scripts of random choices: each byte means something.
    private static var scripts: [[UInt8]] {
        var random = SeededGenerator(seed: 1)
        return (0..<64).map { _ in (0..<(32 + random.below(400))).map { _ in UInt8(random.below(256)) } }
    }

    private static var liveness: [[UInt8]] {
        let card = NodeCard(
            name: "a", member: MemberID(node: NodeID(name: "a"), incarnation: 3),
            address: NodeAddress(high: 0, low: 1, port: 7_000))
        let me = LivenessFrame.Introduction(card: card, life: 9)
        let frames: [LivenessFrame] = [
            .hello(.init(cluster: "c", introduction: me, known: [me])), .introduction(me), .refusal(.tooMany),
            .refusal(.cluster("other")), .refusal(.incarnation(known: 4)), .refusal(.wireVersion(2)),
        ]
        let plain = frames.map { $0.encoded() }
        let framed = plain.map { frame in withUnsafeBytes(of: UInt32(frame.count).littleEndian) { Array($0) } + frame }
        return plain + framed + [framed.flatMap { $0 }]
    }

    private static var traces: [[UInt8]] {
        var options = SimulationOptions(nodes: 3, groups: 2, seconds: 1)
        options.keepsTranscript = false
        let trace = Simulation.run(seed: 1, options: options).trace
        let lines = trace.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        return stride(from: 0, to: lines.count, by: max(lines.count / 40, 1)).map { start in
            Array(lines[start..<min(start + 12, lines.count)].joined(separator: [UInt8(ascii: "\n")]))
        }
    }

    private static var configurations: [[UInt8]] {
        [
            "node:\n  name: a\ntransport:\n  listen: 127.0.0.1:7401\n", "mapping:\n  pins: [\"prices/*=fast\"]\n",
            "membership:\n  peers: [127.0.0.1:7402, 127.0.0.1:7403]\n  initial: [a, b, c]\n",
            "failureDetector:\n  timeout: 1s\n  heartbeat: 100ms\nlimits:\n  slowConsumer: evict\n",
            "log:\n  level: debug\nmetrics:\n  listen: 9464\n  interval: 1s\n", "a: &x [1, *x]\n",
        ].map { Array($0.utf8) }
    }

    private static var metrics: [[UInt8]] {
        [
            "# HELP x y\nlwg_info{node=\"a\",member=\"a.1\",cluster=\"c\"} 1\nlwg_ready 1\nlwg_messages_sent_total 5\n",
            "lwg_info{node=\"a\\\"b\"} 1\nlwg_hwg_flush_seconds_count 2\nlwg_hwg_flush_seconds_sum NaN\n",
        ].map { Array($0.utf8) }
    }
}
