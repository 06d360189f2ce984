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
