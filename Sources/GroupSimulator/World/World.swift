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
    var hasOpenTurn = false
    var isStopping = false
    /// An application here does not read: the core refuses data.
    var isSlow = false
    /// It was to read again during a pause.
    var isDueToRead = false
    /// Nanoseconds that the node takes for each datagram, and until when it is at one.
    var cost: Int64 = 0
    var busyUntil: Int64 = 0
    /// Datagrams that wait for it.
    var waiting = 0
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
    private var firstEventOfNow = 0

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
        trace = WorldTrace(named: "seed \(seed)")
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

    // The clock.

    /// Lets everything happen up to and including `end`.
    mutating func run(until end: Int64) {
        while let time = heap.nextTime, time <= end, eventCount < Self.eventLimit {
            guard let event = heap.pop() else { break }
            advance(to: time)
            eventCount += 1
            happen(event)
            if isStaged, react() { return }
        }
        advance(to: max(now, end))
    }

    /// Lets everything happen before that moment.
    mutating func run(until moment: WorldMoment) {
        guard let events = moment.events else { return run(until: moment.time) }
        run(until: moment.time - 1)
        advance(to: moment.time)
        while heap.nextTime == now, eventsOfNow < events, let event = heap.pop() {
            eventCount += 1
            happen(event)
            _ = react()
        }
    }

    private mutating func advance(to time: Int64) {
        guard time != now else { return }
        now = time
        firstEventOfNow = eventCount
    }

    /// Those that a script has as events, too.
    var eventsOfNow: Int { eventCount - firstEventOfNow }

    private mutating func happen(_ event: WorldEvent) {
        let node = Int(event.a)
        if event.kind.isDrawn { firstEventOfNow += 1 }
        switch event.kind {
        case .datagram: arrive(event)
        case .wake, .turnEnd, .act, .holdAnswer, .relief, .persisted, .resume:
            guard nodes[node].life == event.life, nodes[node].isAlive else { return }
            own(event, node)
        case .connect: connect(node, Int(event.b))
        case .connected, .disconnected: tell(event)
        case .disconnectCheck: breakConnection(node, Int(event.b), event.c)
        case .boot: if mayFail, !nodes[node].isAlive { perform(.start(node)) }
        case .restart: if !nodes[node].isAlive { start(node) }
        case .faults: tickOfFaults()
        }
    }

    private mutating func own(_ event: WorldEvent, _ node: Int) {
        if event.kind == .resume { return resume(node) }
        if nodes[node].isPaused {
            switch event.kind {
            case .act:
                // Its applications go on when the node does.
                guard isBusy else { return }
                scheduleAct(node)
                markLuck()
            case .relief: nodes[node].isDueToRead = true
            default: nodes[node].backlog.append(event)
            }
            return
        }
        switch event.kind {
        case .wake:
            // One that an earlier deadline replaced is stale; each would otherwise set another.
            guard event.time == nodes[node].wake else { return }
            wake(node)
        case .turnEnd:
            nodes[node].hasOpenTurn = false
            // A clock that drifts rounds a deadline anew at each look.
            if hasCore(node), cores[node][0].isAtRest, nodes[node].drift == 0, !isStaged { return }
            handle(.turnEnded, node, opensTurn: false)
        case .act: act(node)
        case .holdAnswer: answerHold(node, seat: Int(event.b))
        case .relief: perform(.hear(node))
        case .persisted: persisted(event.c, node)
        default: break
        }
    }

    /// What the node's clock shows.
    @inline(__always)
    func clock(_ node: Int) -> Instant {
        let drift = nodes[node].drift
        return Instant(
            nanoseconds: drift == 0
                ? now : now + now / 1_000_000_000 * drift + now % 1_000_000_000 * drift / 1_000_000_000)
    }

    /// When the node's clock shows this, or a moment later.
    @inline(__always)
    private func time(_ instant: Instant, _ node: Int) -> Int64 {
        let drift = nodes[node].drift
        guard drift != 0 else { return instant.nanoseconds }
        let ahead = instant - clock(node)
        guard ahead > .zero else { return now }
        // Never earlier than due: what is late by less than a tenth is late by little.
        return now + min(ahead.nanoseconds, 1 << 50) * 1_000 / (1_000 + drift / 1_000_000) + 1
    }

    // One core.

    @inline(__always)
    private func hasCore(_ node: Int) -> Bool { !cores[node].isEmpty }

    mutating func handle(_ event: NodeEvent, _ node: Int, opensTurn: Bool = true) {
        let time = clock(node)
        if hasCore(node) { cores[node][0].handle(event, at: time, into: &effects) }
        settle(node, opensTurn: opensTurn)
    }

    private mutating func wake(_ node: Int) {
        nodes[node].wake = .max
        if hasCore(node), let deadline = cores[node][0].nextDeadline, deadline <= clock(node) {
            handle(.deadlineReached, node)
        } else {
            schedule(node)
        }
    }

    /// What the shell does after each event: trace lines first, then packets, then indications.
    mutating func settle(_ node: Int, opensTurn: Bool) {
        if effects.isEmpty {
            if isStruck(node) { return end(node, closing: .prompt) }
            return rest(node, opensTurn: opensTurn)
        }
        if !effects.trace.isEmpty { record(node) }
        if !effects.notes.isEmpty { remark(node) }
        if let write = effects.write { self.write(write, node) }
        if isStruck(node) || !effects.transmissions.isEmpty && !transmit(from: node) {
            effects.removeAll()
            return end(node, closing: .prompt)
        }
        for card in effects.learned { network.learn(card, at: node, nodeIDs) }
        let stopped = effects.stopped
        if !effects.lwg.isEmpty { indicate(node) }
        effects.removeAll()
        if stopped { return end(node, closing: .prompt) }
        rest(node, opensTurn: opensTurn)
    }

    /// Until the turn's end, or until something is due.
    private mutating func rest(_ node: Int, opensTurn: Bool) {
        if opensTurn, !nodes[node].hasOpenTurn {
            nodes[node].hasOpenTurn = true
            heap.push(
                .turnEnd, at: now + Int64(random.below(Self.turnLength)), a: node, life: nodes[node].life)
        }
        schedule(node)
    }

    private mutating func schedule(_ node: Int) {
        guard hasCore(node), let deadline = cores[node][0].nextDeadline else { return }
        // A deadline in the past is due at once, but not before what else happens at this time.
        let time = max(self.time(deadline, node), now)
        guard time < nodes[node].wake else { return }
        nodes[node].wake = time
        heap.push(.wake, at: time, a: node, life: nodes[node].life)
    }

    private mutating func record(_ node: Int) {
        let records = effects.trace
        trace.append(records)
        for record in records.indices {
            if options.keepsTranscript {
                happened(TimelineKind(records[record].event)) { $0.text(records[record]) }
            }
            // Those of heavyweight groups are their nodes'.
            guard case .node = records[record].member else { continue }
            switch records[record].event {
            case .view(.hwg(let group), let view): install(group, view, node)
            case .leave(.hwg(let group)):
                heavyweightViews[node].removeAll { $0.group == group }
                if group == Self.controlGroup { lineages.control[node] = nil } else { lineages.leave(group, node) }
            default: break
            }
        }
    }

    private mutating func install(_ group: HWGID, _ view: TraceView, _ node: Int) {
        let members = view.members.compactMap { member -> MemberID? in
            if case .node(let id) = member { id } else { nil }
        }
        let installed = View(id: view.id, members: members)
        if view.previous != nil, view.transitional.count < members.count,
            nodes[node].applications.memberships.contains(.joining)
        {
            count("mergeDuringJoin")
        }
        heavyweightViewCount += 1
        track(group, installed, isPrimary: view.primary, node)
        if view.primary, options.isPrimaryMode, group == Self.controlGroup,
            !primaryViews.contains(where: { $0.id == view.id })
        {
            primaryViews.append((view.id, node))
        }
        if let place = heavyweightViews[node].firstIndex(where: { $0.group == group }) {
            heavyweightViews[node][place].view = installed
        } else {
            heavyweightViews[node].append((group, installed))
        }
    }

    private mutating func remark(_ node: Int) {
        for note in effects.notes {
            count(Self.name(of: note))
            switch note {
            case .group(_, .restarted(let attempt)) where attempt > 2: count("hwg.restartedTwice")
            case .group(_, .lostRecord(let view)):
                violate("M7", node, "it takes its record to be lost, because \(text(view)) names it")
            case .group(let group, .gaveUp):
                if group == Self.controlGroup { lineages.control[node] = nil } else { lineages.leave(group, node) }
            case .group(_, .adopted(_, let accepted, let members)) where 2 * accepted > members:
                count("hwg.adoptedMajority")
            default: break
            }
            if options.keepsTranscript, let text = text(note, at: node) {
                happened(TimelineKind(note)) { _ in text }
            }
        }
    }

    private static func name(of note: Note) -> String {
        switch note {
        case .suspected(_, let suspicion): "suspected.\(suspicion)"
        case .alive: "alive"
        case .group(_, .installed): "hwg.installed"
        case .group(_, .held): "hwg.held"
        case .group(_, .restarted): "hwg.restarted"
        case .group(_, .tookOver): "hwg.tookOver"
        case .group(_, .adopted): "hwg.adopted"
        case .group(_, .donorFailed): "hwg.donorFailed"
        case .lightweight(.tablesAgain): "tablesAgain"
        case .group(_, .excluded): "hwg.excluded"
        case .group(_, .refused): "hwg.refused"
        case .group(_, .mergeFailed): "hwg.mergeFailed"
        case .group(_, .left): "hwg.left"
        case .group(_, .noMajority): "hwg.noMajority"
        case .group(_, .gaveUp): "hwg.gaveUp"
        case .group(_, .otherInitial): "hwg.otherInitial"
        case .group(_, .lostRecord): "hwg.lostRecord"
        case .rejected: "rejected"
        case .otherCluster: "otherCluster"
        case .malformed: "malformed"
        }
    }

    mutating func count(_ name: String) { rare[name, default: 0] += 1 }

    /// A line of the timeline, shown and told to the script; `isShown` false: only told.
    mutating func happened(_ kind: TimelineKind = .matter, isShown: Bool = true, _ text: (Self) -> String) {
        guard options.keepsTranscript else { return }
        if options.isBrief, kind != .matter { return tally.count(kind) }
        let text = text(self)
        if isShown {
            if options.isBrief, let rest = tally.take() { say(rest) }
            say(text)
        }
        let now = now
        stage?.happened(text, at: now)
    }

    mutating func say(_ text: String) {
        guard options.keepsTranscript, transcript.count < Self.transcriptLimit else { return }
        transcript.append("\(TimeText.column(now))  \(text)")
    }

    mutating func violate(_ property: String, _ node: Int, group: String = "", _ why: String) {
        // One cause shows again and again.
        guard violations.count < 50 else { return }
        say("VIOLATION \(property) \(why)")
        violations.append(
            Violation(
                property: property, group: group, process: "\(nodes[node].name).\(nodes[node].incarnation)",
                file: "", line: 0, why: "at \(now / 1_000) us: \(why)"))
    }
}
