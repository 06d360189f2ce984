import GroupCore
import GroupModel
import HWGProtocol
import LWGProtocol

/// Times and bounds that cores are told and that no seed drew at first: the defaults, except in worlds that are tuned. There
/// each is drawn, down to the least that the configuration or the machines allow.
struct WorldTuning: Hashable, CustomStringConvertible {
    var heartbeatInterval = Interval.milliseconds(100)
    var gather = Interval.milliseconds(2)
    var mergeGather = Interval.milliseconds(20)
    var resendInterval = Interval.milliseconds(30)
    var flushTimeout = Interval.seconds(10)
    var announceInterval = Interval.milliseconds(500)
    var windowBytes = 512 * 1024
    var multicast = MulticastParameters()
    var limits = LWGLimits()
    /// Nodes of an odd number have the default times: a cluster in the middle of a roll-out.
    var isUneven = 0

    /// What members must have alike stays alike: windows, because rings are made for them, numbers of groups, and how often
    /// nodes are heard, because others' time-outs are made for it.
    func apply(to configuration: inout CoreConfiguration, at node: Int) {
        configuration.windowBytes = windowBytes
        configuration.multicast = multicast
        let ended = configuration.limits.endedGroups
        configuration.limits = limits
        configuration.limits.endedGroups = ended
        configuration.heartbeatInterval = heartbeatInterval
        if isUneven > 0, node % 2 == 1 { return }
        configuration.gather = gather
        configuration.mergeGather = mergeGather
        configuration.resendInterval = resendInterval
        configuration.flushTimeout = flushTimeout
        configuration.announceInterval = announceInterval
    }

    /// In the mode `primary` an answer waits for up to two writes, each of which takes up to `diskDelay`.
    static func leastFlushTimeout(isPrimaryMode: Bool) -> Interval { .milliseconds(isPrimaryMode ? 1_000 : 200) }

    /// The configuration of a running node, with other times. How often nodes are heard, and how long a silent one is waited
    /// for, stay.
    static func retimed(_ configuration: CoreConfiguration, _ times: ReloadedTimes) -> CoreConfiguration {
        var fresh = configuration
        switch times {
        case .first: break
        case .least:
            fresh.heartbeatInterval = .milliseconds(5)
            fresh.gather = .zero
            fresh.mergeGather = .zero
            fresh.resendInterval = .milliseconds(5)
            fresh.flushTimeout = leastFlushTimeout(isPrimaryMode: configuration.record != nil)
            fresh.holdDeadline = .milliseconds(50)
            fresh.joinGather = .zero
            fresh.announceInterval = .milliseconds(20)
        case .standard:
            let standard = WorldTuning()
            fresh.gather = standard.gather
            fresh.mergeGather = standard.mergeGather
            fresh.resendInterval = standard.resendInterval
            fresh.flushTimeout = standard.flushTimeout
            fresh.holdDeadline = standard.limits.holdDeadline
            fresh.announceInterval = standard.announceInterval
        }
        return fresh
    }

    /// How much longer than by default changes are collected.
    var gatheredLonger: Interval {
        let standard = WorldTuning()
        let mine = gather.nanoseconds + mergeGather.nanoseconds
        return Interval(nanoseconds: max(mine - standard.gather.nanoseconds - standard.mergeGather.nanoseconds, 0))
    }

    var description: String {
        let times = [heartbeatInterval, gather, mergeGather, resendInterval, flushTimeout, announceInterval]
            .map { "\($0.nanoseconds / 1_000)us" }.joined(separator: " ")
        return """
            heartbeat, gather, mergeGather, resend, flushTimeout, announce \(times) windowBytes \(windowBytes) \
            reserve \(multicast.controlReservePackets) reorderDelay \(multicast.reorderDelay.nanoseconds / 1_000)us \
            nackPackets \(multicast.nackPackets) acknowledgeEvery \(multicast.acknowledgeEvery) \
            directWindow \(multicast.directWindowPackets) directQueue \(multicast.directQueueBytes) \
            recordBytes \(limits.recordBytes) tablePart \(limits.tablePartBytes) early \(limits.earlyMessages) \
            earlyBytes \(limits.earlyBytes) idleHandles \(limits.idleHandles) groupsPerHWG \(limits.groupsPerHWG) uneven \(isUneven)
            """
    }
}

/// Times that a running node is told.
enum ReloadedTimes: String, CaseIterable, CustomStringConvertible, Sendable {
    /// Those that the configuration allows, those of no configuration, and those that it began with.
    case least, standard, first
    var description: String { rawValue }
}

extension WorldPlan {
    /// The least values of times are those of the configuration (`SettingTable`, `SettingRules`), of bounds those that
    /// `MulticastParameters.bounded` and `LWGLayer` can work with.
    mutating func tune(_ drawn: NamedDraw) {
        func time(_ name: String, _ choices: [Int64]) -> Interval { .milliseconds(drawn("tuned.\(name)", choices)) }
        tuning.heartbeatInterval = time("heartbeat", [5, 20, 100, 150])
        failureTimeout = time("failureTimeout", [20, 100, 300, 1_000, 3_000])
        if failureTimeout < tuning.heartbeatInterval * 2 { tuning.heartbeatInterval = .milliseconds(5) }
        tuning.gather = time("gather", [0, 2, 50, 500])
        tuning.mergeGather = time("mergeGather", [0, 20, 500])
        joinGather = time("joinGather", [0, 50, 1_000])
        tuning.resendInterval = time("resend", [5, 30, 100])
        tuning.flushTimeout = time("flushTimeout", [200, 1_000, 5_000, 10_000])
        holdDeadline = time("holdDeadline", [50, 100, 500, 2_000])
        if holdDeadline * 2 > tuning.flushTimeout { holdDeadline = .milliseconds(50) }
        tuning.announceInterval = time("announce", [20, 100, 500, 2_000])
        tuning.isUneven = drawn("tuned.uneven", [0, 0, 1])
        packetBytes = drawn("tuned.packetBytes", [1_200, 1_200, 2_000, Limits.packetBytes])
        windowPackets = drawn("tuned.windowPackets", [4, 5, 64, 512])
        tuning.windowBytes = max(
            drawn("tuned.windowBytes", [16 << 10, 16 << 10, 64 << 10, 512 << 10]), 2 * packetBytes)
        tuning.multicast.controlReservePackets = drawn("tuned.reserve", [1, 4, 64, 64])
        tuning.multicast.reorderDelay = .microseconds(drawn("tuned.reorderDelay", [0, 500, 20_000] as [Int64]))
        tuning.multicast.nackPackets = drawn("tuned.nackPackets", [1, 16, 16])
        tuning.multicast.acknowledgeEvery = drawn("tuned.acknowledgeEvery", [1, 16, 64])
        tuning.multicast.directWindowPackets = drawn("tuned.directWindow", [1, 32, 32])
        tuning.multicast.directQueueBytes = drawn("tuned.directQueue", [1, 256 << 10])
        tuning.limits.recordBytes = drawn("tuned.recordBytes", [1, 50, 4 << 20])
        tuning.limits.tablePartBytes = drawn("tuned.tablePartBytes", [1, 100, 4 << 20])
        tuning.limits.earlyMessages = drawn("tuned.earlyMessages", [0, 2, 65_536, 65_536])
        tuning.limits.earlyBytes = drawn("tuned.earlyBytes", [200, 64 << 20, 64 << 20, 64 << 20])
        tuning.limits.idleHandles = drawn("tuned.idleHandles", [0, 1, 1_024])
        tuning.limits.groupsPerHWG = drawn("tuned.groupsPerHWG", [2, 1 << 22, 1 << 22, 1 << 22, 1 << 22])
    }
}
