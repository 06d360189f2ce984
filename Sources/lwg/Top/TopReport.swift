/// All nodes at one moment, as an object or as a table.
struct TopReport: Sendable {
    let rows: [TopRow]

    private var ready: Int { rows.count { $0.state == "ready" } }

    var json: JSON {
        [
            "ready": .int(ready),
            "nodes": .array(
                rows.map { row in
                    .object(
                        [
                            .init(key: "endpoint", value: .string(row.endpoint)),
                            .init(key: "node", value: .string(row.node)),
                            .init(key: "state", value: .string(row.state)),
                        ] + TopRow.Column.allCases.map { .init(key: $0.rawValue, value: .optional(row[$0])) }
                            + (row.look.failure.map { [.init(key: "reason", value: .string($0))] } ?? []))
                }),
            "total": .object(
                TopRow.Column.allCases.filter(\.isSummed).map {
                    .init(key: $0.rawValue, value: .optional(TopRow.total($0, rows)))
                }),
        ]
    }

    /// - Parameters:
    ///   - width: lines are cut to it.
    ///   - height: nodes that do not fit are counted in the last line.
    func lines(width: Int = .max, height: Int = .max) -> [String] {
        var lines = ["lwg top: \(rows.count) node\(rows.count == 1 ? "" : "s"), \(ready) ready"]
        let room = max(height - 4, 1)
        let shown = rows.count > room ? rows.prefix(room - 1) : rows[...]
        var table = [["NODE", "STATE"] + TopRow.Column.allCases.map(\.heading)]
        for row in shown {
            table.append([row.node.printable(), row.state] + TopRow.Column.allCases.map { Self.short(row[$0]) })
        }
        if rows.count > 1 {
            table.append(["all", ""] + TopRow.Column.allCases.map { Self.short(TopRow.total($0, rows), else: "") })
        }
        lines += Self.aligned(table)
        if shown.count < rows.count { lines.append("and \(rows.count - shown.count) more") }
        for row in shown {
            if let failure = row.look.failure { lines.append("\(row.endpoint): \(failure)".printable()) }
        }
        return lines.map { String($0.prefix(width)) }
    }

    /// The first two columns to the left, numbers to the right.
    private static func aligned(_ table: [[String]]) -> [String] {
        let columns = table.first?.count ?? 0
        let widths = (0..<columns).map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { line in
            line.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column < 2 ? text + padding : padding + text
            }
            .joined(separator: "  ")
        }
    }

    /// At most four digits and a unit: `0`, `3.4`, `812`, `12.3k`, `1.2M`.
    static func short(_ value: Double?, else missing: String = "-") -> String {
        // What a node says is only a number when it is finite, and no count of anything has sixteen digits.
        guard let value, value.magnitude < 1e16 else { return missing }
        for (scale, unit) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where value.magnitude >= scale {
            return decimal(value / scale) + unit
        }
        return decimal(value)
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = (value * 10).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0 || value.magnitude >= 100
            ? String(Int(value.rounded())) : String(tenths / 10)
    }
}
