import GroupModel

/// A hash of all that a value holds, found by reflection: cores of one digest behave alike from then on.
///
/// Parts that can hash themselves do. Of a packet its bytes count, of a hashed collection not the order. What no behaviour
/// hangs on is named here and left out. A part of which nobody knows what it holds stops the program: what is overlooked would
/// make two states one.
struct StateDigest {
    private var hasher = Hasher()

    var value: UInt64 { UInt64(bitPattern: Int64(hasher.finalize())) }

    mutating func add(_ value: Any) {
        if let packet = value as? Packet { return hasher.combine(bytes: packet.contents) }
        precondition(!Self.isPointer(value), "a state holds a pointer")
        if let value = value as? any Hashable { return value.hash(into: &hasher) }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .dictionary, .set:
            hasher.combine(mirror.children.count)
            hasher.combine(
                mirror.children.reduce(UInt64(0)) { sum, child in
                    var part = StateDigest()
                    part.add(child.value)
                    return sum &+ part.value
                })
        case .collection:
            hasher.combine(mirror.children.count)
            for child in mirror.children { add(child.value) }
        case .optional:
            hasher.combine(mirror.children.isEmpty)
            for child in mirror.children { add(child.value) }
        case .enum:
            hasher.combine(mirror.children.first?.label ?? "\(value)")
            for child in mirror.children { add(child.value) }
        case .struct, .tuple:
            let left = Self.leftOut[String(reflecting: type(of: value))] ?? []
            for child in mirror.children where !left.contains(child.label ?? "") { add(child.value) }
        default: preconditionFailure("a state holds \(type(of: value)), which has no digest")
        }
    }

    private static func isPointer(_ value: Any) -> Bool {
        value is UnsafeRawPointer || value is UnsafeMutableRawPointer || value is UnsafeRawBufferPointer
            || value is MessageSlice || value is LWGSlice
    }

    /// Counters, what is the same for ever, what is looked up again, and room that is written before it is read.
    private static let leftOut: [String: Set<String>] = [
        "GroupCore.NodeCore": ["configuration", "counters", "lastStream"],
        // Entries that are out of date; `current` tells.
        "GroupCore.DeadlineQueue": ["heap"],
        "HWGProtocol.HWG": ["parameters", "pastCounters", "flushes"],
        "HWGProtocol.ViewStreams": ["parameters", "counters", "header"],
        "HWGProtocol.PacketBuilder": ["buffer", "none", "header"],
        "LWGProtocol.LWGLayer": ["mapping"],
        "LWGProtocol.Node": ["counters", "limits", "hash"],
    ]
}
