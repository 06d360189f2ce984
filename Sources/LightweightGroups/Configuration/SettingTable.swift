import Foundation
import GroupModel
import Logging

/// Every key of the configuration, in the order in which `lwg config defaults` prints them.
public enum SettingTable {
    /// By section.
    public static let keys: [SettingKey] =
        node + transport + failureDetector + membership + flush + mapping + limits + log + metrics

    /// What the names of variables begin with.
    public static let environmentPrefix = "LWG_"

    /// The key with this full name, `section.key`; nil when there is none.
    public static func key(named path: String) -> SettingKey? { index[path].map { keys[$0] } }

    static let sections: [String] = keys.reduce(into: []) { if $0.last != $1.section { $0.append($1.section) } }

    private static let index = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1.path, $0) })

    /// The machine's name as a node may have it, which is a node's name where nothing else is said.
    static let hostName: String = {
        let label = ProcessInfo.processInfo.hostName.prefix { $0 != "." }
        let allowed = label.filter { SettingForm.isNodeName(String($0)) }.prefix(Limits.nodeNameBytes)
        return allowed.isEmpty ? "node" : String(allowed)
    }()

    private static let node: [SettingKey] = [
        .text(
            "node.name", \.name, form: "1 to 63 of [A-Za-z0-9_-]",
            "The node's name, unique in the cluster. Its identity is the name's hash. By default the machine's name.",
            check: SettingForm.isNodeName),
        .text(
            "node.cluster", \.cluster, form: "1 to 255 bytes", "Nodes of different clusters refuse one another.",
            check: { (1...255).contains($0.utf8.count) }),
        .optionalText(
            "node.stateDirectory", \.stateDirectory, form: "a directory, or empty",
            "Where the incarnation counter is kept, and the record of membership.partition: primary. Without one the "
                + "incarnation comes from the clock."),
    ]

    private static let transport: [SettingKey] = [
        .text(
            "transport.listen", \.listen, form: "HOST:PORT or [IPV6]:PORT",
            "The address of datagrams and liveness connections. Port 0 takes a free one. An address that is not "
                + "loopback needs transport.insecure.", check: SettingForm.isListenAddress),
        .flag(
            "transport.insecure", \.insecure,
            "Allows a listen address that is not loopback: packets are not authenticated yet, so that everybody who "
                + "reaches the port can disturb the groups."),
        .size(
            "transport.packetBytes", \.packetBytes, in: 1_200...Limits.packetBytes,
            "The largest datagram. Seven of the largest leave in one system call."),
        .number(
            "transport.windowPackets", \.windowPackets, in: 4...Limits.windowPackets,
            "Packets of this node in one view that some member has not acknowledged."),
        .size(
            "transport.windowBytes", \.windowBytes, in: (16 << 10)...(256 << 20),
            "Bytes of this node in one view that some member has not acknowledged."),
        .size(
            "transport.receiveBuffer", \.receiveBufferBytes, in: (64 << 10)...(256 << 20),
            "Asked of the kernel for received datagrams; it grants at most net.core.rmem_max."),
        .size(
            "transport.sendBuffer", \.sendBufferBytes, in: (64 << 10)...(256 << 20),
            "Asked of the kernel for datagrams to send; it grants at most net.core.wmem_max."),
        .flag(
            "transport.segmentation", \.segmentation,
            "Lets the kernel cut one send into many datagrams (GSO) and hand many over at once (GRO)."),
    ]

    private static let failureDetector: [SettingKey] = [
        .duration(
            "failureDetector.interval", \.heartbeatInterval, in: .milliseconds(5)...Duration.seconds(30),
            "How often an idle pair of nodes exchanges a heartbeat; any packet counts as one."
        ).reloadable(),
        .duration(
            "failureDetector.timeout", \.failureTimeout, in: .milliseconds(20)...Duration.seconds(300),
            "Silence after which a node is suspected. A process that ends is noticed at once, without it."
        ).reloadable(),
    ]

    private static let membership: [SettingKey] = [
        .list(
            "membership.peers", \.peers, form: "HOST:PORT",
            "Addresses of any other nodes; the rest is found through them.", check: SettingForm.isPeerAddress),
        .list(
            "membership.initial", \.initialNodes, form: "node names",
            "A majority of these nodes makes the first primary view. Empty: this node and its peers. With "
                + "membership.partition: primary the same on all nodes, for ever.",
            check: SettingForm.isNodeName),
        .choice(
            "membership.partition", PartitionMode.allCases.map(\.rawValue),
            "Which side of a partition goes on. all: all of them, each knowing whether it is primary. primary: the "
                + "primary one, and the others hold their groups; needs node.stateDirectory and membership.initial.",
            read: { $0.partition.rawValue },
            write: { $0.partition = PartitionMode(rawValue: $1) ?? $0.partition }),
        .duration(
            "membership.gather", \.gather, in: .milliseconds(0)...Duration.seconds(10),
            "How long a coordinator collects joins, leaves and suspicions that it then treats as one change."
        ).reloadable(),
        .duration(
            "membership.mergeGather", \.mergeGather, in: .milliseconds(0)...Duration.seconds(10),
            "How long a coordinator waits for more sides before it merges."
        ).reloadable(),
        .duration(
            "membership.joinGather", \.joinGather, in: .milliseconds(0)...Duration.seconds(60),
            "How long a node with peers looks for others in a heavyweight group before it shows the view in which it is "
                + "alone."
        ).reloadable(),
        .duration(
            "membership.announce", \.announceInterval, in: .milliseconds(20)...Duration.seconds(60),
            "How often coordinators tell foreign nodes of their views."
        ).reloadable(),
    ]

    private static let flush: [SettingKey] = [
        .duration(
            "flush.resend", \.resendInterval, in: .milliseconds(5)...Duration.seconds(1),
            "How often an unanswered frame of a flush is sent again."
        ).reloadable(),
        .duration(
            "flush.timeout", \.flushTimeout, in: .milliseconds(200)...Duration.seconds(300),
            "How long a flush may lack the answer of a node that is heard before the node is taken to have failed. Twice the "
                + "longest flush.holdDeadline of the nodes in it, if that is more. With partition: primary at least 1 s."
        ).reloadable(),
        .duration(
            "flush.holdDeadline", \.holdDeadline, in: .milliseconds(50)...Duration.seconds(60),
            "How long an application that answers Holds itself may take before it loses its seat in the group. At most "
                + "half of flush.timeout."
        ).reloadable(),
    ]

    private static let mapping: [SettingKey] = [
        .choice(
            "mapping.policy", ["static", "perGroup"],
            "static: the pins, and mapping.default for the rest. perGroup: every group its own heavyweight group, "
                + "which is what light-weight groups are measured against. All nodes need the same mapping. A new one "
                + "is for groups that are joined from then on; those that a node is in stay where they are.",
            read: { $0.perGroupHWG ? "perGroup" : "static" }, write: { $0.perGroupHWG = $1 == "perGroup" }
        ).reloadable(),
        SettingKey(
            path: "mapping.pins",
            kind: .list(
                form: "PATTERN=HWG, an HWG's name having 1 to 15 of [A-Za-z0-9_.-]",
                check: { SettingForm.pin($0) != nil }),
            text: "Groups whose name matches PATTERN (* any characters, ? one) ride on the heavyweight group HWG. The "
                + "first match wins.",
            read: { .list($0.pins.map { "\($0.pattern)=\($0.group)" }) },
            write: { if case .list(let items) = $1 { $0.pins = items.compactMap(SettingForm.pin) } }
        ).reloadable(),
        .text(
            "mapping.default", \.defaultGroup, form: "1 to 15 of [A-Za-z0-9_.-]",
            "The heavyweight group of names that no pin matches.", check: { ShortName($0) != nil }
        ).reloadable(),
    ]

    private static let limits: [SettingKey] = [
        .number(
            "limits.queueMessages", \.queueMessages, in: 64...(16 << 20),
            "Delivered messages that wait for one consumer before the node stops taking data."),
        .size(
            "limits.queueBytes", \.queueBytes, in: (64 << 10)...(4 << 30),
            "Delivered bytes that wait for one consumer before the node stops taking data."),
        .choice(
            "limits.slowConsumer", SlowConsumerPolicy.allCases.map(\.rawValue),
            "What becomes of a consumer over these bounds. block: its senders wait, and it loses nothing. evict: after "
                + "limits.slowConsumerGrace it loses its seats, and the others go on.",
            read: { $0.slowConsumer.rawValue },
            write: { $0.slowConsumer = SlowConsumerPolicy(rawValue: $1) ?? $0.slowConsumer }
        ).reloadable(),
        SettingKey(
            path: "limits.slowConsumerPatterns",
            kind: .list(form: "PATTERN=block|evict", check: { SettingForm.slowConsumerRule($0) != nil }),
            text: "The same for groups whose name matches PATTERN (* any characters, ? one). The first match wins.",
            read: { .list($0.slowConsumerPatterns.map { "\($0.pattern)=\($0.policy.rawValue)" }) },
            write: {
                if case .list(let items) = $1 {
                    $0.slowConsumerPatterns = items.compactMap(SettingForm.slowConsumerRule)
                }
            }
        ).reloadable(),
        .duration(
            "limits.slowConsumerGrace", \.slowConsumerGrace, in: .milliseconds(0)...Duration.seconds(60),
            "How long a consumer may stay over its bounds before it is evicted; its senders wait as long."
        ).reloadable(),
        .size(
            "limits.sendQueue", \.sendQueueBytes, in: (16 << 10)...(1 << 30),
            "Bytes of one group that wait to be sent before a multicast suspends; all groups together may have 64 times as "
                + "many, at least 64 MiB."),
    ]

    private static let log: [SettingKey] = [
        .choice(
            "log.level", Logger.Level.allCases.map(\.rawValue), "What is logged to standard error: this and worse.",
            read: { $0.logLevel.rawValue }, write: { $0.logLevel = Logger.Level(rawValue: $1) ?? $0.logLevel }
        ).reloadable()
    ]

    private static let metrics: [SettingKey] = [
        SettingKey(
            path: "metrics.listen",
            kind: .text(form: "HOST:PORT, PORT of 127.0.0.1, or empty", check: SettingForm.isMetricsAddress),
            text: "Where /metrics (Prometheus text), /livez and /readyz are answered over HTTP. Empty: nowhere. Port 0 "
                + "takes a free one. An address that is not loopback needs metrics.insecure.",
            read: { .text($0.metricsListen ?? "") },
            write: { if case .text(let text) = $1 { $0.metricsListen = text.isEmpty ? nil : text } }),
        .flag(
            "metrics.insecure", \.metricsInsecure,
            "Allows a metrics.listen address that is not loopback: whoever reaches the port may read the metrics."),
        .duration(
            "metrics.interval", \.metricsInterval, in: .milliseconds(100)...Duration.seconds(3_600),
            "How often the process's swift-metrics backend is told, when it has one."
        ).reloadable(),
    ]
}
