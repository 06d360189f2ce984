/// A node's metrics as Prometheus' text format, version 0.0.4.
enum Exposition {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Who the node is: `lwg_info` with the value 1.
    struct Identity {
        var node: String
        var member: String
        var cluster: String

        static let name = "lwg_info"
        static let text = "The node's name, member and cluster; always 1."
    }

    static func text(_ statistics: NodeStatistics, _ identity: Identity, _ process: ProcessFigures) -> String {
        var out = ""
        out.reserveCapacity(16 << 10)
        head(Identity.name, "gauge", Identity.text, &out)
        out +=
            "\(Identity.name){node=\"\(escaped(identity.node))\",member=\"\(escaped(identity.member))\","
            + "cluster=\"\(escaped(identity.cluster))\"} 1\n"
        for metric in MetricTable.metrics {
            head(metric.name, metric.kind.rawValue, metric.text, &out)
            switch metric.reading {
            case .counter(let read): out += "\(metric.name) \(read(statistics))\n"
            case .gauge(let read): out += "\(metric.name) \(number(read(statistics)))\n"
            case .counters(let label, let read):
                for (value, count) in read(statistics).sorted(by: { $0.key < $1.key }) {
                    out += "\(metric.name){\(label)=\"\(escaped(value))\"} \(count)\n"
                }
            case .timer(let read): histogram(metric.name, read(statistics), &out)
            }
        }
        head(ProcessFigures.names[0].name, "counter", ProcessFigures.names[0].text, &out)
        out += "\(ProcessFigures.names[0].name) \(process.processorSeconds)\n"
        if let bytes = process.residentBytes {
            head(ProcessFigures.names[1].name, "gauge", ProcessFigures.names[1].text, &out)
            out += "\(ProcessFigures.names[1].name) \(bytes)\n"
        }
        return out
    }

    private static func head(_ name: String, _ kind: String, _ text: String, _ out: inout String) {
        out += "# HELP \(name) \(text)\n# TYPE \(name) \(kind)\n"
    }

    private static func histogram(_ name: String, _ times: DurationHistogram, _ out: inout String) {
        var below: UInt64 = 0
        for (bound, count) in zip(DurationHistogram.bounds, times.counts) {
            below += count
            out += "\(name)_bucket{le=\"\(number(Double(bound) / 1e9))\"} \(below)\n"
        }
        out += "\(name)_bucket{le=\"+Inf\"} \(times.count)\n"
        out += "\(name)_sum \(number(Double(times.sumNanoseconds) / 1e9))\n"
        out += "\(name)_count \(times.count)\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 9e15 ? String(Int(value)) : String(value)
    }

    static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
