import GroupCore
import GroupModel

extension CoreConfiguration {
    /// Takes what may change while a node runs: times and the mapping.
    mutating func retune(by settings: NodeSettings) throws(GroupError) {
        let defaultGroup = try Self.hwg(settings.defaultGroup, key: "mapping.default")
        var pins: [(pattern: String, group: HWGID)] = []
        for pin in settings.pins { pins.append((pin.pattern, try Self.hwg(pin.group, key: "mapping.pins"))) }
        self.defaultGroup = defaultGroup
        self.pins = pins
        perGroup = settings.perGroupHWG
        heartbeatInterval = Interval(settings.heartbeatInterval)
        failureTimeout = Interval(settings.failureTimeout)
        gather = Interval(settings.gather)
        mergeGather = Interval(settings.mergeGather)
        resendInterval = Interval(settings.resendInterval)
        holdDeadline = Interval(settings.holdDeadline)
        flushTimeout = Interval(settings.flushTimeout)
        joinGather = settings.peers.isEmpty ? .zero : Interval(settings.joinGather)
        announceInterval = Interval(settings.announceInterval)
    }

    static func hwg(_ name: String, key: String) throws(GroupError) -> HWGID {
        guard let short = ShortName(name) else {
            throw .setting(key: key, problem: "‘\(name)’ is no group name: 1 to 15 of [A-Za-z0-9_.-]")
        }
        return HWGID(named: short)
    }
}
