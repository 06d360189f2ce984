/// One metric of a node: its name, what it counts, and where a snapshot has it.
///
/// Names are Prometheus names, and the same in swift-metrics: counters end in `_total`, times are in seconds.
public struct Metric: Sendable {
    public let name: String
    /// What it means, in one sentence.
    public let text: String
    let reading: Reading

    enum Reading: Sendable {
        /// Grows from the node's start.
        case counter(@Sendable (NodeStatistics) -> UInt64)
        /// The same, by the values of one label, of which there are few whatever the network sends.
        case counters(label: String, @Sendable (NodeStatistics) -> [String: UInt64])
        /// A present value.
        case gauge(@Sendable (NodeStatistics) -> Double)
        case timer(@Sendable (NodeStatistics) -> DurationHistogram)
    }

    public enum Kind: String, Sendable { case counter, gauge, histogram }

    public var kind: Kind {
        switch reading {
        case .counter, .counters: .counter
        case .gauge: .gauge
        case .timer: .histogram
        }
    }
}
