import GroupModel

/// What one seed draws: the network's manners, how often what fails, and what the applications do.
struct WorldPlan: Hashable, CustomStringConvertible {
    /// Chances out of 10,000 for each packet.
    var loss = 0
    var duplication = 0
    var reordering = 0
    var foreign = 0
    var corruption = 0
    /// Mean one-way delay beyond the fixed 30 µs, in nanoseconds.
    var meanDelay: Int64
    /// Chances out of 10,000 for each tick of faults.
    var clog = 0
    var partition = 0
    var heal: Int
    var crash = 0
    var restart: Int
    var pause = 0
    var stop = 0
    var reset = 0
    /// Chance out of 10,000 for each frame of a flush or merge.
    var strike = 0
    /// Chance out of 10,000 for each frame of a flush or merge that arrives.
    var ambush = 0
    /// Chance out of 10,000 for each packet that an old one comes again.
    var replay = 0
    /// Chance out of 10,000 for each tick of faults.
    var slug = 0
    var massRestart = 0
    /// How far clocks run apart, in millionths.
    var drift = 0
    /// Chance out of 100 that the close of a crashed node's connections is reported late.
    var lateClose: Int
    /// How long a pair is apart until its liveness connection breaks.
    var disconnectAfter: Int64
    /// Every node has every other's address from the start; otherwise all have the first one's.
    var knowsAll: Bool
    var packetBytes: Int
    var windowPackets: Int
    var failureTimeout: Interval
    var joinGather: Interval
    var heavyweightGroups: Int
    var endpoints: Int
    /// Endpoint 1 answers its Holds itself, after up to this time; 0: the core answers.
    var holdDelay: Int64
    /// Nobody answers them but a script.
    var holdsByHand = false
    /// Chance out of 10,000 for each tick of faults that a node's application stops reading for a while; some are evicted then.
    var slow: Int
    /// Chance out of 100 that it answers late or never; the core gives it `holdDeadline`.
    var silence: Int
    var holdDeadline: Interval
    /// Mean time between two acts of a node's applications.
    var actInterval: Int64
    /// Groups that a node's applications draw from.
    var orders: [Order]
    /// Deliveries go up as they come; otherwise those of a turn together, as in processes.
    var carriesAtOnce: Bool
    /// After how many groups that have ended their numbers are freed.
    var endedGroups: Int
    /// What cores are told beside that: the defaults in most worlds.
    var tuning = WorldTuning()
    /// One node's links take so much longer, to it and from it or (`isLagOneWay` 1) to it only. Its number, from 1; 0: none.
    var farNode = 0
    var lag: Int64 = 0
    var isLagOneWay = 0
    /// Links that are dead until the world calms down.
    var deadLinks: [WorldLink] = []
    /// Applications do what few do (1): see `drawOddAct`.
    var isOdd = 0
    /// Mode `primary`: up to how long a write takes, in nanoseconds; chance out of 10,000 for each tick of faults that all nodes,
    /// or many, die at once; how many nodes are not initial.
    var diskDelay: Int64 = 0
    var massCrash = 0
    var outsiders = 0

    init(seed: UInt64, options: SimulationOptions) {
        let draw = NamedDraw(seed: seed)
        func drawn<Value>(_ name: String, _ choices: [Value]) -> Value { draw(name, choices) }
        func drawn(_ fault: SimulatedFaults, _ choices: [Int]) -> Int {
            let choice = drawn(fault.description, choices)
            return options.faults.contains(fault) ? choice : 0
        }
        loss = drawn(.loss, [0, 0, 20, 100, 500, 1_500, 3_000])
        duplication = drawn(.duplication, [0, 0, 50, 500, 3_000])
        reordering = drawn(.reordering, [0, 0, 100, 1_000, 5_000])
        foreign = drawn(.foreign, [0, 0, 10, 100])
        corruption = drawn(.corruption, [10, 100, 1_000])
        meanDelay = drawn("meanDelay", [20_000, 100_000, 1_000_000, 5_000_000, 20_000_000])
        clog = drawn(.clogs, [0, 0, 50, 200])
        partition = drawn(.partitions, [0, 50, 200, 500])
        heal = drawn("heal", [200, 500, 1_000])
        crash = drawn(.crashes, [0, 20, 100, 400])
        restart = drawn("restart", [50, 200, 1_000])
        pause = drawn(.pauses, [0, 0, 50, 200])
        stop = drawn(.stops, [0, 0, 50])
        reset = drawn(.resets, [0, 0, 100, 1_000])
        strike = drawn(.strikes, [0, 0, 20, 100])
        ambush = drawn(.ambushes, [0, 0, 20, 100])
        replay = drawn(.replays, [0, 0, 0, 20, 200])
        slug = drawn(.slowness, [0, 0, 0, 100])
        massRestart = drawn(.restarts, [0, 0, 0, 50])
        drift = drawn(.drift, [0, 0, 0, 500, 50_000])
        lateClose = drawn("lateClose", [0, 10, 50])
        disconnectAfter = drawn("disconnectAfter", [200_000_000, 1_000_000_000, 5_000_000_000])
        knowsAll = drawn(.strangers, [0, 0, 0, 1]) == 0
        packetBytes = drawn("packetBytes", [1_200, 2_000, Limits.packetBytes])
        windowPackets = drawn("windowPackets", [8, 16, 64])
        failureTimeout = .milliseconds(drawn("failureTimeout", [300, 500, 1_000]))
        joinGather = .milliseconds(drawn("joinGather", [0, 50, 300]))
        heavyweightGroups = drawn("heavyweightGroups", [1, 1, 1, 2, 3])
        endpoints = drawn("endpoints", [1, 2])
        holdDelay = drawn("holdDelay", [0, 1_000_000, 100_000_000])
        slow = drawn("slow", [0, 0, 100, 500])
        silence = drawn("silence", [0, 0, 2, 20])
        holdDeadline = .milliseconds(drawn("holdDeadline", [150, 500, 2_000]))
        actInterval = drawn("actInterval", [10_000_000, 30_000_000, 100_000_000])
        orders = drawn(
            "orders", [[.fifo], [.total], [.fifo, .total, .safe], [.fifo, .total, .safe], [.safe, .total]])
        carriesAtOnce = drawn("carriesAtOnce", [true, true, true, false])
        endedGroups = drawn("endedGroups", [16_384, 16_384, 16_384, 0])
        if drawn("tuned", [false, false, false, true]) { tune(draw) }
        if drawn("odd", [false, false, false, true]) {
            isOdd = 1
            endpoints = drawn("odd.endpoints", [1, 2, 2])
            holdDelay = max(holdDelay, 1_000_000)
        }
        drawLastingFaults(draw, options)
        guard options.isPrimaryMode else { return }
        heavyweightGroups = drawn("primaryGroups", [1, 2, 3])
        // A disk takes its time for each answer.
        tuning.flushTimeout = max(tuning.flushTimeout, WorldTuning.leastFlushTimeout(isPrimaryMode: true))
        diskDelay = drawn("diskDelay", [100_000, 2_000_000, 20_000_000, 200_000_000])
        let crashes = drawn("massCrash", [0, 0, 100, 300])
        massCrash = options.faults.contains(.crashes) ? crashes : 0
        outsiders = drawn("outsiders", [0, 0, 1, 2])
    }

    /// Seats may be lost that the others have not given up yet: of slow consumers, and where early data have no room.
    var mayEvict: Bool { slow > 0 || tuning.limits != WorldTuning().limits }

    var description: String {
        """
        loss \(loss) duplication \(duplication) reordering \(reordering) foreign \(foreign) corruption \(corruption) \
        meanDelay \(meanDelay / 1_000)us clog \(clog) partition \(partition) heal \(heal) crash \(crash) \
        restart \(restart) pause \(pause) stop \(stop) reset \(reset) strike \(strike) ambush \(ambush) replay \(replay) \
        slug \(slug) massRestart \(massRestart) drift \(drift) lateClose \(lateClose) \
        disconnectAfter \(disconnectAfter / 1_000_000)ms knowsAll \(knowsAll) packetBytes \(packetBytes) \
        windowPackets \(windowPackets) failureTimeout \(failureTimeout.nanoseconds / 1_000_000)ms \
        joinGather \(joinGather.nanoseconds / 1_000_000)ms hwgs \(heavyweightGroups) endpoints \(endpoints) holdDelay \(holdDelay / 1_000)us \
        slow \(slow) silence \(silence) holdDeadline \(holdDeadline.nanoseconds / 1_000_000)ms \
        actInterval \(actInterval / 1_000_000)ms orders \(orders.map { String(describing: $0) }.joined(separator: "+")) \
        carriesAtOnce \(carriesAtOnce) endedGroups \(endedGroups) diskDelay \(diskDelay / 1_000)us massCrash \(massCrash) outsiders \(outsiders) odd \(isOdd) \
        farNode \(farNode) lag \(lag / 1_000)us oneWay \(isLagOneWay) \
        dead \(deadLinks.map { "\($0.from)->\($0.to)" }.joined(separator: ","))\
        \(tuning == WorldTuning() ? "" : " \(tuning)")
        """
    }
}

/// Each draw has a generator of its own, by its name: a new draw leaves what seeds mean as it was.
struct NamedDraw {
    let seed: UInt64

    func callAsFunction<Value>(_ name: String, _ choices: [Value]) -> Value {
        var random = SeededGenerator(seed: StableHash.mix(seed) ^ StableHash.of(name))
        return choices[random.below(choices.count)]
    }
}
