import GroupModel

/// The world that a script runs in.
struct ScenarioSettings: Hashable, Sendable {
    var seed: UInt64 = 1
    var nodes = 3
    var groups = 1
    var faults = SimulatedFaults.all
    var isPrimaryMode = false
    /// Nothing fails by itself, and a packet takes 30 µs.
    var plan = WorldPlan.still

    /// A number or a length of time that a script may set; chances are out of 10,000.
    struct Key: Sendable {
        let name: String
        let isTime: Bool
        let get: @Sendable (WorldPlan) -> Int64
        let set: @Sendable (inout WorldPlan, Int64) -> Void

        fileprivate init(_ name: String, _ path: WritableKeyPath<WorldPlan, Int> & Sendable) {
            self.name = name
            isTime = false
            get = { Int64($0[keyPath: path]) }
            set = { $0[keyPath: path] = Int(clamping: $1) }
        }
        fileprivate init(_ name: String, time path: WritableKeyPath<WorldPlan, Int64> & Sendable) {
            self.name = name
            isTime = true
            get = { $0[keyPath: path] }
            set = { $0[keyPath: path] = $1 }
        }
        fileprivate init(_ name: String, interval path: WritableKeyPath<WorldPlan, Interval> & Sendable) {
            self.name = name
            isTime = true
            get = { $0[keyPath: path].nanoseconds }
            set = { $0[keyPath: path] = Interval(nanoseconds: $1) }
        }
    }

    static let keys: [Key] =
        [
            Key("loss", \.loss), Key("duplication", \.duplication), Key("reordering", \.reordering),
            Key("foreign", \.foreign), Key("corruption", \.corruption), Key("strike", \.strike),
            Key("ambush", \.ambush),
            Key("replay", \.replay), Key("drift", \.drift),
            Key("hwgs", \.heavyweightGroups),
            Key("endpoints", \.endpoints), Key("packetBytes", \.packetBytes), Key("window", \.windowPackets),
            Key("outsiders", \.outsiders), Key("endedGroups", \.endedGroups), Key("silence", \.silence),
            Key("slow", \.slow), Key("delay", time: \.meanDelay),
            Key("holdDelay", time: \.holdDelay), Key("diskDelay", time: \.diskDelay),
            Key("disconnectAfter", time: \.disconnectAfter), Key("failureTimeout", interval: \.failureTimeout),
            Key("joinGather", interval: \.joinGather), Key("holdDeadline", interval: \.holdDeadline),
        ] + tuning

    private static let tuning: [Key] = [
        Key("heartbeat", interval: \.tuning.heartbeatInterval), Key("gather", interval: \.tuning.gather),
        Key("mergeGather", interval: \.tuning.mergeGather), Key("resend", interval: \.tuning.resendInterval),
        Key("flushTimeout", interval: \.tuning.flushTimeout), Key("announce", interval: \.tuning.announceInterval),
        Key("reorderDelay", interval: \.tuning.multicast.reorderDelay), Key("uneven", \.tuning.isUneven),
        Key("odd", \.isOdd),
        Key("farNode", \.farNode), Key("lag", time: \.lag), Key("lagOneWay", \.isLagOneWay),
        Key("windowBytes", \.tuning.windowBytes), Key("reserve", \.tuning.multicast.controlReservePackets),
        Key("nackPackets", \.tuning.multicast.nackPackets),
        Key("acknowledgeEvery", \.tuning.multicast.acknowledgeEvery),
        Key("directWindow", \.tuning.multicast.directWindowPackets),
        Key("directQueue", \.tuning.multicast.directQueueBytes), Key("recordBytes", \.tuning.limits.recordBytes),
        Key("tablePart", \.tuning.limits.tablePartBytes), Key("earlyMessages", \.tuning.limits.earlyMessages),
        Key("earlyBytes", \.tuning.limits.earlyBytes), Key("idleHandles", \.tuning.limits.idleHandles),
        Key("groupsPerHWG", \.tuning.limits.groupsPerHWG),
    ]

    var options: SimulationOptions {
        var options = SimulationOptions(
            nodes: nodes, groups: groups, seconds: 0, faults: faults, isPrimaryMode: isPrimaryMode)
        options.keepsTranscript = true
        options.isDrawn = false
        return options
    }

    /// The lines of a script that set this.
    var lines: [String] {
        let still = WorldPlan.still
        var lines = ["nodes \(nodes)", "groups \(groups)", "seed \(seed)"]
        if isPrimaryMode { lines.append("mode primary") }
        if faults != .all { lines.append("faults \(faults)") }
        if !plan.knowsAll { lines.append("strangers") }
        if !plan.carriesAtOnce { lines.append("deliveries together") }
        if plan.holdsByHand { lines.append("holds by hand") }
        for key in Self.keys where key.get(plan) != key.get(still) {
            let value = key.get(plan)
            lines.append("\(key.name) \(key.isTime ? TimeText.span(value) : "\(value)")")
        }
        return lines
    }
}

extension WorldPlan {
    /// Nothing fails, and nothing is drawn that matters.
    static let still: WorldPlan = {
        var plan = WorldPlan(seed: 0, options: SimulationOptions(nodes: 1, groups: 1, seconds: 0, faults: .none))
        plan.meanDelay = 0
        plan.lateClose = 0
        plan.disconnectAfter = 1_000_000_000
        plan.packetBytes = 1_200
        plan.windowPackets = 16
        plan.failureTimeout = .milliseconds(500)
        plan.joinGather = .milliseconds(50)
        plan.heavyweightGroups = 1
        plan.endpoints = 2
        plan.holdDelay = 0
        plan.slow = 0
        plan.silence = 0
        plan.holdDeadline = .seconds(2)
        plan.actInterval = 1_000_000_000
        plan.orders = [.fifo]
        plan.carriesAtOnce = true
        plan.endedGroups = 16_384
        plan.tuning = WorldTuning()
        plan.isOdd = 0
        plan.farNode = 0
        plan.lag = 0
        plan.isLagOneWay = 0
        plan.deadLinks = []
        return plan
    }()
}
