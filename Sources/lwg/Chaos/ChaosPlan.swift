import GroupModel
import LightweightGroups

/// The size of a chaos run, and what follows from it.
struct ChaosPlan: Sendable {
    var nodes = 5
    var groups = 500
    /// How long faults are injected.
    var seconds = 600.0
    var seed: UInt64 = 1
    var config: String?
    /// What every node is started with beside its settings.
    var workerOptions: [String] = []

    /// Messages a second and node, and steps of joining or leaving.
    var sendsPerSecond = 100.0
    var stepsPerSecond = 5.0
    /// Traces may grow to this, spread evenly over the time: who is ahead makes no faults until the time has caught up. It
    /// bounds what the check takes, about 100 bytes of memory for each line of 200.
    var traceBytes = 2 << 30
    /// The faults stop, and everything must converge, about so often. In seconds.
    var roundSeconds = 60.0
    /// How long everything may take to converge when the faults have stopped.
    var patience = 90.0
    /// Faults that go on at once.
    static let actsAtOnce = 3

    var names: [String] { (1...nodes).map { "n\($0)" } }

    /// Groups of all sizes from two nodes up, of neighbouring nodes, on three heavyweight groups.
    var table: GroupTable {
        var table = GroupTable()
        for number in 0..<groups {
            let size = 2 + number / nodes % max(nodes - 1, 1)
            let members = NodeSet((0..<min(size, nodes)).map { (number + $0) % nodes })
            table.append("\(["x", "y", "z"][number % 3])/\(number)", members)
        }
        return table
    }

    /// At least one.
    var rounds: Int { max(Int((seconds / roundSeconds).rounded()), 1) }

    /// The node that is never killed: it lives through the whole run, so that what it uses can be judged.
    var survivor: Int { Int(seed % UInt64(nodes)) }

    func roaming(_ node: Int, start: Int) -> Roaming {
        Roaming(
            groups: table.groups(of: node), sendsPerSecond: sendsPerSecond, stepsPerSecond: stepsPerSecond,
            seed: seed &+ UInt64(node) &* 1_000_003 &+ UInt64(start))
    }
}

/// One thing that befalls the nodes.
enum ChaosAct: Hashable, Sendable {
    /// `kill -9`, and a start under the same name after so many milliseconds.
    case kill([Int], restartAfter: Int)
    /// A node is stopped, and its next incarnation starts before anybody has noticed. Then the old one is killed, or wakes in
    /// its old views first and is killed after as long again.
    case succeed(Int, killAfter: Int, wakes: Bool)
    /// SIGSTOP, and SIGCONT after so many milliseconds: shorter or longer than the failure time-out.
    case pause(Int, milliseconds: Int)
    /// Leaves all groups and ends, and starts again.
    case leave(Int)
    /// Losses, duplicates and delays at all nodes, out of 1,000.
    case noise(loss: Int, duplication: Int, delay: Int, longestDelay: Int, milliseconds: Int)
    /// From the first to the second nothing gets through; with `unlinks` their liveness connections break as well.
    case cut(ChaosCut, pairs: [[Int]], unlinks: Bool, milliseconds: Int)
    /// The liveness connections of two nodes break, and nothing else.
    case unlink(Int, Int)

    var name: String {
        switch self {
        case .kill: "kill"
        case .succeed: "succeed"
        case .pause: "pause"
        case .leave: "leave"
        case .noise: "noise"
        case .cut(let shape, _, _, _): shape.rawValue
        case .unlink: "unlink"
        }
    }

    /// Nodes that nothing else may befall meanwhile.
    var nodes: [Int] {
        switch self {
        case .kill(let nodes, _): nodes
        case .succeed(let node, _, _), .pause(let node, _), .leave(let node): [node]
        case .noise, .cut, .unlink: []
        }
    }
}

enum ChaosCut: String, Sendable, CaseIterable { case twoSides, isolated, oneWay, oneLink, bridge }

/// Draws acts from a seed.
struct ChaosDice {
    private var random: SeededGenerator
    private let nodes: Int
    private let survivor: Int

    init(_ plan: ChaosPlan) {
        random = SeededGenerator(seed: plan.seed)
        nodes = plan.nodes
        survivor = plan.survivor
    }

    private mutating func between(_ low: Int, _ high: Int) -> Int { low + random.below(high - low + 1) }
    private mutating func mortal() -> Int { (survivor + 1 + random.below(nodes - 1)) % nodes }

    /// Milliseconds until the next one.
    mutating func interval() -> Int { between(50, 1_500) }

    mutating func act() -> ChaosAct {
        switch random.below(20) {
        case 0..<4:
            var victims = [mortal()]
            if nodes > 3, random.below(4) == 0 {
                let other = mortal()
                if other != victims[0] { victims.append(other) }
            }
            let after = [0, between(50, 900), between(1_200, 4_000)][random.below(3)]
            return .kill(victims, restartAfter: after)
        case 4..<6: return .succeed(mortal(), killAfter: between(0, 3_000), wakes: random.below(2) == 0)
        case 6..<8: return .pause(random.below(nodes), milliseconds: between(20, 900))
        case 8..<10: return .pause(random.below(nodes), milliseconds: between(1_100, 5_000))
        case 10: return .leave(mortal())
        case 11..<14:
            return .noise(
                loss: random.below(250), duplication: random.below(150), delay: random.below(400),
                longestDelay: between(1, 60), milliseconds: between(500, 5_000))
        case 14:
            let first = random.below(nodes)
            return .unlink(first, (first + 1 + random.below(nodes - 1)) % nodes)
        default:
            let shape = ChaosCut.allCases[random.below(ChaosCut.allCases.count)]
            let long = random.below(2) == 0
            return .cut(
                shape, pairs: pairs(shape), unlinks: long && random.below(4) > 0,
                milliseconds: long ? between(1_100, 5_000) : between(50, 900))
        }
    }

    private mutating func pairs(_ shape: ChaosCut) -> [[Int]] {
        let first = random.below(nodes)
        let second = (first + 1 + random.below(nodes - 1)) % nodes
        var side = [Bool](repeating: false, count: nodes)
        for node in 0..<nodes { side[node] = random.below(2) == 0 }
        side[first] = true
        side[second] = false
        var pairs: [[Int]] = []
        for a in 0..<nodes {
            for b in 0..<nodes where a != b {
                let isCut =
                    switch shape {
                    case .twoSides: side[a] != side[b]
                    case .isolated: a == first || b == first
                    case .oneWay: side[a] && !side[b]
                    case .oneLink: a == first && b == second
                    // One node reaches both sides.
                    case .bridge: side[a] != side[b] && a != first && b != first
                    }
                if isCut { pairs.append([a, b]) }
            }
        }
        return pairs
    }
}
