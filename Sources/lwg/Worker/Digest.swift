import LightweightGroups

/// What one member delivered in one view of one group, condensed, so that members can be compared.
struct DeliveryDigest: Hashable, Codable, Sendable {
    var messages = 0
    /// Of all messages, whatever their order: equal sets have equal sums (D4).
    var set: UInt64 = 0
    /// Of the total and safe ones in their order (O3).
    var sequence: UInt64 = 0

    /// - Parameter sender: anything that is the same for one sender at all members.
    mutating func delivered(sender: UInt64, number: UInt64, order: Order, bytes: UnsafeRawBufferPointer) {
        var hash = Self.mix(sender &+ number &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(order.rawValue))
        var rest = bytes[...]
        while rest.count >= 8 {
            hash = Self.mix(hash ^ rest.loadUnaligned(as: UInt64.self))
            rest = rest.dropFirst(8)
        }
        for byte in rest { hash = Self.mix(hash ^ UInt64(byte)) }
        messages += 1
        set &+= hash
        if order == .total || order == .safe { sequence = Self.mix(sequence ^ hash) }
    }

    /// The finalizer of MurmurHash3.
    static func mix(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }
}

/// A member's digest of one view that it went through, from `view` to `next`.
struct DigestRecord: Hashable, Codable, Sendable {
    var group: Int
    var view: String
    var next: String
    var digest: DeliveryDigest
}

/// Compares what members that went from the same view to the same next view delivered in it.
struct SurvivorAgreement: Hashable, Sendable {
    struct Disagreement: Hashable, Sendable {
        var group: Int
        var view: String
        var next: String
        /// Numbers of the nodes whose digest differs from the first one's.
        var nodes: [Int]
    }

    /// (Group, view, next view) that at least two members went through.
    private(set) var compared = 0
    private(set) var disagreements: [Disagreement] = []

    /// Nothing compared proves nothing.
    var holds: Bool { compared > 0 && disagreements.isEmpty }

    /// - Parameter records: of each node that survived, by its number.
    init(_ records: [Int: [DigestRecord]]) {
        struct Passage: Hashable {
            let group: Int
            let view: String
            let next: String
        }
        var first: [Passage: (node: Int, digest: DeliveryDigest, times: Int)] = [:]
        var differing: [Passage: [Int]] = [:]
        for (node, list) in records.sorted(by: { $0.key < $1.key }) {
            for record in list {
                let passage = Passage(group: record.group, view: record.view, next: record.next)
                guard let known = first[passage] else {
                    first[passage] = (node, record.digest, 1)
                    continue
                }
                first[passage] = (known.node, known.digest, known.times + 1)
                if known.digest != record.digest { differing[passage, default: []].append(node) }
            }
        }
        compared = first.values.count { $0.times > 1 }
        disagreements = differing.map { Disagreement(group: $0.group, view: $0.view, next: $0.next, nodes: $1) }
            .sorted { ($0.group, $0.view, $0.next) < ($1.group, $1.view, $1.next) }
    }
}
