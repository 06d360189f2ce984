import GroupModel

/// What may fail in a simulated world.
public struct SimulatedFaults: OptionSet, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let loss = Self(rawValue: 1)
    public static let duplication = Self(rawValue: 2)
    public static let reordering = Self(rawValue: 4)
    /// Datagrams of other clusters, versions and programs, which anybody may send to a port.
    public static let foreign = Self(rawValue: 8)
    public static let clogs = Self(rawValue: 16)
    public static let partitions = Self(rawValue: 32)
    public static let crashes = Self(rawValue: 64)
    public static let pauses = Self(rawValue: 128)
    /// Graceful stops of nodes.
    public static let stops = Self(rawValue: 256)
    /// Nodes that know the address of the first node only.
    public static let strangers = Self(rawValue: 512)
    public static let none: Self = []
    /// Liveness connections that break between processes that run on.
    public static let resets = Self(rawValue: 2048)
    /// Crashes and resets in the middle of sending a frame of a flush or merge.
    public static let strikes = Self(rawValue: 4096)
    /// Packets that come a second time, long after.
    public static let replays = Self(rawValue: 8192)
    /// Clocks that run apart.
    public static let drift = Self(rawValue: 16384)
    /// Nodes that take long for each datagram.
    public static let slowness = Self(rawValue: 32768)
    /// All nodes end at once and start again.
    public static let restarts = Self(rawValue: 65536)
    /// Crashes at the arrival of a frame of a flush or merge.
    public static let ambushes = Self(rawValue: 131_072)
    public static let all = Self(rawValue: 262_143 & ~1024)
    /// Bytes changed on the way. UDP's checksum keeps such packets from the node, and the wire format has no other until
    /// packets are authenticated; so this is not among `all`, and what such a run does wrong is not reported. It must not trap.
    public static let corruption = Self(rawValue: 1024)

    private static let names: [(String, Self)] = [
        ("loss", .loss), ("duplication", .duplication), ("reordering", .reordering), ("foreign", .foreign),
        ("corruption", .corruption),
        ("clogs", .clogs), ("partitions", .partitions), ("crashes", .crashes), ("pauses", .pauses), ("stops", .stops),
        ("strangers", .strangers), ("resets", .resets), ("strikes", .strikes),
        ("replays", .replays), ("drift", .drift), ("slowness", .slowness), ("restarts", .restarts),
        ("ambushes", .ambushes),
    ]

    /// `all`, `none`, or names with commas; nil when one is unknown.
    public init?(_ text: String) {
        switch text {
        case "all": self = .all
        case "none": self = .none
        default:
            var faults = Self.none
            for word in text.split(separator: ",") {
                guard let known = Self.names.first(where: { $0.0 == word }) else { return nil }
                faults.insert(known.1)
            }
            self = faults
        }
    }

    /// What a list of faults may name.
    public static var words: [String] { names.map(\.0) }

    /// The first word of a text that is not known.
    public static func unknownWord(in text: String) -> String? {
        guard Self(text) == nil else { return nil }
        return text.split(separator: ",").map(String.init).first { !words.contains($0) }
    }

    /// Each kind that is in it.
    var single: [Self] { Self.names.map(\.1).filter { contains($0) } }

    public var description: String {
        if self == .all { return "all" }
        if isEmpty { return "none" }
        return Self.names.filter { contains($0.1) }.map(\.0).joined(separator: ",")
    }
}

/// The size of a simulated world; everything else is drawn from the seed.
public struct SimulationOptions: Hashable, Sendable {
    /// 1 to 64.
    public var nodes: Int
    /// Light-weight groups that applications join, 1 to 100,000.
    public var groups: Int
    /// Virtual time in which everything may fail. The time to converge afterwards comes on top.
    public var seconds: Int
    public var faults: SimulatedFaults
    /// Of `faults`, each seed draws one to four kinds, and the others never come: many kinds at once hide what a few of them show
    /// (swarm testing; Groce et al., ISSTA 2012).
    public var hasFewFaults = false
    /// The mode `partition: primary`, with disks that survive the nodes' lives.
    public var isPrimaryMode: Bool
    /// Keep the lines of what happened.
    public var keepsTranscript = false
    /// Of those lines keep what matters, and count the rest.
    public var isBrief = false
    /// Keep the trace as text.
    public var keepsTrace = true
    /// Keep what was done to the world, for a script that does it again.
    var keepsActs = false
    /// Faults and acts are drawn from the seed; otherwise a script does them.
    var isDrawn = true

    public init(
        nodes: Int = 5, groups: Int = 50, seconds: Int = 10, faults: SimulatedFaults = .all, isPrimaryMode: Bool = false
    ) {
        self.nodes = min(max(nodes, 1), 64)
        self.groups = min(max(groups, 1), 100_000)
        self.seconds = min(max(seconds, 0), 3_600)
        self.faults = faults
        self.isPrimaryMode = isPrimaryMode
    }

    /// With the faults that the seed may have.
    func drawn(by seed: UInt64) -> Self {
        guard hasFewFaults else { return self }
        var options = self
        options.hasFewFaults = false
        var random = SeededGenerator(seed: StableHash.mix(seed) ^ StableHash.of("few"))
        let kinds = faults.single
        options.faults = .none
        if kinds.isEmpty { return options }
        for _ in 0..<(1 + random.below(Self.fewFaults)) { options.faults.insert(kinds[random.below(kinds.count)]) }
        return options
    }

    private static let fewFaults = 4

    /// The line that runs a seed with these options again.
    public func reproduction(seed: UInt64) -> String {
        var line = "lwg sim --seed \(seed) --nodes \(nodes) --groups \(groups) --seconds \(seconds)"
        if faults != .all { line += " --faults \(faults)" }
        if isPrimaryMode { line += " --partition primary" }
        return line
    }
}

/// What one seed draws: the network's manners, how often what fails, and what the applications do.
struct WorldPlan: Hashable, CustomStringConvertible {
    /// Chances out of 10,000 for each packet.
    var loss = 0
    var duplication = 0
    var reordering = 0
    var foreign = 0
    var corruption = 0
    /// Mean one-way delay beyond the fixed 30 µs, in nanoseconds.
    var meanDelay: Int64
    /// Chances out of 10,000 for each tick of faults.
    var clog = 0
    var partition = 0
    var heal: Int
    var crash = 0
    var restart: Int
    var pause = 0
    var stop = 0
    var reset = 0
    /// Chance out of 10,000 for each frame of a flush or merge.
    var strike = 0
    /// Chance out of 10,000 for each frame of a flush or merge that arrives.
    var ambush = 0
    /// Chance out of 10,000 for each packet that an old one comes again.
    var replay = 0
    /// Chance out of 10,000 for each tick of faults.
    var slug = 0
    var massRestart = 0
    /// How far clocks run apart, in millionths.
    var drift = 0
    /// Chance out of 100 that the close of a crashed node's connections is reported late.
    var lateClose: Int
    /// How long a pair is apart until its liveness connection breaks.
    var disconnectAfter: Int64
    /// Every node has every other's address from the start; otherwise all have the first one's.
    var knowsAll: Bool
    var packetBytes: Int
    var windowPackets: Int
    var failureTimeout: Interval
    var joinGather: Interval
    var heavyweightGroups: Int
    var endpoints: Int
    /// Endpoint 1 answers its Holds itself, after up to this time; 0: the core answers.
    var holdDelay: Int64
    /// Nobody answers them but a script.
    var holdsByHand = false
    /// Chance out of 10,000 for each tick of faults that a node's application stops reading for a while; some are evicted then.
    var slow: Int
    /// Chance out of 100 that it answers late or never; the core gives it `holdDeadline`.
    var silence: Int
    var holdDeadline: Interval
    /// Mean time between two acts of a node's applications.
    var actInterval: Int64
    /// Groups that a node's applications draw from.
    var orders: [Order]
    /// Deliveries go up as they come; otherwise those of a turn together, as in processes.
    var carriesAtOnce: Bool
    /// After how many groups that have ended their numbers are freed.
    var endedGroups: Int
    /// Mode `primary`: up to how long a write takes, in nanoseconds; chance out of 10,000 for each tick of faults that all nodes,
    /// or many, die at once; how many nodes are not initial.
    var diskDelay: Int64 = 0
    var massCrash = 0
    var outsiders = 0

    init(seed: UInt64, options: SimulationOptions) {
        // Each draw has a generator of its own, by its name: a new draw leaves what seeds mean as it was.
        func drawn<Value>(_ name: String, _ choices: [Value]) -> Value {
            var random = SeededGenerator(seed: StableHash.mix(seed) ^ StableHash.of(name))
            return choices[random.below(choices.count)]
        }
        func drawn(_ fault: SimulatedFaults, _ choices: [Int]) -> Int {
            let choice = drawn(fault.description, choices)
            return options.faults.contains(fault) ? choice : 0
        }
        loss = drawn(.loss, [0, 0, 20, 100, 500, 1_500, 3_000])
        duplication = drawn(.duplication, [0, 0, 50, 500, 3_000])
        reordering = drawn(.reordering, [0, 0, 100, 1_000, 5_000])
        foreign = drawn(.foreign, [0, 0, 10, 100])
        corruption = drawn(.corruption, [10, 100, 1_000])
        meanDelay = drawn("meanDelay", [20_000, 100_000, 1_000_000, 5_000_000, 20_000_000])
        clog = drawn(.clogs, [0, 0, 50, 200])
        partition = drawn(.partitions, [0, 50, 200, 500])
        heal = drawn("heal", [200, 500, 1_000])
        crash = drawn(.crashes, [0, 20, 100, 400])
        restart = drawn("restart", [50, 200, 1_000])
        pause = drawn(.pauses, [0, 0, 50, 200])
        stop = drawn(.stops, [0, 0, 50])
        reset = drawn(.resets, [0, 0, 100, 1_000])
        strike = drawn(.strikes, [0, 0, 20, 100])
        ambush = drawn(.ambushes, [0, 0, 20, 100])
        replay = drawn(.replays, [0, 0, 0, 20, 200])
        slug = drawn(.slowness, [0, 0, 0, 100])
        massRestart = drawn(.restarts, [0, 0, 0, 50])
        drift = drawn(.drift, [0, 0, 0, 500, 50_000])
        lateClose = drawn("lateClose", [0, 10, 50])
        disconnectAfter = drawn("disconnectAfter", [200_000_000, 1_000_000_000, 5_000_000_000])
        knowsAll = drawn(.strangers, [0, 0, 0, 1]) == 0
        packetBytes = drawn("packetBytes", [1_200, 2_000, Limits.packetBytes])
        windowPackets = drawn("windowPackets", [8, 16, 64])
        failureTimeout = .milliseconds(drawn("failureTimeout", [300, 500, 1_000]))
        joinGather = .milliseconds(drawn("joinGather", [0, 50, 300]))
        heavyweightGroups = drawn("heavyweightGroups", [1, 1, 1, 2, 3])
        endpoints = drawn("endpoints", [1, 2])
        holdDelay = drawn("holdDelay", [0, 1_000_000, 100_000_000])
        slow = drawn("slow", [0, 0, 100, 500])
        silence = drawn("silence", [0, 0, 2, 20])
        holdDeadline = .milliseconds(drawn("holdDeadline", [150, 500, 2_000]))
        actInterval = drawn("actInterval", [10_000_000, 30_000_000, 100_000_000])
        orders = drawn(
            "orders", [[.fifo], [.total], [.fifo, .total, .safe], [.fifo, .total, .safe], [.safe, .total]])
        carriesAtOnce = drawn("carriesAtOnce", [true, true, true, false])
        endedGroups = drawn("endedGroups", [16_384, 16_384, 16_384, 0])
        guard options.isPrimaryMode else { return }
        heavyweightGroups = drawn("primaryGroups", [1, 2, 3])
        diskDelay = drawn("diskDelay", [100_000, 2_000_000, 20_000_000, 200_000_000])
        let crashes = drawn("massCrash", [0, 0, 100, 300])
        massCrash = options.faults.contains(.crashes) ? crashes : 0
        outsiders = drawn("outsiders", [0, 0, 1, 2])
    }

    var description: String {
        """
        loss \(loss) duplication \(duplication) reordering \(reordering) foreign \(foreign) corruption \(corruption) \
        meanDelay \(meanDelay / 1_000)us clog \(clog) partition \(partition) heal \(heal) crash \(crash) \
        restart \(restart) pause \(pause) stop \(stop) reset \(reset) strike \(strike) ambush \(ambush) replay \(replay) \
        slug \(slug) massRestart \(massRestart) drift \(drift) lateClose \(lateClose) \
        disconnectAfter \(disconnectAfter / 1_000_000)ms knowsAll \(knowsAll) packetBytes \(packetBytes) \
        windowPackets \(windowPackets) failureTimeout \(failureTimeout.nanoseconds / 1_000_000)ms \
        joinGather \(joinGather.nanoseconds / 1_000_000)ms hwgs \(heavyweightGroups) endpoints \(endpoints) holdDelay \(holdDelay / 1_000)us \
        slow \(slow) silence \(silence) holdDeadline \(holdDeadline.nanoseconds / 1_000_000)ms \
        actInterval \(actInterval / 1_000_000)ms orders \(orders.map { String(describing: $0) }.joined(separator: "+")) \
        carriesAtOnce \(carriesAtOnce) endedGroups \(endedGroups) diskDelay \(diskDelay / 1_000)us massCrash \(massCrash) outsiders \(outsiders)
        """
    }
}
