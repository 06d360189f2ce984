import GroupCore
import GroupModel
import GroupWire
import HWGProtocol

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

    /// One state of one node. Most have no core of their own: it comes of an earlier state's by few events, and takes ten
    /// kilobytes.
    struct Local {
        final class Kept {
            let node: SmallNode
            init(_ node: SmallNode) { self.node = node }
        }
        let index: Int
        let isAlive: Bool
        let requested: Int
        let suspects: Set<Int>
        let last: [Int32]
        /// When something becomes due; only where time passes.
        let deadline: Int64?
        /// What it came of first.
        let cause: Cause?
        /// Events since a state that has its core.
        let distance: Int
        let kept: Kept?
    }

    let plan: SmallWorldPlan
    private let members: [MemberID]
    /// By number.
    private(set) var states: [Local] = []
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

    /// The number of a node's state in the beginning.
    mutating func number(of node: SmallNode, index: Int) -> Int32 {
        number(of: node, index, cause: nil, history: UInt64(index))
    }

    /// The number of a state, which is the same for all states that are alike.
    private mutating func number(of node: SmallNode, _ index: Int, cause: Cause?, history: UInt64) -> Int32 {
        let digest = histories == nil ? self.digest(of: node) : history
        if let known = numbers[digest] { return known }
        let number = Int32(states.count)
        numbers[digest] = number
        let distance = cause.map { (states[Int($0.state)].distance + 1) % Self.furthest } ?? 0
        states.append(
            Local(
                index: index, isAlive: node.isAlive, requested: node.requested, suspects: node.suspects,
                last: node.last, deadline: plan.ticks > 0 && node.isAlive ? deadline(of: node) : nil, cause: cause,
                distance: distance, kept: distance == 0 ? Local.Kept(node) : nil))
        histories?.append(history)
        return number
    }

    private static let furthest = 8

    /// The node itself.
    mutating func node(_ state: Int32) -> SmallNode {
        let local = states[Int(state)]
        if let kept = local.kept { return kept.node }
        guard let cause = local.cause else { preconditionFailure("a first state has its core") }
        var node = self.node(cause.state)
        happen(cause.event, &node, local.index, at: cause.now)
        effects.removeAll()
        return node
    }

    private func digest(of node: SmallNode) -> UInt64 { node.digest(shapes, countingLast: isReduced) }

    /// When something becomes due. A deadline at which nothing is, because what it was set for has happened, is passed over.
    private func deadline(of node: SmallNode) -> Int64? {
        var node = node
        var effects = Effects()
        let before = digest(of: node)
        var rounds = 0
        while let next = node.core.nextDeadline {
            rounds += 1
            node.wake(at: next.nanoseconds, into: &effects)
            guard effects.transmissions.isEmpty, digest(of: node) == before, rounds < 16 else {
                return next.nanoseconds
            }
        }
        return nil
    }

    /// Acknowledgements are as if their senders had delivered no control messages yet, which harms nobody: only safe messages
    /// and calls to flush wait for that.
    private func forgettingControls(_ packet: Packet) -> Packet {
        guard !plan.waitsForControls, let header = try? FrameHeader.read(packet.contents), header.kind == .acknowledge,
            packet.count >= AcknowledgeFrame.controlsOffset + 8
        else { return packet }
        let copy = Packet(copying: packet.contents)
        copy.bytes.storeBytes(of: 0, toByteOffset: AcknowledgeFrame.controlsOffset, as: UInt64.self)
        return copy
    }

    mutating func number(of sent: Packet) -> Int32 {
        let packet = forgettingControls(sent)
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

    private mutating func happen(_ event: SmallEvent, _ node: inout SmallNode, _ index: Int, at now: Int64) {
        switch event {
        case .arrival(let packet, let from):
            node.last[from] = packet
            node.arrive(packets[Int(packet)], at: now, into: &effects)
        case .request:
            node.requested += 1
            node.ask(plan.requests[index][node.requested - 1], at: now, into: &effects)
        case .crash: node.isAlive = false
        case .suspect(let other):
            node.suspects.insert(other)
            node.handle(.peerDisconnected(members[other]), at: now, into: &effects)
        case .wake: node.wake(at: now, into: &effects)
        }
    }

    mutating func outcome(of cause: Cause) -> Outcome {
        if let known = outcomes[cause] { return known }
        var node = node(cause.state)
        let index = states[Int(cause.state)].index
        happen(cause.event, &node, index, at: cause.now)
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
        let outcome = Outcome(
            state: number(of: node, index, cause: cause, history: history), sends: sends)
        outcomes[cause] = outcome
        return outcome
    }
}
