import GroupModel

/// The mapping policy `static`: an LWG's name alone decides its HWG, so all nodes with the same configuration agree.
public struct StaticMapping: Sendable {
    public let defaultGroup: HWGID
    /// First match wins; `*` matches any run of characters, `?` one.
    public let pins: [(pattern: String, group: HWGID)]
    /// Every LWG has an HWG of its own: the other line of the paper's figures.
    public let perGroup: Bool

    public init(default defaultGroup: HWGID, pins: [(pattern: String, group: HWGID)] = [], perGroup: Bool = false) {
        self.defaultGroup = defaultGroup
        self.pins = pins
        self.perGroup = perGroup
    }

    public func group(for name: String) -> HWGID {
        if perGroup {
            let creator = MemberID(node: NodeID(raw: LWGID(name: name).raw), incarnation: 0)
            return HWGID(creator: creator, counter: 0)
        }
        if pins.isEmpty { return defaultGroup }
        let text = Array(name.unicodeScalars)
        return pins.first { Self.matches(Array($0.pattern.unicodeScalars), text) }?.group ?? defaultGroup
    }

    /// Linear in the text for each `*` of the pattern: only the last `*` is ever tried again.
    static func matches(_ pattern: [Unicode.Scalar], _ text: [Unicode.Scalar]) -> Bool {
        var at = 0
        var next = 0
        var star: (pattern: Int, text: Int)?
        while at < text.count {
            if next < pattern.count, pattern[next] == "*" {
                star = (next + 1, at)
                next += 1
            } else if next < pattern.count, pattern[next] == "?" || pattern[next] == text[at] {
                next += 1
                at += 1
            } else if let last = star {
                next = last.pattern
                at = last.text + 1
                star = (next, at)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == "*" }
    }
}
