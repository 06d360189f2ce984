import GroupCore
import GroupModel
import GroupWire

/// The state of a small world in a search: everything that happens next is a choice. Nodes and packets are numbers in the
/// search's `LocalStates`.
struct WorldState {
    enum Action: Hashable {
        /// Position in the link, which is 0 unless datagrams overtake each other.
        case deliver(from: Int, to: Int, position: Int)
        /// All that a crashed node still had on its way to this one.
        case lose(from: Int, to: Int)
        case request(Int)
        case crash(Int)
        /// The liveness connection of `at` to the node broke.
        case suspect(Int, at: Int)
        case tick
    }

    private(set) var states: [Int32]
    /// Per directed link, from × count + to.
    private(set) var links: [[Int32]]
    private(set) var now: Int64
    private var crashes = 0
    private var mistakes = 0
    private var ticks = 0

    init(_ world: SmallWorld, _ table: inout LocalStates) {
        states = []
        links = []
        now = world.now
        for (index, node) in world.nodes.enumerated() {
            var node = node
            node.last = Array(repeating: -1, count: world.nodes.count)
            states.append(table.number(of: node, index: index))
        }
        for link in world.links { links.append(link.map { table.number(of: $0) }) }
    }

    var count: Int { states.count }
    private func link(_ from: Int, _ to: Int) -> Int { from * count + to }

    func isAlive(_ node: Int, _ table: LocalStates) -> Bool { table.states[Int(states[node])].isAlive }
    func isEmpty(from: Int, to: Int) -> Bool { links[link(from, to)].isEmpty }
    /// All that may go wrong has.
    func isSpent(_ plan: SmallWorldPlan) -> Bool { crashes == plan.crashes && mistakes == plan.mistakes }

    /// What tells this state from others.
    func key(_ plan: SmallWorldPlan) -> UInt64 {
        var result = StableHash.mix(UInt64(bitPattern: now) &+ UInt64(crashes << 48 | mistakes << 52 | ticks << 56))
        for state in states { result = StableHash.mix(result &* 31 ^ UInt64(state)) }
        for link in links {
            result = StableHash.mix(result &* 31 ^ 0x5EED)
            // Where they may overtake each other, their order is none.
            for packet in plan.reorders ? link.sorted() : link {
                result = StableHash.mix(result &* 31 ^ UInt64(packet))
            }
        }
        return result
    }

    /// What may happen next. Empty: nothing but time passes.
    func actions(_ plan: SmallWorldPlan, _ table: LocalStates) -> [Action] {
        var result: [Action] = []
        var isQuiet = true
        for from in states.indices {
            for to in states.indices where !links[link(from, to)].isEmpty {
                isQuiet = false
                let positions = plan.reorders ? links[link(from, to)].count : 1
                for position in 0..<positions { result.append(.deliver(from: from, to: to, position: position)) }
                if !isAlive(from, table) { result.append(.lose(from: from, to: to)) }
            }
        }
        for at in states.indices where isAlive(at, table) {
            let suspects = table.states[Int(states[at])].suspects
            for other in states.indices where other != at && !suspects.contains(other) {
                if !isAlive(other, table) {
                    isQuiet = false
                    result.append(.suspect(other, at: at))
                } else if mistakes < plan.mistakes {
                    result.append(.suspect(other, at: at))
                }
            }
            if table.states[Int(states[at])].requested < plan.requests[at].count {
                isQuiet = false
                result.append(.request(at))
            }
            // Somebody must be left to see it.
            if crashes < plan.crashes, states.indices.count(where: { isAlive($0, table) }) > 1 {
                result.append(.crash(at))
            }
        }
        if isQuiet, ticks < plan.ticks, let next = nextDeadline(table), next - now <= Self.longestTick {
            result.append(.tick)
        }
        return result
    }

    /// Whether nothing must happen any more: what else these actions do may be left undone.
    func isEnd(_ actions: [Action], _ table: LocalStates) -> Bool {
        actions.allSatisfy { action in
            switch action {
            case .crash, .tick: true
            case .suspect(let other, _): table.states[Int(states[other])].isAlive
            case .deliver, .lose, .request: false
            }
        }
    }

    /// Repairs and repetitions are due within this; heartbeats and announcements are not.
    private static var longestTick: Int64 { 35_000_000 }

    private func nextDeadline(_ table: LocalStates) -> Int64? {
        states.lazy.filter { table.states[Int($0)].isAlive }.compactMap { table.states[Int($0)].deadline }.min()
    }

    mutating func perform(_ action: Action, _ table: inout LocalStates) {
        switch action {
        case .deliver(let from, let to, let position):
            let packet = links[link(from, to)].remove(at: position)
            happen(.arrival(packet, from: from), to, &table)
        case .lose(let from, let to): links[link(from, to)].removeAll()
        case .request(let node): happen(.request, node, &table)
        case .crash(let node):
            crashes += 1
            happen(.crash, node, &table)
            for from in states.indices { links[link(from, node)].removeAll() }
        case .suspect(let other, let at):
            if table.states[Int(states[other])].isAlive { mistakes += 1 }
            happen(.suspect(other), at, &table)
        case .tick:
            ticks += 1
            now = nextDeadline(table) ?? now
            for node in states.indices where table.states[Int(states[node])].isAlive { happen(.wake, node, &table) }
        }
    }

    private mutating func happen(_ event: SmallEvent, _ node: Int, _ table: inout LocalStates) {
        let outcome = table.outcome(of: .init(state: states[node], event: event, now: now))
        states[node] = outcome.state
        for send in outcome.sends where table.states[Int(states[send.to])].isAlive {
            let link = link(node, send.to)
            let behind = links[link].last ?? table.states[Int(states[send.to])].last[node]
            table.sent(send.packet, at: .init(from: node, to: send.to, behind: behind))
            links[link].append(send.packet)
        }
    }

    func world(_ plan: SmallWorldPlan, _ table: inout LocalStates) -> SmallWorld {
        SmallWorld(
            plan, nodes: states.map { table.node($0) },
            links: links.map { link in link.map { table.packets[Int($0)] } }, now: now)
    }

    /// What the actions do, one after the other, in words.
    func telling(_ actions: [Action], _ plan: SmallWorldPlan, _ table: inout LocalStates) -> [String] {
        var world = self
        var words: [String] = []
        for action in actions {
            words.append(world.words(for: action, plan, table))
            world.perform(action, &table)
        }
        return words
    }

    private func words(for action: Action, _ plan: SmallWorldPlan, _ table: LocalStates) -> String {
        switch action {
        case .deliver(let from, let to, let position):
            let packet = table.packets[Int(links[link(from, to)][position])]
            let header = try? FrameHeader.read(packet.contents)
            return "n\(to) gets \(header.map { "\($0.kind)" } ?? "a datagram") from n\(from)"
        case .lose(let from, let to): return "n\(to) gets nothing more from n\(from)"
        case .request(let node):
            return "n\(node) asks: \(plan.requests[node][table.states[Int(states[node])].requested])"
        case .crash(let node): return "n\(node) crashes"
        case .suspect(let other, let at): return "n\(at) suspects n\(other)"
        case .tick: return "time passes"
        }
    }
}
