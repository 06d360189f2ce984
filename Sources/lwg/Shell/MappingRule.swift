import LightweightGroups

extension NodeSettings {
    /// Why a group is where it is, by the policy `static`.
    func mappingRule(for group: String) -> String {
        if perGroupHWG { return "policy perGroup: every group has a heavyweight group of its own" }
        if let pin = pins.first(where: { Self.matches(group, pattern: $0.pattern) }) {
            return "policy static: the first pin that matches is ‘\(pin.pattern)=\(pin.group)’"
        }
        return pins.isEmpty
            ? "policy static: there are no pins, and mapping.default is ‘\(defaultGroup)’"
            : "policy static: none of \(pins.count) pins matches, and mapping.default is ‘\(defaultGroup)’"
    }

    /// `*` matches any run of characters, `?` one. Linear but for the last star, which is tried at each place.
    static func matches(_ name: String, pattern: String) -> Bool {
        let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
        var (position, index) = (0, 0)
        var star: (index: Int, position: Int)?
        while position < name.count {
            if index < pattern.count, pattern[index] == UInt8(ascii: "*") {
                star = (index, position)
                index += 1
            } else if index < pattern.count, pattern[index] == UInt8(ascii: "?") || pattern[index] == name[position] {
                index += 1
                position += 1
            } else if let last = star {
                star = (last.index, last.position + 1)
                index = last.index + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
