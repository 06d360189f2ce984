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

    struct Outcome {
        var state: Int32
        /// In the order in which they leave; `to` may be dead.
        var sends: [(to: Int, packet: Int32)]
    }

    private let plan: SmallWorldPlan
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
    private var effects = Effects()

    var isByHistory: Bool { histories != nil }

    /// - Parameter byHistory: two states of a node are one only when the same has happened to it, in the same order.
    init(_ world: SmallWorld, byHistory: Bool) {
        plan = world.plan
        members = world.nodes.map(\.card.member)
        if byHistory { histories = [] }
    }

    /// The number of a state, which is the same for all states that are alike.
    mutating func number(of node: SmallNode, history: UInt64) -> Int32 {
        let digest = histories == nil ? node.digest : history
        if let known = numbers[digest] { return known }
        let number = Int32(nodes.count)
        numbers[digest] = number
        nodes.append(node)
        deadlines.append(nodes[Int(number)].core.nextDeadline?.nanoseconds)
        histories?.append(history)
        return number
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

    mutating func outcome(of cause: Cause) -> Outcome {
        if let known = outcomes[cause] { return known }
        var node = nodes[Int(cause.state)]
        switch cause.event {
        case .arrival(let packet): node.arrive(packets[Int(packet)], at: cause.now, into: &effects)
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
