import GroupModel
import Logging

/// Everything that a node is told at its start: a plain value with a default for all but the name.
///
/// Files, environment and flags are read into it elsewhere. Durations are on the monotonic clock.
public struct NodeSettings: Sendable {
    /// `[A-Za-z0-9_-]{1,63}`, unique in the cluster; the node's identity is its hash.
    public var name: String
    /// `HOST:PORT` for datagrams and liveness connections alike; port 0 takes a free one. IPv6 as `[::1]:PORT`.
    public var listen: String = "127.0.0.1:0"
    /// `HOST:PORT` of any other nodes; the rest is found through them.
    public var peers: [String] = []
    /// Nodes of different clusters refuse one another.
    public var cluster: String = "default"
    /// Where the incarnation counter and, with `partition` `primary`, the record of primary views are kept. Without one the
    /// incarnation is the clock's, or one more than the last that a peer has seen.
    public var stateDirectory: String?
    /// Appends one JSON object per event (design.md, section 8).
    public var traceFile: String?
    /// Allows a `listen` address that is not loopback, which is needed until packets are authenticated.
    public var insecure = false
    /// What is logged: this and worse.
    public var logLevel: Logger.Level = .info
    /// Whether the default endpoint's Holds are answered by the application instead of the library.
    public var explicitHolds = false

    // Failure detection and membership.
    /// How often an idle pair of nodes exchanges a heartbeat; any packet counts as one.
    public var heartbeatInterval: Duration = .milliseconds(100)
    /// Silence after which a node is suspected; a process that ends is noticed at once, without it.
    public var failureTimeout: Duration = .seconds(1)
    /// How long a coordinator collects joins, leaves and suspicions that it then treats as one change.
    public var gather: Duration = .milliseconds(2)
    /// How long a coordinator waits for more sides before it merges.
    public var mergeGather: Duration = .milliseconds(20)
    /// How often an unanswered membership frame is sent again.
    public var resendInterval: Duration = .milliseconds(30)
    /// How long a flush may lack the answer of a member that is heard before the member is taken to have failed: this, or twice
    /// the longest `holdDeadline` of the nodes in it, whichever is longer.
    public var flushTimeout: Duration = .seconds(10)
    /// How long an application with explicit holds may take to answer one before it loses its seat (`left(.holdExpired)`);
    /// 50 ms to 60 s, and at most half of `flushTimeout`, after which the whole node is excluded. Everybody in the group waits
    /// as long.
    public var holdDeadline: Duration = .seconds(2)
    /// How long a node with peers looks for others in a group before it shows the view in which it is alone.
    public var joinGather: Duration = .milliseconds(300)
    /// How often coordinators tell foreign nodes of their views.
    public var announceInterval: Duration = .milliseconds(500)
    /// Names of the nodes of which a majority makes the first primary view; empty: this node and its peers.
    public var initialNodes: [String] = []
    /// Which side of a partition goes on. `primary` needs a `stateDirectory` and `initialNodes`.
    public var partition = PartitionMode.all

    // Transport.
    /// One datagram, headers included: 1,200 to 9,344 bytes.
    public var packetBytes = 9_344
    /// Packets of this node that not all members have acknowledged.
    public var windowPackets = 64
    /// Bytes of this node that not all members have acknowledged.
    public var windowBytes = 512 * 1024
    /// Asked of the kernel as `SO_RCVBUF`; what it granted is in the statistics.
    public var receiveBufferBytes = 4 << 20
    /// Asked of the kernel as `SO_SNDBUF`.
    public var sendBufferBytes = 4 << 20
    /// Uses UDP GSO and GRO where the kernel has them.
    public var segmentation = true

    // Mapping.
    /// The heavyweight group of names that no pin matches; 1 to 15 bytes of `[A-Za-z0-9_.-]`.
    public var defaultGroup = "main"
    /// First match wins.
    public var pins: [MappingPin] = []
    /// Every group has a heavyweight group of its own: the other line in the benchmark's figures.
    public var perGroupHWG = false

    // Bounds of the queues between the loop and the application.
    /// Messages that one inbox or one group's event stream holds before the node stops taking data.
    public var queueMessages = 65_536
    /// Bytes that one inbox or one group's event stream holds before the node stops taking data.
    public var queueBytes = 32 << 20
    /// What becomes of a consumer over these bounds in groups that no pattern matches.
    public var slowConsumer = SlowConsumerPolicy.block
    /// The same by groups' names; the first match wins.
    public var slowConsumerPatterns: [SlowConsumerRule] = []
    /// Under `evict`, how long a consumer may stay over its bounds before it loses its seats, zero to 60 s; its senders wait as
    /// long. A garbage collection or a write to disk is shorter than the default.
    public var slowConsumerGrace: Duration = .seconds(1)
    /// Bytes of one group that wait to be sent before `multicast` suspends. All groups together may have 64 times as many, at
    /// least 64 MiB: so many groups can be held or slow before any other waits for them (F3).
    public var sendQueueBytes = 1 << 20

    // Metrics.
    /// `HOST:PORT`, or a port of 127.0.0.1, where `/metrics`, `/livez` and `/readyz` are answered; nil: nowhere.
    public var metricsListen: String?
    /// Allows a `metricsListen` address that is not loopback: whoever reaches it may read the metrics.
    public var metricsInsecure = false
    /// How often swift-metrics is told.
    public var metricsInterval: Duration = .seconds(1)

    /// Seeds the core's back-off; nil takes one from the system.
    public var seed: UInt64?

    /// Everything else has its default.
    public init(name: String) { self.name = name }

    /// `[A-Za-z0-9_-]{1,63}`.
    public static func isNodeName(_ name: String) -> Bool {
        (1...Limits.nodeNameBytes).contains(name.utf8.count)
            && name.utf8.allSatisfy { ShortName.allows($0) && $0 != UInt8(ascii: ".") }
    }
}

/// Which side of a partition goes on.
public enum PartitionMode: String, Hashable, Sendable, CaseIterable {
    /// All of them, each knowing whether its views are primary.
    case all
    /// The primary one; the others hold their groups until they can come back. Sources/HWGProtocol/HWGProtocol.docc/Primary.md.
    case primary
}

/// What becomes of a consumer (one group's events, or an inbox) whose queue is over its bounds.
public enum SlowConsumerPolicy: String, Hashable, Sendable, CaseIterable {
    /// Its senders wait: nobody sends in the heavyweight groups of its seats until it has read. It loses nothing.
    case block
    /// After `slowConsumerGrace` it loses its seats (`left(.slow)`), and the others go on.
    case evict
}

/// `pattern=policy`: `*` matches any run of characters, `?` one.
public struct SlowConsumerRule: Hashable, Sendable {
    /// Over groups' names.
    public var pattern: String
    /// What becomes of their slow consumers.
    public var policy: SlowConsumerPolicy
    /// `ticks/*` and `.evict`, for instance.
    public init(pattern: String, policy: SlowConsumerPolicy) {
        self.pattern = pattern
        self.policy = policy
    }
}

extension NodeSettings {
    func slowConsumerPolicy(of group: String) -> SlowConsumerPolicy {
        slowConsumerPatterns.first { NamePattern.matches($0.pattern, group) }?.policy ?? slowConsumer
    }
}

/// `pattern=hwg`: `*` matches any run of characters, `?` one.
public struct MappingPin: Hashable, Sendable {
    /// Over groups' names.
    public var pattern: String
    /// The heavyweight group's name: 1 to 15 bytes of `[A-Za-z0-9_.-]`.
    public var group: String
    /// `prices/*` and `fast`, for instance.
    public init(pattern: String, group: String) {
        self.pattern = pattern
        self.group = group
    }

    /// Whether the pattern is the name's.
    public func matches(_ name: String) -> Bool { NamePattern.matches(pattern, name) }
}
