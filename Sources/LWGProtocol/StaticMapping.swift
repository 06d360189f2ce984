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

    /// What nodes tell each other of their mapping: the same for equal ones, and for others by chance once in 2³².
    public var digest: UInt32 {
        if perGroup { return 1 }
        var hash = StableHash.mix(defaultGroup.high) ^ defaultGroup.low
        for pin in pins {
            for word in [StableHash.of(pin.pattern), pin.group.high, pin.group.low] {
                hash = StableHash.mix(hash ^ word)
            }
        }
        return UInt32(truncatingIfNeeded: StableHash.mix(hash))
    }

    public func group(for name: String) -> HWGID {
        if perGroup {
            let creator = MemberID(node: NodeID(raw: LWGID(name: name).raw), incarnation: 0)
            return HWGID(creator: creator, counter: 0)
        }
        if pins.isEmpty { return defaultGroup }
        let text = Array(name.unicodeScalars)
        return pins.first { NamePattern.matches(Array($0.pattern.unicodeScalars), text) }?.group ?? defaultGroup
    }
}
