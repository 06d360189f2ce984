/// What a running node took of a new configuration.
public struct Reload: Hashable, Sendable {
    public struct Change: Hashable, Sendable, CustomStringConvertible {
        /// `section.key`.
        public let key: String
        public let old: SettingValue
        public let new: SettingValue

        public var description: String { "\(key) from \(old) to \(new)" }
    }

    /// In force now.
    public var applied: [Change] = []
    /// Changed in the configuration, and taken at the node's next start.
    public var needRestart: [Change] = []

    public var isEmpty: Bool { applied.isEmpty && needRestart.isEmpty }

    /// What `running` becomes, and what that changes.
    static func plan(
        from running: NodeSettings, to wanted: NodeSettings
    ) throws(ConfigurationError) -> (settings: NodeSettings, reload: Reload) {
        var settings = running
        var reload = Reload()
        for key in SettingTable.keys {
            let change = Change(key: key.path, old: key.read(running), new: key.read(wanted))
            guard change.old != change.new else { continue }
            // The control group of the mode `primary` is what it is for the node's life.
            let isFixed = running.partition == .primary && key.path == "mapping.default"
            if key.isReloadable, !isFixed {
                key.write(&settings, change.new)
                reload.applied.append(change)
            } else {
                reload.needRestart.append(change)
            }
        }
        // The wanted settings may be sound as a whole, and yet not without what needs a restart.
        let problems = SettingRules.broken(by: settings) { _ in "running node" }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return (settings, reload)
    }
}
