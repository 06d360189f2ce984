import CoreMetrics

/// Hands a node's metrics to swift-metrics: what counters have grown by, and present values, each time that it is
/// given a snapshot; times as they are measured. Lives on the loop.
///
/// Each metric has the dimension `node`, since a process may run several.
final class MetricsReporter {
    private let factory: any MetricsFactory
    private let node: (String, String)
    private var counters: [String: (counter: Counter, last: UInt64)] = [:]
    private var gauges: [String: Recorder] = [:]
    private var timers: [String: Timer] = [:]

    /// Nil when nobody would take the metrics.
    init?(_ factory: any MetricsFactory, node: String) {
        guard !(factory is NOOPMetricsHandler) else { return nil }
        self.factory = factory
        self.node = ("node", node)
    }

    func report(_ statistics: NodeStatistics) {
        for metric in MetricTable.metrics {
            switch metric.reading {
            case .counter(let read): advance(metric.name, [node], to: read(statistics))
            case .counters(let label, let read):
                for (value, count) in read(statistics) { advance(metric.name, [node, (label, value)], to: count) }
            case .gauge(let read): gauge(metric.name).record(read(statistics))
            case .timer: break
            }
        }
    }

    func took(_ name: String, nanoseconds: Int64) {
        if timers[name] == nil { timers[name] = Timer(label: name, dimensions: [node], factory: factory) }
        timers[name]?.recordNanoseconds(nanoseconds)
    }

    private func advance(_ name: String, _ dimensions: [(String, String)], to value: UInt64) {
        let key = dimensions.reduce(name) { "\($0) \($1.1)" }
        if counters[key] == nil {
            counters[key] = (Counter(label: name, dimensions: dimensions, factory: factory), 0)
        }
        guard let known = counters[key], value > known.last else { return }
        known.counter.increment(by: Int64(clamping: value - known.last))
        counters[key]?.last = value
    }

    private func gauge(_ name: String) -> Recorder {
        if let known = gauges[name] { return known }
        let fresh = Recorder(label: name, dimensions: [node], aggregate: false, factory: factory)
        gauges[name] = fresh
        return fresh
    }
}
