import GroupCore
import GroupModel

/// All states of single nodes that a search has met, and what follows from each: a node is a function of its state, the event
/// and the time, so what it does is computed once, in however many states of the world that happens.
struct LocalStates {
    struct Cause: Hashable {
        var state: Int32
        var event: SmallEvent
        var now: Int64
    }

    /// A place on a link: behind this packet, or before the first.
    struct Place: Hashable {
        var from: Int
        var to: Int
        var behind: Int32
    }

    struct Outcome {
        var state: Int32
        /// In the order in which they leave; `to` may be dead.
        var sends: [(to: Int, packet: Int32)]
    }

    let plan: SmallWorldPlan
    private let members: [MemberID]
    /// By the state's number.
    private(set) var nodes: [SmallNode] = []
    private(set) var deadlines: [Int64?] = []
    /// Of all that has happened to a node until then; only where states are told apart by it.
    private var histories: [UInt64]?
    private(set) var packets: [Packet] = []
    private var numbers: [UInt64: Int32] = [:]
    private var packetNumbers: [UInt64: [Int32]] = [:]
    private var outcomes: [Cause: Outcome] = [:]
    /// What was ever sent at each place.
    private var followers: [Place: [Int32]] = [:]
    /// Of these, what was not taken yet.
    private var news: [(place: Place, packet: Int32)] = []
    private var effects = Effects()
    private let shapes = StateShapes()

    /// Whether arrivals may be left out, for which it counts what a node got last on each link.
    let isReduced: Bool

    init(_ world: SmallWorld, _ reduction: Explorer.Reduction) {
        plan = world.plan
        members = world.nodes.map(\.card.member)
        isReduced = reduction == .full && !plan.reorders
        if reduction == .histories { histories = [] }
    }

    /// The number of a state, which is the same for all states that are alike.
    mutating func number(of node: SmallNode, history: UInt64) -> Int32 {
        let digest = histories == nil ? self.digest(of: node) : history
        if let known = numbers[digest] { return known }
        let number = Int32(nodes.count)
        numbers[digest] = number
        nodes.append(node)
        deadlines.append(plan.ticks > 0 && node.isAlive ? deadline(of: node) : nil)
        histories?.append(history)
        return number
    }

    private func digest(of node: SmallNode) -> UInt64 { node.digest(shapes, countingLast: isReduced) }

    /// When something becomes due. A deadline at which nothing is, because what it was set for has happened, is passed over.
    private func deadline(of node: SmallNode) -> Int64? {
        var node = node
        var effects = Effects()
        let before = digest(of: node)
        while let next = node.core.nextDeadline {
            node.wake(at: next.nanoseconds, into: &effects)
            if !effects.transmissions.isEmpty || digest(of: node) != before { return next.nanoseconds }
        }
        return nil
    }

    mutating func number(of packet: Packet) -> Int32 {
        let hash = StableHash.of(packet.contents)
        for known in packetNumbers[hash] ?? []
        where packets[Int(known)].contents.elementsEqual(packet.contents) { return known }
        let number = Int32(packets.count)
        packets.append(packet)
        packetNumbers[hash, default: []].append(number)
        return number
    }

    /// Notes that it was sent.
    mutating func sent(_ packet: Int32, at place: Place) {
        guard isReduced, followers[place]?.contains(packet) != true else { return }
        followers[place, default: []].append(packet)
        news.append((place, packet))
    }

    func followers(of place: Place) -> [Int32] { followers[place] ?? [] }

    mutating func takeNews() -> [(place: Place, packet: Int32)] {
        defer { news.removeAll(keepingCapacity: true) }
        return news
    }

    /// Which node it is a state of.
    func index(of state: Int32) -> Int { members.firstIndex(of: nodes[Int(state)].card.member) ?? 0 }

    mutating func outcome(of cause: Cause) -> Outcome {
        if let known = outcomes[cause] { return known }
        var node = nodes[Int(cause.state)]
        switch cause.event {
        case .arrival(let packet, let from):
            node.last[from] = packet
            node.arrive(packets[Int(packet)], at: cause.now, into: &effects)
        case .request:
            let index = members.firstIndex(of: node.card.member) ?? 0
            node.requested += 1
            node.ask(plan.requests[index][node.requested - 1], at: cause.now, into: &effects)
        case .crash: node.isAlive = false
        case .suspect(let other):
            node.suspects.insert(other)
            node.handle(.peerDisconnected(members[other]), at: cause.now, into: &effects)
        case .wake: node.wake(at: cause.now, into: &effects)
        }
        var sends: [(to: Int, packet: Int32)] = []
        for transmission in effects.transmissions {
            guard let to = members.firstIndex(of: transmission.to) else { continue }
            sends.append((to, number(of: transmission.packet)))
        }
        effects.removeAll()
        var hasher = Hasher()
        hasher.combine(histories?[Int(cause.state)])
        hasher.combine(cause)
        let history = UInt64(bitPattern: Int64(hasher.finalize()))
        let outcome = Outcome(state: number(of: node, history: history), sends: sends)
        outcomes[cause] = outcome
        return outcome
    }
}
