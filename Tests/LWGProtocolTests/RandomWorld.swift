import GroupModel
import GroupSimulator
import LWGProtocol

/// Layers of several nodes over `IdealHWG`, driven and broken at random.
struct RandomWorld {
    struct Seat {
        let process: History.Process
        var hasView = false
        var isLeaving = false
        var pendingHold: ViewID?
    }
    struct Host {
        var layer: LWGLayer
        var seats: [SeatHandle: Seat] = [:]
        var order: [SeatHandle] = []
        var isHeavyHeld: [HWGID: Bool] = [:]
        var carrier: (HWGID, ViewID)?
    }

    var ideal: IdealHWG
    var hosts: [Host] = []
    var history = History()
    var generator: SeededGenerator
    let hwgs: [HWGID]
    let names: [String]
    let endpoints: [ShortName]
    var payload: UInt64 = 0
    var heavyViews: [HWGID: [ViewID: View<MemberID>]] = [:]
    var log: [String] = []
    var directsDelivered = 0
    var totals = LWGLayer.Counters()
    let isExplicit: Bool
    /// Send from every seat as soon as it has a view: what makes data early elsewhere.
    let isEager: Bool
    /// Most seats leave at their first view, so that LWGs end, and their numbers are freed as soon as may be.
    let isTransient: Bool
    var now = Instant.zero
    /// How fast time goes: zero in most worlds, elsewhere so that some applications are too late.
    let pace: Interval

    init(seed: UInt64, nodes: Int = 5, groups: Int = 20) {
        generator = SeededGenerator(seed: seed)
        hwgs = [ShortName("h1"), ShortName("h2")].compactMap { $0 }.map { HWGID(named: $0) }
        names = (0..<groups).map { ($0 % 3 == 0 ? "x" : "g") + "\($0)" }
        endpoints = ["0", "a", "b"].compactMap { ShortName($0) }
        ideal = IdealHWG(nodes: nodes, hwgs: hwgs, seed: seed &+ 1)
        isExplicit = seed % 3 != 0
        isTransient = [1, 5, 11].contains(seed % 13)
        isEager = seed % 2 == 0 || isTransient
        pace = seed % 11 == 5 ? .milliseconds(20) : .zero
        hosts = (0..<nodes).map { _ in Host(layer: Self.none(hwgs)) }
        for node in 0..<nodes { hosts[node] = host(ideal.members[node]) }
    }

    private static func none(_ hwgs: [HWGID]) -> LWGLayer {
        LWGLayer(
            me: MemberID(node: NodeID(raw: 0), incarnation: 0), mapping: StaticMapping(default: hwgs[0]),
            reportsHolds: true)
    }

    private func host(_ me: MemberID) -> Host {
        var limits = LWGLimits()
        if isTransient { limits.endedGroups = 0 }
        var layer = LWGLayer(
            me: me, mapping: StaticMapping(default: hwgs[0], pins: [("x*", hwgs[1])]), reportsHolds: true,
            limits: limits)
        if isExplicit { layer.explicitHolds(endpoint: endpoints[2], true) }
        return Host(layer: layer)
    }

    // MARK: the driver

    mutating func run(steps: Int) {
        for _ in 0..<steps where history.violations.isEmpty { act() }
        settle()
        for node in hosts.indices { count(hosts[node].layer.counters) }
        if totals.stale + totals.malformed > 0 { fail("stale or malformed: \(totals)") }
        history.judge()
    }

    mutating func count(_ counters: LWGLayer.Counters) {
        totals.interference += counters.interference
        totals.stale += counters.stale
        totals.early += counters.early
        totals.earlyVoid += counters.earlyVoid
        totals.views += counters.views
        totals.flushes += counters.flushes
        totals.void += counters.void
        totals.malformed += counters.malformed
        totals.lateDirects += counters.lateDirects
        totals.holdsExpired += counters.holdsExpired
        totals.numbersFreed += counters.numbersFreed
    }

    /// Time goes on, and each layer looks at the clock when it wants to.
    mutating func pass() {
        now = now + pace
        for node in hosts.indices where ideal.isAlive[node] {
            guard let due = hosts[node].layer.nextDeadline, due <= now else { continue }
            var out = LWGOutput()
            hosts[node].layer.deadlineReached(at: now, into: &out)
            take(out, node)
        }
    }

    mutating func act() {
        pass()
        let node = generator.below(hosts.count)
        switch generator.below(200) {
        case 0..<150: idealStep()
        case 150..<158: join(node)
        case 158..<161: leave(node)
        case 161..<186: send(node)
        case 186..<188: direct(node)
        case 188..<197: answerHold(node)
        case 197: if generator.chance(0.15) { crash(node) }
        case 198:
            if generator.chance(0.15) {
                ideal.partition(hosts.indices.map { _ in generator.below(2) })
                log.append("partition")
            } else if generator.chance(0.3) {
                ideal.partition(hosts.indices.map { _ in 0 })
                log.append("heal")
            }
        default:
            if !ideal.isAlive[node] {
                ideal.restart(node)
                hosts[node] = host(ideal.members[node])
                log.append("restart \(node)")
            }
        }
    }

    mutating func idealStep() {
        guard let told = ideal.step() else { return }
        for event in told.indications.events {
            switch event {
            case .view(let change):
                heavyViews[told.hwg, default: [:]][change.view.id] = change.view
                hosts[told.node].isHeavyHeld[told.hwg] = false
                log.append("\(told.node) \(told.hwg) view \(change.view.id.epoch) of \(change.view.members.count)")
            case .hold: hosts[told.node].isHeavyHeld[told.hwg] = true
            default: break
            }
        }
        var out = LWGOutput()
        hosts[told.node].layer.handle(told.indications, from: told.hwg, at: now, into: &out)
        take(out, told.node)
        guard isEager else { return }
        for case .indication(let seat, .view) in out.up.events {
            send(told.node, seat)
            if isTransient, generator.chance(0.7) { leave(told.node, seat) }
        }
    }

    mutating func join(_ node: Int) {
        guard ideal.isAlive[node] else { return }
        let groups = (0...generator.below(6)).map { _ in names[generator.below(names.count)] }
        var out = LWGOutput()
        hosts[node].layer.join(endpoint: endpoints[generator.below(endpoints.count)], groups: groups, into: &out)
        take(out, node)
    }

    mutating func randomSeat(_ node: Int) -> SeatHandle? {
        let order = hosts[node].order
        guard ideal.isAlive[node], !order.isEmpty else { return nil }
        return order[generator.below(order.count)]
    }

    mutating func leave(_ node: Int) {
        if let seat = randomSeat(node) { leave(node, seat) }
    }

    private mutating func leave(_ node: Int, _ seat: SeatHandle) {
        guard let state = hosts[node].seats[seat], !state.isLeaving else { return }
        hosts[node].seats[seat]?.isLeaving = true
        log.append("\(node) leave \(state.process.group)/\(state.process.endpoint.name)")
        if let view = hosts[node].layer.view(of: seat) { history.answered(state.process, view.id) }
        var out = LWGOutput()
        hosts[node].layer.leave(seats: [seat], into: &out)
        take(out, node)
    }

    mutating func send(_ node: Int) {
        guard let seat = randomSeat(node) else { return }
        send(node, seat)
    }

    mutating func send(_ node: Int, _ seat: SeatHandle) {
        guard let state = hosts[node].seats[seat] else { return }
        for _ in 0...generator.below(3) {
            guard case .send(_, let hwg, let label) = hosts[node].layer.route(seat) else { return }
            payload += 1
            let order: Order = [.fifo, .fifo, .total, .safe][generator.below(4)]
            let bytes = withUnsafeBytes(of: payload) { Array($0) }
            switch ideal.multicast(bytes, label: label, order: order, on: hwg, from: node) {
            case .accepted(let number): history.sent(state.process, payload, order, number: number ?? 0)
            case .held: fail("F1: the layer's gate is open after HoldOK")
            default: fail("the HWG refused")
            }
        }
    }

    mutating func direct(_ node: Int) {
        guard let seat = randomSeat(node), let view = hosts[node].layer.view(of: seat) else { return }
        let target = view.members[generator.below(view.members.count)]
        var out = LWGOutput()
        hosts[node].layer.direct(seat, to: target, bytes: Array("\(view.id)".utf8), into: &out)
        take(out, node)
    }

    mutating func answerHold(_ node: Int) {
        guard let seat = hosts[node].order.first(where: { hosts[node].seats[$0]?.pendingHold != nil }),
            let state = hosts[node].seats[seat], let view = state.pendingHold
        else { return }
        hosts[node].seats[seat]?.pendingHold = nil
        history.answered(state.process, view)
        var out = LWGOutput()
        hosts[node].layer.holdOK(seat, view, into: &out)
        take(out, node)
    }

    mutating func crash(_ node: Int) {
        guard ideal.isAlive[node] else { return }
        log.append("crash \(node)")
        ideal.crash(node)
        count(hosts[node].layer.counters)
        hosts[node] = host(ideal.members[node])
    }

    mutating func fail(_ why: String) {
        history.violate("run", .init(group: "", endpoint: .init(member: ideal.members[0], name: endpoints[0])), why)
    }
}
