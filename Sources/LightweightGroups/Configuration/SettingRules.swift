import HWGProtocol

/// What must hold between keys.
enum SettingRules {
    /// - Parameter source: where a key's value comes from, for the message.
    static func broken(
        by settings: NodeSettings, source: (String) -> String
    ) -> [ConfigurationError.Problem] {
        var problems: [ConfigurationError.Problem] = []
        func problem(_ key: String, _ reason: String) {
            problems.append(.init(source: source(key), key: key, reason: reason))
        }
        if let (host, _) = SettingForm.address(settings.listen), !SettingForm.isLoopback(host: host),
            !settings.insecure
        {
            problem(
                "transport.listen",
                "\(host) is not a loopback address, and packets are not authenticated yet: whoever reaches the port can "
                    + "disturb the groups. Set transport.insecure: true to allow it")
        }
        if let text = settings.metricsListen, let (host, _) = SettingForm.metricsAddress(text),
            !SettingForm.isLoopback(host: host), !settings.metricsInsecure
        {
            problem(
                "metrics.listen",
                "\(host) is not a loopback address: whoever reaches the port may read the metrics. Set "
                    + "metrics.insecure: true to allow it")
        }
        if settings.failureTimeout < settings.heartbeatInterval * 2 {
            problem(
                "failureDetector.timeout",
                "\(settings.failureTimeout.spelled) is less than two intervals of \(settings.heartbeatInterval.spelled): "
                    + "one lost heartbeat would exclude a node")
        }
        if settings.holdDeadline * 2 > settings.flushTimeout {
            problem(
                "flush.holdDeadline",
                "\(settings.holdDeadline.spelled) is more than half of flush.timeout, \(settings.flushTimeout.spelled): one "
                    + "silent application would cost its whole node its groups")
        }
        if settings.windowBytes < settings.packetBytes * 2 {
            problem(
                "transport.windowBytes",
                "less than two packets of \(SettingValue.size(settings.packetBytes)): nothing could be sent while one "
                    + "is not acknowledged")
        }
        if settings.queueBytes < settings.windowBytes {
            problem(
                "limits.queueBytes",
                "less than one sender's window of \(SettingValue.size(settings.windowBytes)): reading would pause at "
                    + "once")
        }
        var seen: Set<String> = []
        if let twice = settings.initialNodes.first(where: { !seen.insert($0).inserted }) {
            problem("membership.initial", "‘\(twice)’ is there twice, and would count twice for a majority")
        }
        for found in primaryProblems(settings) { problem(found.key, found.reason) }
        return problems
    }

    /// Two writes of a slow disk, some 200 ms each, and as much again for everything else.
    private static let leastPrimaryFlushTimeout = Duration.seconds(1)

    /// What the mode `partition: primary` needs.
    static func primaryProblems(_ settings: NodeSettings) -> [(key: String, reason: String)] {
        guard settings.partition == .primary else { return [] }
        var problems: [(key: String, reason: String)] = []
        if settings.stateDirectory?.isEmpty ?? true {
            problems.append(
                (
                    "node.stateDirectory",
                    "membership.partition: primary needs one: a node that forgets what it promised could begin a second "
                        + "chain of primary views"
                ))
        }
        if settings.initialNodes.isEmpty {
            problems.append(
                (
                    "membership.initial",
                    "membership.partition: primary needs the names of the nodes that make the first primary view, the "
                        + "same on all nodes"
                ))
        }
        if Set(settings.pins.map(\.group)).count >= Places.limit {
            problems.append(
                (
                    "mapping.pins",
                    "membership.partition: primary has room for \(Places.limit - 1) heavyweight groups beside "
                        + "mapping.default: pin to fewer"
                ))
        }
        if settings.flushTimeout < leastPrimaryFlushTimeout {
            problems.append(
                (
                    "flush.timeout",
                    "\(settings.flushTimeout.spelled) is too short for membership.partition: primary, where each answer waits "
                        + "for up to two writes to the disk: at least \(leastPrimaryFlushTimeout.spelled)"
                ))
        }
        if settings.perGroupHWG {
            problems.append(
                (
                    "mapping.policy",
                    "with membership.partition: primary each heavyweight group is born by a flush of all nodes: use the "
                        + "policy static"
                ))
        }
        return problems
    }
}
