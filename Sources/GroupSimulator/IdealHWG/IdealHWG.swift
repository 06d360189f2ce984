import GroupModel

/// Heavyweight groups that are right by construction: several groups over several nodes in one value, in virtual steps.
///
/// Every view has one list of messages per sender and one global sequence of the ordered ones; each receiver
/// delivers them at its own pace. At a view's end the survivors of each side agree on a cut by being told it. What may
/// go otherwise in a real stack without breaking the contract does go otherwise here, by the seed.
public struct IdealHWG: Sendable {
    /// What one step told one node.
    public struct Told {
        public let node: Int
        public let hwg: HWGID
        public let indications: HWGIndications
    }

    struct Message: Sendable {
        let packet: Packet
        let label: UInt32
        let number: UInt64
        let order: Order
        let isControl: Bool
    }

    /// A message by its sender's rank and place in the sender's stream.
    struct Place: Hashable, Sendable {
        let rank: Int
        let index: Int
    }

    /// One view, agreed by its members.
    struct Instance: Sendable {
        let view: View<MemberID>
        /// Nodes by rank.
        let nodes: [Int]
        let change: [SubView<MemberID>]
        let primary: Bool
        var sent: [[Message]]
        /// The global order, so far.
        var sequence: [Place] = []
        /// Ordered messages are sequenced in each sender's order: the next place to look at.
        var looked: [Int]
        var directs: [(from: Int, to: Int, number: UInt64, bytes: [UInt8])] = []
        var closings: [Closing] = []
        /// Per rank: so many messages are received by all, because a safe one of them was delivered (S1); and so many of the
        /// sequence. Whoever leaves the view delivers them.
        var stable: [Int]
        var stableOrdered = 0

        init(view: View<MemberID>, nodes: [Int], change: [SubView<MemberID>], primary: Bool) {
            self.view = view
            self.nodes = nodes
            self.change = change
            self.primary = primary
            sent = .init(repeating: [], count: nodes.count)
            looked = .init(repeating: 0, count: nodes.count)
            stable = looked
        }

        /// Whether a safe message may be taken for received by all: not when a side has left without it.
        func mayBeStable(_ rank: Int, _ index: Int) -> Bool { closings.allSatisfy { $0.cut[rank] > index } }

        /// All messages up to this one, of its sender and in the sequence, are received by all.
        mutating func becameStable(_ rank: Int, _ index: Int, ordered: Int) {
            stable[rank] = max(stable[rank], index + 1)
            stableOrdered = max(stableOrdered, ordered)
            for place in sequence[..<stableOrdered] { stable[place.rank] = max(stable[place.rank], place.index + 1) }
        }
    }

    /// How one side leaves a view.
    struct Closing: Sendable {
        /// Per rank: how many messages all survivors deliver.
        let cut: [Int]
        let order: [Place]
        /// From here on `order` is not the sequencer's: others may have seen another one.
        let rest: Int
        /// The instance that survivors go to.
        let next: Int?
        let survivors: [MemberID]
    }

    /// One node in one group.
    struct Membership: Sendable {
        enum Hold: Sendable { case open, raised, answered(hasState: Bool) }
        var instance: Int
        var rank: Int
        var delivered: [Int]
        var ordered = 0
        /// The layer above knows of this view; a joiner's singleton may stay hidden until it is merged.
        var isShown: Bool
        var isFirst = true
        var hold = Hold.open
        var closing: Int?
        var isLeaving = false
        var waitingControl: [[UInt8]] = []
        var flushes: [UInt64] = []

        var hasAnswered: Bool {
            if !isShown { return true }
            if case .answered = hold { return true }
            return false
        }
    }

    struct Group: Sendable {
        let id: HWGID
        var instances: [Instance] = []
        var memberships: [Membership?]
        /// Instances that a change in progress brings together, per component.
        var changes: [Int: [Int]] = [:]
        var numbers: [UInt64]
    }

    public private(set) var members: [MemberID]
    public internal(set) var isAlive: [Bool]
    /// Nodes of equal number reach each other.
    public internal(set) var component: [Int]
    var highestEpoch: [UInt64]
    var groups: [Group]
    var generator: SeededGenerator

    public init(nodes: Int, hwgs: [HWGID], seed: UInt64) {
        members = (0..<nodes).map { MemberID(node: NodeID(name: "n\($0)"), incarnation: 1) }
        isAlive = .init(repeating: true, count: nodes)
        component = .init(repeating: 0, count: nodes)
        highestEpoch = .init(repeating: 0, count: nodes)
        groups = hwgs.map {
            Group(
                id: $0, memberships: .init(repeating: nil, count: nodes), numbers: .init(repeating: 0, count: nodes))
        }
        generator = SeededGenerator(seed: seed)
    }

    // MARK: faults

    public mutating func crash(_ node: Int) {
        isAlive[node] = false
        for group in groups.indices {
            groups[group].memberships[node] = nil
            groups[group].changes.removeAll()
        }
    }

    /// A later incarnation of a crashed node, which remembers the highest epoch.
    public mutating func restart(_ node: Int) {
        members[node] = MemberID(node: members[node].node, incarnation: members[node].incarnation + 1)
        isAlive[node] = true
        for group in groups.indices { groups[group].numbers[node] = 0 }
    }

    public mutating func partition(_ components: [Int]) {
        component = components
        for group in groups.indices { groups[group].changes.removeAll() }
    }

    // MARK: requests

    public mutating func request(_ request: HWGRequest, from node: Int) {
        guard isAlive[node] else { return }
        switch request {
        case .join(let id): join(id, node)
        case .leave(let id):
            with(id, node) { world, group in world.groups[group].memberships[node]?.isLeaving = true }
        case .control(let id, let bytes):
            with(id, node) { world, group in
                // Control messages keep their order (O1).
                let isBehind = world.groups[group].memberships[node]?.waitingControl.isEmpty == false
                if world.isHeld(group, node) || world.generator.chance(0.1) || isBehind {
                    world.groups[group].memberships[node]?.waitingControl.append(bytes)
                } else {
                    world.number(bytes, label: 0, .total, isControl: true, group, node)
                }
            }
        case .direct(let id, let to, let bytes):
            with(id, node) { world, group in world.direct(bytes, to: to, group, node) }
        case .holdOK(let id, let view, let hasState):
            with(id, node) { world, group in
                guard let membership = world.groups[group].memberships[node],
                    world.groups[group].instances[membership.instance].view.id == view,
                    case .raised = membership.hold
                else { return }
                world.groups[group].memberships[node]?.hold = .answered(hasState: hasState)
            }
        case .flush(let id, let token):
            with(id, node) { world, group in world.groups[group].memberships[node]?.flushes.append(token) }
        }
    }

    /// The data path down.
    public mutating func multicast(
        _ bytes: [UInt8], label: UInt32, order: Order, on id: HWGID, from node: Int
    ) -> SendOutcome {
        guard let group = groups.firstIndex(where: { $0.id == id }), groups[group].memberships[node] != nil else {
            return .notMember
        }
        if isHeld(group, node) { return .held }
        return .accepted(number: number(bytes, label: label, order, isControl: false, group, node))
    }

    private mutating func with(_ id: HWGID, _ node: Int, _ body: (inout IdealHWG, Int) -> Void) {
        guard let group = groups.firstIndex(where: { $0.id == id }), groups[group].memberships[node] != nil else {
            return
        }
        body(&self, group)
    }

    private mutating func join(_ id: HWGID, _ node: Int) {
        guard let group = groups.firstIndex(where: { $0.id == id }), groups[group].memberships[node] == nil else {
            return
        }
        highestEpoch[node] += 1
        let view = View(
            id: ViewID(epoch: highestEpoch[node], coordinator: members[node]), members: [members[node]])
        groups[group].instances.append(
            Instance(view: view, nodes: [node], change: [], primary: members.count == 1))
        groups[group].memberships[node] = Membership(
            instance: groups[group].instances.count - 1, rank: 0, delivered: [0], isShown: false)
    }

    /// After HoldOK everything belongs to the next view.
    func isHeld(_ group: Int, _ node: Int) -> Bool {
        guard let membership = groups[group].memberships[node] else { return true }
        if membership.closing != nil || !membership.isShown { return true }
        if case .answered = membership.hold { return true }
        return false
    }

    @discardableResult
    mutating func number(
        _ bytes: [UInt8], label: UInt32, _ order: Order, isControl: Bool, _ group: Int, _ node: Int
    ) -> UInt64 {
        guard let membership = groups[group].memberships[node] else { return 0 }
        groups[group].numbers[node] += 1
        let number = groups[group].numbers[node]
        groups[group].instances[membership.instance].sent[membership.rank].append(
            Message(packet: Packet(bytes), label: label, number: number, order: order, isControl: isControl))
        return number
    }

    private mutating func direct(_ bytes: [UInt8], to: MemberID, _ group: Int, _ node: Int) {
        guard let membership = groups[group].memberships[node] else { return }
        groups[group].numbers[node] += 1
        let number = groups[group].numbers[node]
        guard let rank = groups[group].instances[membership.instance].view.rank(of: to) else { return }
        groups[group].instances[membership.instance].directs.append((membership.rank, rank, number, bytes))
    }
}
