import GroupCore
import GroupModel

/// What became of one seed.
public struct SimulationReport: Sendable {
    public let seed: UInt64
    public let violations: [Violation]
    /// Virtual time.
    public let simulatedSeconds: Double
    /// Of all that the trace tells, 16 hexadecimal digits: the same for the same seed and options.
    public let digest: String
    /// How often what is rare came about.
    public let rare: [String: Int]
    /// Trace lines.
    public let events: Int
    /// What the seed drew.
    public let plan: String
    /// The command that runs this seed again.
    public let reproduction: String
    /// What happened, one line each, when `keepsTranscript` was set.
    public let transcript: [String]
    /// The run's trace, as JSON lines, when `keepsTrace` was set.
    public let trace: [UInt8]
}

/// Runs seeded worlds: first everything may fail, then nothing does and everything must converge.
public enum Simulation {
    public static func run(seed: UInt64, options: SimulationOptions = SimulationOptions()) -> SimulationReport {
        run(NodeCore.self, seed: seed, options: options)
    }

    /// With another core than the real one.
    public static func run<Core: SimulatedCore>(
        _ core: Core.Type, seed: UInt64, options: SimulationOptions = SimulationOptions()
    ) -> SimulationReport {
        var options = options.drawn(by: seed)
        let isCompared = seed % textInterval == 0
        if isCompared { options.keepsTrace = true }
        var world = World<Core>(seed: seed, options: options)
        world.simulate()
        let judged = TraceCheck.report(on: world.trace.history, isPrimaryMode: options.isPrimaryMode)
        if isCompared { world.compare(judged) }
        return SimulationReport(
            seed: seed,
            violations: options.faults.contains(.corruption) ? [] : judged.violations + world.violations,
            simulatedSeconds: Double(world.now) / 1e9, digest: hexadecimal(world.trace.digest), rare: world.rare,
            events: judged.events, plan: world.plan.description, reproduction: options.reproduction(seed: seed),
            transcript: world.transcript, trace: world.trace.bytes)
    }

    /// Of so many seeds one is judged by its text as well, as the traces of real processes are.
    static var textInterval: UInt64 { 16 }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension World {
    /// The text of the trace is judged as its records are.
    mutating func compare(_ judged: TraceCheck.Report) {
        var check = TraceCheck(isPrimaryMode: options.isPrimaryMode)
        trace.bytes.withUnsafeBytes { check.add($0, named: trace.history.files[0]) }
        let read = check.report()
        if read != judged {
            violate(
                "trace", 0, "the text shows \(read.violationCount) violations, the records \(judged.violationCount)")
        }
    }

    /// How long a healed world may take to converge: two flush time-outs of 10 s one after the other, merges with their
    /// back-offs, a Hold that is never answered.
    private static var convergenceLimit: Int64 { 30_000_000_000 }
    private static var deliveryLimit: Int64 { 10_000_000_000 }
    private static var slice: Int64 { 100_000_000 }

    /// When applications come to rest in a seeded world.
    static func end(of options: SimulationOptions) -> Int64 { Int64(options.seconds) * 1_000_000_000 + 500_000_000 }

    mutating func simulate() {
        if plan.tuning != WorldTuning() { count("tuned") }
        killLinks()
        for node in nodes.indices {
            // Not all at once: a cold boot takes its time.
            heap.push(.boot, at: Int64(random.below(2) == 0 ? 0 : random.below(500_000_000)), a: node)
        }
        run(until: Int64(options.seconds) * 1_000_000_000)
        perform(.calm)
        markLuck()
        // Applications stay busy for a moment in the healed world, then stop.
        run(until: Self.end(of: options))
        markLuck()
        isBusy = false
        happened { _ in Self.restLine }
        converge()
    }

    static var restLine: String { "applications rest; all must converge" }

    /// Everything heals for good, and who is dead starts again.
    mutating func calm() {
        mayFail = false
        network.loss = 0
        network.duplication = 0
        network.replay = 0
        network.reordering = 0
        network.foreign = 0
        network.corruption = 0
        // The delay has a tail: a calm network's must not reach the time-out.
        network.meanDelay = min(network.meanDelay, 1_000_000, plan.failureTimeout.nanoseconds / 128)
        network.unclog(at: now)
        network.lag = network.lag.map { min($0, longestCalmLag) }
        heal()
        for node in nodes.indices {
            if !nodes[node].isAlive { start(node) } else { resume(node) }
            nodes[node].cost = 0
            relieve(node)
        }
    }

    mutating func converge() {
        let start = now
        let views = heavyweightViewCount
        var reason = unsettled()
        // Settled for as long as a suspicion from before the calm may take to show, and a change that is being gathered.
        let proof = (plan.failureTimeout + plan.tuning.gatheredLonger).nanoseconds
        var settledAt = now
        while reason != nil ? now - start < Self.convergenceLimit : now - settledAt < proof {
            run(until: now + Self.slice)
            reason = unsettled()
            if reason != nil { settledAt = now + Self.slice }
        }
        if let reason {
            violate("liveness", 0, "\((now - start) / 1_000_000_000) s after the last fault: \(reason)")
        } else {
            rare["convergenceMilliseconds"] = Int((settledAt - start) / 1_000_000)
            speak()
        }
        // In a calm world each node's view changes once per merge and once per node that starts or stops.
        let limit = 8 * nodes.count * nodes.count * plan.heavyweightGroups + 8
        if heavyweightViewCount - views > limit {
            violate("liveness", 0, "a view storm: \(heavyweightViewCount - views) HWG views after the last fault")
        }
        if eventCount >= Self.eventLimit { violate("liveness", 0, "more than \(Self.eventLimit) events") }
        judgeChain()
        quiet()
    }

    /// Each seat sends a message of each order; all must arrive (which the checkers see).
    private mutating func speak() {
        let orders = [Order.fifo, .total, .safe]
        var refused: [(node: Int, handle: SeatHandle, orders: [Order], bytes: Int)] = []
        for node in nodes.indices {
            for handle in nodes[node].applications.members {
                let size = random.below(20) == 0 ? 2 * plan.packetBytes : 40
                for (place, order) in orders.enumerated() where !send(node, handle, order, bytes: size) {
                    refused.append((node, handle, Array(orders[place...]), size))
                    break
                }
            }
        }
        speakOn(refused)
        // Long enough for a lost tail to be noticed and asked for again; nothing is lost any more.
        run(until: now + Self.deliveryLimit / 10)
        if let reason = unsettled() { violate("liveness", 0, "settled, and then not: \(reason)") }
    }

    /// What was refused for want of room is taken when there is some.
    private mutating func speakOn(_ refused: [(node: Int, handle: SeatHandle, orders: [Order], bytes: Int)]) {
        var waiting = refused
        let end = now + Self.deliveryLimit
        while !waiting.isEmpty {
            guard now < end else { return violate("liveness", waiting[0].node, "has no room for 10 s in a calm world") }
            run(until: now + Self.slice / 10)
            for index in waiting.indices.reversed() {
                let seat = nodes[waiting[index].node].applications.seat(waiting[index].handle)
                if seat?.isFull == true { continue }
                while seat != nil, let order = waiting[index].orders.first,
                    send(waiting[index].node, waiting[index].handle, order, bytes: waiting[index].bytes)
                {
                    waiting[index].orders.removeFirst()
                }
                if seat == nil || waiting[index].orders.isEmpty { waiting.remove(at: index) }
            }
        }
    }

    /// One `quiet` line for each node: the liveness checker judges what precedes and follows.
    private mutating func quiet() {
        for node in nodes.indices where nodes[node].isAlive {
            trace.append([TraceRecord(time: clock(node), member: .node(nodes[node].member), event: .quiet)])
        }
        trace.finish()
    }
}
