import LightweightGroups

extension NodeSettings {
    /// The heavyweight group that a group would be on if it were joined now; nil where it has one of its own.
    func plannedHWG(for group: String) -> String? {
        perGroupHWG ? nil : pins.first { $0.matches(group) }?.group ?? defaultGroup
    }

    /// Why a group goes where it goes, by the policy `static`.
    func mappingRule(for group: String) -> String {
        if perGroupHWG { return "policy perGroup: every group has a heavyweight group of its own" }
        if let pin = pins.first(where: { $0.matches(group) }) {
            return "policy static: the first pin that matches is ‘\(pin.pattern)=\(pin.group)’"
        }
        return pins.isEmpty
            ? "policy static: there are no pins, and mapping.default is ‘\(defaultGroup)’"
            : "policy static: none of \(pins.count) pins matches, and mapping.default is ‘\(defaultGroup)’"
    }
}
