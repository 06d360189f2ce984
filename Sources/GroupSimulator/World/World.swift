import GroupCore
import GroupModel
import HWGProtocol

/// One machine of the world: what is installed on it, and its life.
struct WorldNode {
    var id: NodeID
    var name: String
    var incarnation: UInt32 = 0
    var isAlive = false
    /// Grows at each start and end, so that what was scheduled for an earlier life is stale.
    var life: Int32 = 0
    var isPaused = false
    /// What arrived during a pause.
    var backlog: [WorldEvent] = []
    /// The deadline that is in the heap; `max` when none is.
    var wake = Int64.max
    /// The last deadline that was due, and how often it was due again, unchanged.
    var lastDue = Instant.zero
    var standing = 0
    var hasOpenTurn = false
    var isStopping = false
    /// An application here does not read: the core refuses data.
    var isSlow = false
    /// It was to read again during a pause.
    var isDueToRead = false
    /// Nanoseconds that the node takes for each datagram, and until when it is at one.
    var cost: Int64 = 0
    var busyUntil: Int64 = 0
    /// Datagrams that wait for it; while there are any, one event comes that serves the first.
    var waiting: [WorldEvent] = []
    /// How far its clock runs ahead in a second of the world, in nanoseconds.
    var drift: Int64 = 0
    var applications = Applications()

    var member: MemberID { MemberID(node: id, incarnation: incarnation) }
    var card: NodeCard {
        NodeCard(name: name, member: member, address: NodeAddress(high: 0, low: id.raw, port: 1))
    }
}

/// N cores in virtual time, their network, their applications and what befalls them, all from one seed.
///
/// Nothing here reads a clock, and nothing iterates over a hashed collection: a seed gives the same transcript every
/// time. Bytes on the network are the real encoding.
struct World<Core: SimulatedCore> {
    let seed: UInt64
    let options: SimulationOptions
    let plan: WorldPlan
    let groupNames: [String]
    let endpointNames: [ShortName]
    let nodeIDs: [NodeID]
    var random: SeededGenerator
    var now: Int64 = 0
    var heap = EventHeap()
    var nodes: [WorldNode]
    /// The core of each node that is alive, none of another. Apart from `nodes`, and not optional: a look at either would copy
    /// the core.
    var cores: [[Core]]
    var effects = Effects()
    /// To whom a point-to-point message is being sent.
    var addressee: EndpointID?
    var trace: WorldTrace
    var network: Network
    /// Phase 1: everything may fail. Phase 2: nothing fails.
    var mayFail = true
    /// Applications act on their own.
    var isBusy = true
    var violations: [Violation] = []
    var rare: [String: Int] = [:]
    var transcript: [String] = []
    var tally = BriefTally()
    /// What was done to the world, when `keepsActs` is set.
    var acts: [DrawnAct] = []
    /// What a script watches for and does to packets; nil in worlds that are drawn.
    var stage: Stage? { didSet { isStaged = stage != nil } }
    /// Asked at every event: comparing the optional with nil counts the references in it.
    private(set) var isStaged = false
    /// Per node, the heavyweight views it is in, in the order of first installation.
    var heavyweightViews: [[(group: HWGID, view: View<MemberID>)]]
    var heavyweightViewCount = 0
    /// Mode `primary`: what stable storage has, the decided views that records named, the primary control views that were
    /// installed and by whom, and where the nodes are.
    var disks: [Disk]
    var chain: [DecidedView] = []
    var primaryViews: [(id: ViewID, node: Int)] = []
    var lineages: Lineages
    var eventCount = 0
    /// `eventCount` when it became `now`, plus what happened since that no script has as an event.
    var firstEventOfNow = 0

    /// A loop's turn takes up to so long, in nanoseconds; datagrams that arrive within it belong to it.
    static var turnLength: Int { 50_000 }
    /// Events of one run. A world of five nodes and fifty groups makes some hundred thousand in a minute; who makes
    /// more goes round in circles.
    static var eventLimit: Int { 5_000_000 }
    /// Lines of a kept transcript: a storm shows in its first ones.
    static var transcriptLimit: Int { 500_000 }

    init(seed: UInt64, options: SimulationOptions) {
        self.init(seed: seed, options: options, plan: WorldPlan(seed: seed, options: options))
    }

    init(seed: UInt64, options: SimulationOptions, plan: WorldPlan) {
        self.seed = seed
        self.options = options
        self.plan = plan
        random = SeededGenerator(seed: seed)
        groupNames = (0..<options.groups).map { "g\($0)" }
        endpointNames = ["0", "b"].compactMap { ShortName($0) }
        nodes = (0..<options.nodes).map { index in
            let name = "n\(index)"
            var node = WorldNode(id: NodeID(name: name), name: name)
            if plan.drift > 0 {
                var random = SeededGenerator(seed: StableHash.mix(seed) ^ StableHash.of("drift \(index)"))
                node.drift = Int64(random.below(2 * plan.drift + 1) - plan.drift) * 1_000
            }
            return node
        }
        cores = Array(repeating: [], count: options.nodes)
        trace = WorldTrace(named: "seed \(seed)", keepsText: options.keepsTrace)
        nodeIDs = nodes.map(\.id)
        network = Network(nodes: options.nodes, plan: plan)
        heavyweightViews = Array(repeating: [], count: options.nodes)
        disks = Array(repeating: Disk(), count: options.nodes)
        lineages = Lineages(nodes: options.nodes)
        if !plan.knowsAll {
            for node in nodes.indices { network.knows[network.link(node, 0)] = true }
        }
        heap.push(.faults, at: 1_000_000, a: 0)
    }
}
