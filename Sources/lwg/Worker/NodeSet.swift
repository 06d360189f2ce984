/// A set of a run's nodes by number, from 0.
struct NodeSet: Hashable, Codable, Sendable {
    var bits: UInt64
    /// What one word holds.
    static let capacity = 64

    init(bits: UInt64) { self.bits = bits }
    init(_ numbers: some Sequence<Int>) { bits = numbers.reduce(0) { $0 | 1 << UInt64($1) } }
    init(from decoder: any Decoder) throws { bits = try decoder.singleValueContainer().decode(UInt64.self) }
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bits)
    }

    static func first(_ count: Int) -> NodeSet { NodeSet(0..<count) }

    var count: Int { bits.nonzeroBitCount }
    var numbers: [Int] { (0..<Self.capacity).filter(contains) }
    func contains(_ number: Int) -> Bool { bits >> UInt64(number) & 1 == 1 }
    func intersection(_ other: NodeSet) -> NodeSet { NodeSet(bits: bits & other.bits) }
    func inserting(_ number: Int) -> NodeSet { NodeSet(bits: bits | 1 << UInt64(number)) }
    func removing(_ number: Int) -> NodeSet { NodeSet(bits: bits & ~(1 << UInt64(number))) }
}
