import GroupCore
import GroupModel

// What befalls nodes and links.
extension World {
    enum Closing { case prompt, late }

    private static var tick: Int64 { 100_000_000 }

    mutating func start(_ node: Int) {
        nodes[node].incarnation += 1
        nodes[node].life += 1
        nodes[node].isPaused = false
        nodes[node].isStopping = false
        nodes[node].isSlow = false
        nodes[node].isDueToRead = false
        nodes[node].cost = 0
        nodes[node].busyUntil = 0
        nodes[node].waiting.removeAll()
        nodes[node].hasOpenTurn = false
        nodes[node].wake = .max
        nodes[node].backlog.removeAll()
        nodes[node].applications = Applications()
        nodes[node].applications.memberships = Array(repeating: .out, count: plan.endpoints * options.groups)
        heavyweightViews[node].removeAll()
        lineages.end(node)
        let card = nodes[node].card
        trace.learn(card)
        nodes[node].isAlive = true
        effects.trace.append(
            TraceRecord(time: clock(node), member: .node(card.member), event: .start))
        cores[node] = [Core(configuration: configuration(node, seed: random.next()), at: clock(node))]
        if plan.holdDelay > 0 { handle(.explicitHolds(endpoint: endpointNames[1], true), node) }
        settle(node, opensTurn: true)
        guard isBusy || options.isDrawn else {
            // Several nodes that start when the world calms down draw one after the other, this one the time of its first act.
            if !mayFail { _ = random.next() }
            return
        }
        scheduleAct(node)
        if mayFail { markLuck() }
    }

    func configuration(_ node: Int, seed: UInt64) -> CoreConfiguration {
        var configuration = CoreConfiguration(
            card: nodes[node].card, cluster: "simulated", seed: seed, defaultGroup: Self.controlGroup)
        configuration.initialNodes = nodes.map(\.id)
        configuration.initialCount = nodes.count
        // As the runtime, whose state directory keeps no more than the incarnation.
        configuration.isFresh = nodes[node].incarnation == 1
        if options.isPrimaryMode { configuration.record = loadedRecord(node) }
        configuration.joinGather = plan.joinGather
        configuration.failureTimeout = plan.failureTimeout
        configuration.holdDeadline = plan.holdDeadline
        configuration.packetBytes = plan.packetBytes
        configuration.windowPackets = plan.windowPackets
        configuration.traces = true
        configuration.carriesAtOnce = plan.carriesAtOnce
        configuration.limits.endedGroups = plan.endedGroups
        plan.tuning.apply(to: &configuration, at: node)
        if plan.heavyweightGroups > 1 { configuration.pins.append((pattern: "*1", group: Self.group("east"))) }
        if plan.heavyweightGroups > 2 { configuration.pins.append((pattern: "*2", group: Self.group("west"))) }
        return configuration
    }

    private static var pools: [HWGID] { ["pool", "east", "west"].map(group) }

    /// The group for names that no pin matches; in the mode `primary` the control group.
    static var controlGroup: HWGID { group("pool") }

    /// Where the pins of `configuration` put a light-weight group.
    func carrier(of group: Int) -> HWGID {
        switch group % 10 {
        case 1 where plan.heavyweightGroups > 1: Self.group("east")
        case 2 where plan.heavyweightGroups > 2: Self.group("west")
        default: Self.controlGroup
        }
    }

    private static func group(_ name: String) -> HWGID {
        guard let name = ShortName(name) else { preconditionFailure("a heavyweight group's name is short") }
        return HWGID(named: name)
    }

    /// The process is gone: killed, or at the end of a graceful stop.
    mutating func end(_ node: Int, closing: Closing) {
        guard nodes[node].isAlive else { return }
        happened { "\($0.text($0.nodes[node].member)) ends" }
        nodes[node].isAlive = false
        cores[node] = []
        nodes[node].life += 1
        nodes[node].backlog.removeAll()
        nodes[node].waiting.removeAll()
        heavyweightViews[node].removeAll()
        lineages.end(node)
        crashDisk(node)
        for other in nodes.indices where other != node {
            network.connection[network.link(node, other)] = 0
            // The kernel's reset cannot cross a partition; then the heal or the time-out closes the connection.
            guard !network.isBlocked[network.link(node, other)] else { continue }
            close(other, node, within: closing == .prompt ? 1_000_000 : 800_000_000)
        }
        if mayFail { return }
        heap.push(.restart, at: now + 10_000_000, a: node)
    }

    mutating func tickOfFaults() {
        heap.push(.faults, at: now + Self.tick, a: 0)
        dial()
        closeDeadConnections()
        guard mayFail, options.isDrawn else { return }
        drawFaults()
        markLuck()
    }

    private mutating func drawFaults() {
        for node in nodes.indices {
            if !nodes[node].isAlive {
                if random.below(10_000) < plan.restart { perform(.start(node)) }
                continue
            }
            if chance(plan.crash) {
                perform(.crash(node, late: random.below(100) < plan.lateClose))
            } else if chance(plan.pause), !nodes[node].isPaused {
                let length = 10_000_000 + Int64(random.below(random.below(4) == 0 ? 3_000_000_000 : 300_000_000))
                perform(.pause(node, length))
            } else if chance(plan.slow), !nodes[node].isSlow, !nodes[node].isPaused {
                drawSlowness(node)
            } else if chance(plan.stop), !nodes[node].isPaused, !nodes[node].isStopping {
                perform(.stop(node))
            } else if chance(plan.slug) {
                count("slowNode")
                perform(.slow(node, nodes[node].cost > 0 ? 0 : 100_000 + Int64(random.below(2_000_000))))
            }
        }
        if chance(plan.massRestart) { crashMany(all: true, as: "massRestart") }
        if chance(plan.massCrash) {
            let all = random.below(2) == 0
            crashMany(all: all, as: all ? "totalCrash" : "massCrash")
        }
        if network.isBlocked.count(where: { $0 }) > plan.deadLinks.count {
            if chance(plan.heal) {
                perform(.heal)
                killLinks()
            }
        } else if chance(plan.partition) {
            drawPartition()
        }
        if chance(plan.clog) { drawClog() }
        if chance(plan.reset) { perform(.reset(random.below(nodes.count), random.below(nodes.count))) }
    }

    /// All end at once, and come back within a moment.
    mutating func stop(_ node: Int) {
        guard nodes[node].isAlive, !nodes[node].isStopping else { return }
        count("stop")
        nodes[node].isStopping = true
        handle(.stop, node)
    }

    /// All nodes, or about two of three, die at once and come back one by one.
    private mutating func crashMany(all: Bool, as name: String) {
        count(name)
        for node in nodes.indices where all || random.below(3) > 0 {
            if nodes[node].isAlive { perform(.crash(node, late: random.below(100) < plan.lateClose)) }
            heap.push(.boot, at: now + Int64(random.below(1_000_000_000)), a: node)
        }
    }

    private mutating func chance(_ of10000: Int) -> Bool { of10000 > 0 && random.below(10_000) < of10000 }

    /// Data of all its heavyweight groups are put back to the network, or some of its seats are evicted.
    private mutating func drawSlowness(_ node: Int) {
        let members = nodes[node].applications.members
        if random.below(2) == 0, !members.isEmpty {
            if let seat = seat(node, members[random.below(members.count)]) { perform(.evict(seat)) }
            return
        }
        perform(.deafen(node))
        heap.push(
            .relief, at: now + 1_000_000 + Int64(random.below(3_000_000_000)), a: node, life: nodes[node].life)
    }

    mutating func deafen(_ node: Int) {
        guard nodes[node].isAlive, !nodes[node].isSlow else { return }
        count("slowConsumer")
        nodes[node].isSlow = true
        handle(.refuseData(of: Self.pools), node)
    }

    mutating func relieve(_ node: Int) {
        guard nodes[node].isSlow else { return }
        nodes[node].isSlow = false
        handle(.refuseData(of: []), node)
    }

    mutating func pause(_ node: Int, _ length: Int64?) {
        guard nodes[node].isAlive, !nodes[node].isPaused else { return }
        count("pause")
        nodes[node].isPaused = true
        if let length { heap.push(.resume, at: now + length, a: node, life: nodes[node].life) }
    }

    /// Datagrams first, so that no suspicion is older than what the socket holds.
    mutating func resume(_ node: Int) {
        guard nodes[node].isPaused else { return }
        happened { "\($0.text($0.nodes[node].member)) goes on" }
        nodes[node].isPaused = false
        var backlog: [WorldEvent] = []
        swap(&backlog, &nodes[node].backlog)
        let life = nodes[node].life
        for event in backlog where event.kind == .datagram { arrive(event) }
        for event in backlog where event.kind == .connected || event.kind == .disconnected { tell(event) }
        guard nodes[node].life == life else { return }
        for event in backlog where [.serve, .wake, .turnEnd, .holdAnswer, .persisted].contains(event.kind) {
            if event.kind == .wake { nodes[node].wake = now }
            heap.push(event.kind, at: now, a: node, b: Int(event.b), c: Int(event.c), life: life)
        }
        guard nodes[node].isDueToRead else { return }
        nodes[node].isDueToRead = false
        heap.push(.relief, at: now, a: node, life: life)
    }

    private mutating func drawPartition() {
        let mode = random.below(5)
        var links: [WorldLink] = []
        func block(_ isCut: (Int, Int) -> Bool) {
            for a in nodes.indices {
                for b in nodes.indices where isCut(a, b) { links.append(WorldLink(from: a, to: b)) }
            }
        }
        switch mode {
        case 0, 1:
            // Two sides, or one node alone.
            let lone = random.below(nodes.count)
            let side = nodes.indices.map { node in mode == 1 ? node == lone : random.below(2) == 0 }
            count(mode == 1 ? "isolation" : "partition")
            block { side[$0] != side[$1] }
        case 2:
            // One side does not reach the other, which reaches it.
            count("asymmetricPartition")
            let side = nodes.indices.map { _ in random.below(2) == 0 }
            block { side[$0] && !side[$1] }
        case 3:
            count("oneWayLink")
            let one = random.below(nodes.count)
            let other = random.below(nodes.count)
            block { $0 == one && $1 == other && one != other }
        default:
            // Two sides that both reach one node: the bridge.
            count("bridge")
            let bridge = random.below(nodes.count)
            let side = nodes.indices.map { _ in random.below(2) == 0 }
            block { $0 != bridge && $1 != bridge && side[$0] != side[$1] }
        }
        if !links.isEmpty { perform(.block(links)) }
    }

    mutating func block(_ from: Int, _ to: Int) {
        let link = network.link(from, to)
        guard !network.isBlocked[link] else { return }
        network.isBlocked[link] = true
        network.blockedSince[link] = now
        heap.push(.disconnectCheck, at: now + plan.disconnectAfter, a: from, b: to)
    }

    mutating func heal() {
        for link in network.isBlocked.indices { network.isBlocked[link] = false }
    }

    /// Connections to processes that ended behind a partition: the first packet that crosses is answered with a reset.
    private mutating func closeDeadConnections() {
        for a in nodes.indices where nodes[a].isAlive {
            for b in nodes.indices where a != b && !nodes[b].isAlive && network.canTalk(a, b) {
                close(a, b, within: 200_000_000)
            }
        }
    }

    private mutating func drawClog() {
        if random.below(3) > 0 {
            count("clog")
            let link = random.below(nodes.count * nodes.count)
            let length = Int64(random.below(2_000_000_000))
            return perform(.clog([WorldLink(from: link / nodes.count, to: link % nodes.count)], [length]))
        }
        // Swizzle: the links of one node, one after the other, free again in another order.
        count("swizzleClog")
        let node = random.below(nodes.count)
        var links: [WorldLink] = []
        var lengths: [Int64] = []
        for other in nodes.indices where other != node {
            links += [WorldLink(from: other, to: node), WorldLink(from: node, to: other)]
            for _ in 0..<2 { lengths.append(Int64(random.below(2_000_000_000))) }
        }
        perform(.clog(links, lengths))
    }
}
