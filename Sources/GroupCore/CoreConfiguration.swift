import GroupModel
import HWGProtocol
import LWGProtocol

/// What one node's protocol core is told at its start. Times are intervals of the monotonic clock.
public struct CoreConfiguration: Sendable {
    public var card: NodeCard
    public var cluster: String
    /// Seeds the core's only source of randomness (back-off).
    public var seed: UInt64
    /// Names of the nodes of which a majority makes a group's first primary view; empty: this node alone.
    public var initialNodes: [NodeID] = []
    /// How many nodes the first primary view is counted against, when only addresses of peers are configured.
    public var initialCount: Int = 1

    public var heartbeatInterval: Interval = .milliseconds(100)
    public var failureTimeout: Interval = .milliseconds(1_000)
    /// How long the coordinator collects joins, leaves and suspicions that it then treats as one change.
    public var gather: Interval = .milliseconds(2)
    /// How long a coordinator of a view waits for more sides before it merges.
    public var mergeGather: Interval = .milliseconds(20)
    /// How often an unanswered membership frame is sent again.
    public var resendInterval: Interval = .milliseconds(30)
    /// How long a flush may lack the answer of a member that is heard before the member is taken to have failed.
    public var flushTimeout: Interval = .seconds(10)
    /// How long an application that answers Holds itself may take before its seat is lost. Well below `flushTimeout`, after
    /// which the whole node is.
    public var holdDeadline: Interval = LWGLimits().holdDeadline
    /// How long a fresh member of a heavyweight group looks for others before it shows the view in which it is alone;
    /// zero for a node without peers.
    public var joinGather: Interval = .zero
    /// Whether this node may count towards a group's first primary view: it has not been in a primary view in an
    /// earlier incarnation, as far as it knows.
    public var isFresh = true
    /// The mode `partition: primary`, with what the node's stable storage has; nil is the mode `all`. `defaultGroup` is then
    /// the control group, which every node is in.
    public var record: PrimaryRecord?
    /// How often coordinators tell foreign nodes of their views.
    public var announceInterval: Interval = .milliseconds(500)

    public var packetBytes: Int = Limits.packetBytes
    /// Packets of mine that not all members have acknowledged.
    public var windowPackets: Int = 64
    public var windowBytes: Int = 512 * 1024
    /// What else the multicast machines are told.
    public var multicast = MulticastParameters()

    /// The mapping policy `static`: the group for names that no pin matches.
    public var defaultGroup: HWGID
    /// `pattern=hwg`, first match wins; `*` matches any run of characters, `?` one.
    public var pins: [(pattern: String, group: HWGID)] = []

    /// Every light-weight group gets a heavyweight group of its own, without sharing: the other line of the benchmarks.
    public var perGroup = false

    /// Bounds of the light-weight layer. Of these `holdDeadline` is taken from above.
    public var limits = LWGLimits()

    public var traces = false
    /// Deliveries go up datagram by datagram; otherwise those of a turn together.
    public var carriesAtOnce = false

    public init(card: NodeCard, cluster: String, seed: UInt64, defaultGroup: HWGID) {
        self.card = card
        self.cluster = cluster
        self.seed = seed
        self.defaultGroup = defaultGroup
    }
}
