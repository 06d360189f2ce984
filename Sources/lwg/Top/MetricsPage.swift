/// A node's metrics as text, read: of each name the sum over its labels, and the labels of `lwg_info`.
struct MetricsPage: Hashable, Sendable {
    private(set) var values: [String: Double] = [:]
    private(set) var identity: [String: String] = [:]

    /// A node has some sixty; a page with far more is something else.
    static let names = 1_024

    /// Nil when the text is no node's metrics.
    init?(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let (name, labels, value) = Self.sample(line) else { return nil }
            // Buckets are for those who keep histograms.
            if name.hasSuffix("_bucket") { continue }
            if name == "lwg_info" { identity = Self.pairs(labels) }
            guard values[name] != nil || values.count < Self.names else { return nil }
            values[name, default: 0] += value
        }
        guard identity["node"] != nil else { return nil }
    }

    subscript(name: String) -> Double { values[name] ?? 0 }

    /// `name{label="value"} 1.5`. A label's value may hold blanks and braces, so the end is looked for from behind.
    private static func sample(_ line: Substring) -> (name: String, labels: Substring, value: Double)? {
        guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
            return nil
        }
        let series = line[..<blank]
        guard let brace = series.firstIndex(of: "{") else { return (String(series), "", value) }
        guard series.hasSuffix("}") else { return nil }
        return (String(series[..<brace]), series[series.index(after: brace)...].dropLast(), value)
    }

    private static func pairs(_ labels: Substring) -> [String: String] {
        var pairs: [String: String] = [:]
        var (name, value) = ("", "")
        var isQuoted = false
        var isEscaped = false
        for character in labels {
            switch (isQuoted, character) {
            case (true, _) where isEscaped:
                value.append(character == "n" ? "\n" : character)
                isEscaped = false
            case (true, "\\"): isEscaped = true
            case (true, "\""):
                isQuoted = false
                pairs[name] = value
                (name, value) = ("", "")
            case (true, _): value.append(character)
            case (false, "\""): isQuoted = true
            case (false, "="), (false, ","), (false, " "): break
            case (false, _): name.append(character)
            }
        }
        return pairs
    }
}
