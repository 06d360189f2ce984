import GroupCore
import GroupModel

/// What a seed did to its world, as a list that can lose any of its items.
struct DrawnScript: Hashable {
    enum Item: Hashable {
        case luck(at: WorldMoment, UInt64)
        case act(at: WorldMoment, WorldAct)

        var moment: WorldMoment {
            switch self {
            case .luck(let moment, _), .act(let moment, _): moment
            }
        }

        func at(_ moment: WorldMoment) -> Self {
            switch self {
            case .luck(_, let state): .luck(at: moment, state)
            case .act(_, let act): .act(at: moment, act)
            }
        }
    }

    var settings: ScenarioSettings
    var items: [Item]
    /// When the world is to converge; nil: the script just ends.
    var end: Int64?

    init<Core: SimulatedCore>(_ core: Core.Type, seed: UInt64, options: SimulationOptions) {
        var options = options.drawn(by: seed)
        options.keepsActs = true
        options.keepsTranscript = false
        var world = World<Core>(seed: seed, options: options)
        world.simulate()
        settings = ScenarioSettings()
        settings.seed = seed
        settings.nodes = options.nodes
        settings.groups = options.groups
        settings.faults = options.faults
        settings.isPrimaryMode = options.isPrimaryMode
        settings.plan = world.plan
        // What was due later finds a world that converges.
        let end = World<Core>.end(of: options)
        self.end = end
        items = world.acts.filter { $0.moment.time <= end }.flatMap { drawn -> [Item] in
            [.luck(at: drawn.moment, drawn.luck)] + (drawn.act.map { [.act(at: drawn.moment, $0)] } ?? [])
        }
    }

    /// What counts as large: statements, and parts of them.
    var size: Int { items.reduce(settings.lines.count + settings.nodes + settings.groups) { $0 + $1.weight } }

    var steps: [ScenarioStep] {
        var statements: [ScenarioStatement] = []
        for item in items {
            statements.append(.at(item.moment))
            switch item {
            case .luck(_, let state): statements.append(.luck(state))
            case .act(_, let act): statements.append(.act(act))
            }
        }
        if let end { statements += [.at(WorldMoment(time: end)), .converge] }
        return statements.map { ScenarioStep(line: 0, text: "", statement: $0) }
    }

    /// As a script is written.
    var text: String {
        let names = World<NodeCore>(
            seed: 0,
            options: SimulationOptions(nodes: settings.nodes, groups: settings.groups, seconds: 0, faults: .none))
        var lines = settings.lines + [""]
        for item in items {
            let events = item.moment.events.map { " after \($0) events" } ?? ""
            let time = TimeText.span(item.moment.time) + events
            switch item {
            case .luck(_, let state): lines.append("at \(time) luck \(String(state, radix: 16))")
            case .act(_, let act): lines.append("at \(time) \(names.text(of: act))")
            }
        }
        if let end { lines.append("at \(TimeText.span(end)) converge") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension DrawnScript.Item {
    var weight: Int {
        switch self {
        case .luck, .act(_, .start), .act(_, .crash), .act(_, .stop), .act(_, .pause), .act(_, .resume),
            .act(_, .deafen),
            .act(_, .hear), .act(_, .evict), .act(_, .slow), .act(_, .heal), .act(_, .reset), .act(_, .lose),
            .act(_, .flush),
            .act(_, .direct), .act(_, .holdOK), .act(_, .holdOKAgain), .act(_, .explicitHolds), .act(_, .reload),
            .act(_, .calm):
            2
        case .act(_, .block(let links)), .act(_, .clog(let links, _)): 1 + links.count
        case .act(_, .join(_, _, let groups)): 1 + groups.count
        case .act(_, .leave(let seats)): 1 + seats.count
        case .act(_, .send(_, _, let count, let bytes)): 1 + count + (bytes > 40 ? 1 : 0)
        }
    }

    /// The same with less in it.
    var lighter: [Self] {
        guard case .act(let moment, let act) = self else { return [] }
        return act.lighter.map { .act(at: moment, $0) }
    }
}

extension WorldAct {
    var lighter: [WorldAct] {
        switch self {
        case .block(let links) where links.count > 1:
            return links.indices.map { index in
                var rest = links
                rest.remove(at: index)
                return .block(rest)
            }
        case .clog(let links, let lengths) where links.count > 1:
            return links.indices.map { index in
                var (rest, times) = (links, lengths)
                rest.remove(at: index)
                times.remove(at: index)
                return .clog(rest, times)
            }
        case .join(let node, let endpoint, let groups) where groups.count > 1:
            return groups.map { .join(node, endpoint: endpoint, groups: [$0]) }
                + groups.map { group in .join(node, endpoint: endpoint, groups: groups.filter { $0 != group }) }
        case .leave(let seats) where seats.count > 1: return seats.map { .leave([$0]) }
        case .send(let seat, let order, let count, let bytes):
            var lighter: [WorldAct] = []
            if count > 1 {
                lighter.append(.send(seat, order, count: 1, bytes: bytes))
                lighter.append(.send(seat, order, count: count / 2, bytes: bytes))
            }
            if bytes > 40 { lighter.append(.send(seat, order, count: count, bytes: 40)) }
            return lighter
        default: return []
        }
    }
}
