import GroupModel

/// What is in a state and no behaviour hangs on.
enum LeftOut {
    static func isPointer(_ type: Any.Type) -> Bool {
        type == UnsafeRawPointer.self || type == UnsafeMutableRawPointer.self || type == UnsafeRawBufferPointer.self
            || type == MessageSlice.self || type == LWGSlice.self
    }

    /// Counters, what is the same for ever, what is looked up again, and room that is written before it is read.
    static let parts: [String: Set<String>] = [
        // What each group says itself is asked for at each turn's end.
        "GroupCore.NodeCore": ["configuration", "counters", "lastStream", "deadlines"],
        // Where to look first.
        "HWGProtocol.PeerTable": ["recent"],
        "HWGProtocol.HWG": ["parameters", "pastCounters", "flushes"],
        // The earliest of the streams' times, or one that has passed by: then nothing is due.
        "HWGProtocol.ViewStreams": ["parameters", "counters", "header", "repairDeadline"],
        "HWGProtocol.ReceiveStream": ["gap", "controlsPassed"],
        "HWGProtocol.TotalOrder": ["queue", "first"],
        "HWGProtocol.PacketBuilder": ["buffer", "none", "header"],
        "LWGProtocol.LWGLayer": ["mapping"],
        "LWGProtocol.Node": ["counters", "limits", "hash"],
    ]

    typealias Special = (UnsafeRawPointer, inout Hasher) -> Bool

    /// Types of which a part counts only sometimes. What is made of it says whether the rest is to be hashed.
    static func special(_ name: String, _ fields: [StateShapes.Field], _ example: UnsafeRawPointer) -> Special? {
        if name == "HWGProtocol.ReceiveStream" { return stream(fields, example) }
        if name == "HWGProtocol.TotalOrder" { return order(fields) }
        if name.hasPrefix("HWGProtocol.PacketRing."), name.hasSuffix("Slot") { return slot(fields) }
        return nil
    }

    private static func field(_ name: String, _ fields: [StateShapes.Field]) -> StateShapes.Field {
        guard let field = fields.first(where: { $0.name == name }) else { preconditionFailure("no part \(name)") }
        return field
    }

    /// Packets of a stream that are missing: beyond what is received, and requests only while something is.
    private static func stream(_ fields: [StateShapes.Field], _ example: UnsafeRawPointer) -> Special {
        let gap = field("gap", fields)
        let parts = parts(gap.type, example + gap.offset)
        let contiguous = field("contiguous", fields).offset
        let known = gap.offset + field("known", parts).offset
        let askAt = gap.offset + field("askAt", parts).offset
        let askedThrough = gap.offset + field("askedThrough", parts).offset
        let attempts = gap.offset + field("attempts", parts).offset
        return { value, hasher in
            let due = value.load(fromByteOffset: askAt, as: Instant.self)
            hasher.combine(due)
            hasher.combine(
                max(
                    value.load(fromByteOffset: known, as: UInt64.self),
                    value.load(fromByteOffset: contiguous, as: UInt64.self)))
            guard due != .distantFuture else { return true }
            hasher.combine(value.load(fromByteOffset: askedThrough, as: UInt64.self))
            hasher.combine(value.load(fromByteOffset: attempts, as: Int.self))
            return true
        }
    }

    private static func parts<T>(_ type: T.Type, _ example: UnsafeRawPointer) -> [StateShapes.Field] {
        StateShapes.fields(of: type, example)
    }

    /// Orders before `first` are done with.
    private static func order(_ fields: [StateShapes.Field]) -> Special {
        let queue = field("queue", fields)
        let first = field("first", fields).offset
        guard let type = queue.type as? any Collection.Type else { preconditionFailure("no queue of orders") }
        return { value, hasher in
            addRest(type, value + queue.offset, value.load(fromByteOffset: first, as: Int.self), &hasher)
            return true
        }
    }

    private static func addRest<C: Collection>(
        _: C.Type, _ queue: UnsafeRawPointer, _ first: Int, _ hasher: inout Hasher
    ) {
        for entry in queue.assumingMemoryBound(to: C.self).pointee.dropFirst(first) {
            guard let entry = entry as? any Hashable else { preconditionFailure("an order has no hash") }
            entry.hash(into: &hasher)
        }
    }

    /// A place of a ring without a packet is empty, whatever was there.
    private static func slot(_ fields: [StateShapes.Field]) -> Special {
        let packet = field("packet", fields).offset
        return { value, _ in (value + packet).assumingMemoryBound(to: Packet?.self).pointee != nil }
    }
}
