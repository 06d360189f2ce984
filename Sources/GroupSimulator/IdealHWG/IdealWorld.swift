import GroupCore
import GroupModel
import LWGProtocol

/// The light-weight layers of several nodes over `IdealHWG`, with the applications of a script: the other side of the
/// differential test. Time is a count of steps; the trace is of the same form as a real world's.
struct IdealWorld {
    struct Seat {
        var group: Int
        var endpoint: Int
        var hasView = false
        var isLeaving = false
        var held: ViewID?
        var token: UInt64 = 0
    }

    struct Host {
        var layer: LWGLayer
        var tracer: Tracer
        var seats: [SeatHandle: Seat] = [:]
        /// The seats in the order in which they were taken: nothing iterates over the table itself.
        var order: [SeatHandle] = []
    }

    let settings: ScenarioSettings
    var ideal: IdealHWG
    var hosts: [Host?]
    var hasStarted: [Bool]
    var now = Instant.zero
    var effects = Effects()
    var encoder = TraceEncoder(reserving: 1 << 16)
    var failures: [String] = []

    private static let groups = ["pool", "east", "west"].compactMap { ShortName($0) }.map { HWGID(named: $0) }
    private static let endpoints = ["0", "b"].compactMap { ShortName($0) }
    /// Steps until everything has settled.
    private static let patience = 400_000

    init(settings: ScenarioSettings, seed: UInt64) {
        self.settings = settings
        ideal = IdealHWG(nodes: settings.nodes, hwgs: Self.groups, seed: seed)
        hosts = Array(repeating: nil, count: settings.nodes)
        hasStarted = Array(repeating: false, count: settings.nodes)
        for node in 0..<settings.nodes { ideal.isAlive[node] = false }
    }

    // MARK: The script

    mutating func play(_ steps: [ScenarioStep]) {
        for step in steps {
            switch step.statement {
            case .act(let act): perform(act)
            case .run(let length): for _ in 0..<max(length / 100_000, 1) { idealStep() }
            case .runUntilQuiet: settle()
            case .converge: converge()
            case .scene, .expect: break
            case .at, .luck, .rule, .pass, .release, .when, .runUntil:
                failures.append("an ideal world knows no `\(step.text)`")
            }
        }
    }

    private mutating func perform(_ act: WorldAct) {
        switch act {
        case .start(let node): start(node)
        case .crash(let node, _):
            ideal.crash(node)
            hosts[node] = nil
        case .block(let links): partition(links)
        case .heal: ideal.partition(Array(repeating: 0, count: settings.nodes))
        case .join(let node, let endpoint, let groups):
            let names = groups.filter {
                handle(of: WorldSeat(node: node, endpoint: endpoint, group: $0)) == nil
            }.map { "g\($0)" }
            with(node) { host, out in host.layer.join(endpoint: Self.endpoints[endpoint], groups: names, into: &out) }
        case .leave(let seats):
            for seat in seats {
                guard let handle = handle(of: seat) else { continue }
                hosts[seat.node]?.seats[handle]?.isLeaving = true
                with(seat.node) { host, out in host.layer.leave(seats: [handle], into: &out) }
            }
        case .flush(let seat):
            guard let handle = handle(of: seat) else { return }
            hosts[seat.node]?.seats[handle]?.token = 1
            with(seat.node) { host, out in host.layer.flush(handle, token: 1, into: &out) }
        case .send(let seat, let order, let count, let bytes): send(seat, order, count, bytes)
        case .holdOK, .holdOKAgain, .explicitHolds, .reload, .evict, .slow, .direct, .stop, .pause, .resume, .deafen,
            .hear, .clog, .reset, .lose, .calm:
            failures.append("an ideal world knows no \(act)")
        }
    }

    private mutating func start(_ node: Int) {
        guard hosts[node] == nil else { return }
        if hasStarted[node] { ideal.restart(node) } else { ideal.isAlive[node] = true }
        hasStarted[node] = true
        let me = ideal.members[node]
        encoder.learn(NodeCard(name: "n\(node)", member: me, address: NodeAddress(high: 0, low: 0, port: 1)))
        let pins = settings.plan.heavyweightGroups
        let mapping = StaticMapping(
            default: Self.groups[0],
            pins: (pins > 1 ? [("*1", Self.groups[1])] : []) + (pins > 2 ? [("*2", Self.groups[2])] : []))
        hosts[node] = Host(layer: LWGLayer(me: me, mapping: mapping, reportsHolds: true), tracer: Tracer(me: me))
        effects.trace.append(TraceRecord(time: now, member: .node(me), event: .start))
        write()
    }

    private mutating func partition(_ links: [WorldLink]) {
        var component = Array(0..<settings.nodes)
        // Sides: nodes between which nothing is cut.
        for a in component.indices {
            for b in 0..<a where !links.contains(where: { $0.from == a && $0.to == b || $0.from == b && $0.to == a }) {
                component[a] = component[b]
                break
            }
        }
        ideal.partition(component)
    }

    private mutating func send(_ place: WorldSeat, _ order: Order, _ count: Int, _ size: Int) {
        for _ in 0..<count {
            guard let handle = handle(of: place), hosts[place.node]?.seats[handle]?.isLeaving == false,
                case .send(_, let hwg, let label)? = hosts[place.node]?.layer.route(handle)
            else { return }
            let bytes = [UInt8](repeating: 0, count: size)
            guard
                case .accepted(let number?) = ideal.multicast(
                    bytes, label: label, order: order, on: hwg, from: place.node)
            else { return }
            hosts[place.node]?.tracer.sent(handle, number: number, order: order, at: now, into: &effects)
            write()
        }
    }

    func handle(of seat: WorldSeat) -> SeatHandle? {
        hosts[seat.node]?.order.last {
            hosts[seat.node]?.seats[$0]?.group == seat.group && hosts[seat.node]?.seats[$0]?.endpoint == seat.endpoint
        }
    }

    // MARK: Steps

    mutating func idealStep() {
        now = now + .microseconds(1)
        guard let told = ideal.step(), hosts[told.node] != nil else { return }
        var next = 0
        // One after the other, so that the lines of both layers stand in the order in which things happened.
        for event in told.indications.events {
            var one = HWGIndications()
            one.events = [event]
            if case .messages(let count) = event {
                one.batch.slices = Array(told.indications.batch.slices[next..<(next + count)])
                one.batch.packets = told.indications.batch.packets
                next += count
            }
            hosts[told.node]?.tracer.heavyweight(told.hwg, one, at: now, into: &effects)
            let now = now
            with(told.node) { host, out in host.layer.handle(one, from: told.hwg, at: now, into: &out) }
        }
    }

    private mutating func with(_ node: Int, _ body: (inout Host, inout LWGOutput) -> Void) {
        guard var host = hosts[node] else { return }
        hosts[node] = nil
        var out = LWGOutput()
        body(&host, &out)
        host.tracer.lightweight(out.up, at: now, into: &effects)
        for event in out.up.events { take(event, &host) }
        for request in out.requests {
            switch request {
            case .join(let hwg): host.tracer.joined(hwg, at: now, into: &effects)
            case .holdOK(let hwg, let view, _): host.tracer.holdOK(hwg, view, at: now, into: &effects)
            case .leave, .control, .direct, .flush: break
            }
        }
        hosts[node] = host
        write()
        for request in out.requests { ideal.request(request, from: node) }
    }

    private mutating func take(_ event: LWGEvent, _ host: inout Host) {
        switch event {
        case .seated(let handle, let endpoint, let group):
            host.seats[handle] = Seat(
                group: Int(group.dropFirst()) ?? 0, endpoint: Self.endpoints.firstIndex(of: endpoint) ?? 0)
            host.order.append(handle)
        case .indication(let handle, .view): host.seats[handle]?.hasView = true
        case .indication(let handle, .flushed): host.seats[handle]?.token = 0
        case .indication(let handle, .left):
            host.seats[handle] = nil
            host.order.removeAll { $0 == handle }
        case .refused(_, let group, let why): failures.append("\(group): refused, \(why)")
        case .indication, .messages, .carrier, .holdAnswered, .writable, .mapped: break
        }
    }

    private mutating func write() {
        for record in effects.trace { encoder.append(record) }
        effects.removeAll()
    }

    // MARK: The end

    private var isSettled: Bool {
        ideal.isQuiet
            && hosts.allSatisfy { host in
                host?.order.allSatisfy {
                    guard let seat = host?.seats[$0] else { return true }
                    return seat.hasView && !seat.isLeaving && seat.token == 0 && host?.layer.route($0) != .held
                } ?? true
            }
    }

    private mutating func settle() {
        var steps = 0
        var settled = 0
        // Settled once is not for good: a message that nobody waits for may still set something off.
        while settled < 20 {
            guard steps < Self.patience else { return failures.append("an ideal world that does not settle") }
            for _ in 0..<50 { idealStep() }
            steps += 50
            settled = isSettled ? settled + 1 : 0
        }
    }

    private mutating func converge() {
        perform(.heal)
        for node in hosts.indices { start(node) }
        settle()
        for node in hosts.indices {
            for handle in hosts[node]?.order ?? [] {
                guard let seat = hosts[node]?.seats[handle] else { continue }
                let place = WorldSeat(node: node, endpoint: seat.endpoint, group: seat.group)
                for order in [Order.fifo, .total, .safe] { send(place, order, 1, 40) }
            }
        }
        settle()
        for node in hosts.indices where hosts[node] != nil {
            encoder.append(TraceRecord(time: now, member: .node(ideal.members[node]), event: .quiet))
        }
    }
}

extension Scenario {
    /// The same script with heavyweight groups that are right by construction: acts, `run`, `run until quiet` and
    /// `converge`. Times are steps, ten to a millisecond.
    public func runOnIdealHWG(seed: UInt64) -> ScenarioReport {
        var world = IdealWorld(settings: settings, seed: seed)
        world.play(steps)
        var check = TraceCheck(flushesAtWill: true)
        world.encoder.bytes.withUnsafeBytes { check.add($0, named: "ideal") }
        return ScenarioReport(
            timeline: [], failures: world.failures.map { ScenarioFailure(line: 0, why: $0) },
            violations: check.report().violations, rare: [:], trace: world.encoder.bytes,
            simulatedSeconds: Double(world.now.nanoseconds) / 1e9)
    }
}
