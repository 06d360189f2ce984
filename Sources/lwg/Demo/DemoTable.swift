import Foundation
import LightweightGroups

/// The groups of a demo.
enum DemoTable {
    /// Groups of all sizes from two members up, each of neighbouring nodes, evenly spread. Every third also has the
    /// node that comes late (number `nodes`), so that its join changes some groups and leaves others as they are.
    static func overlapping(groups: Int, nodes: Int) -> GroupTable {
        var table = GroupTable()
        for number in 0..<groups {
            let first = number % nodes
            let size = nodes < 2 ? 1 : 2 + number / nodes % (nodes - 1)
            var members = NodeSet((0..<size).map { (first + $0) % nodes })
            if number.isMultiple(of: 3) { members = members.inserting(nodes) }
            table.append("group-\(number)", members)
        }
        return table
    }

    /// Memberships from a file with a line `group,members` per group, the members separated by blanks; its members
    /// are the nodes, by name. The last of them comes late.
    static func read(_ path: String) throws -> (table: GroupTable, nodes: [String]) {
        guard let text = String(validating: try InputFile.read(path), as: UTF8.self) else {
            throw Failure("\(path): is not UTF-8 text")
        }
        return try parse(text, file: path)
    }

    static func parse(_ text: String, file: String) throws -> (table: GroupTable, nodes: [String]) {
        var groups: [(name: String, members: [String])] = []
        var seen: Set<ExactName> = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if line.isEmpty || index == 0 && line == "group,members" { continue }
            guard let comma = line.lastIndex(of: ",") else {
                throw Failure("\(file):\(index + 1): expected GROUP,MEMBERS")
            }
            let name = String(line[..<comma])
            let members = line[line.index(after: comma)...].split(separator: " ").map(String.init)
            guard !name.isEmpty, !members.isEmpty else { throw Failure("\(file):\(index + 1): expected GROUP,MEMBERS") }
            guard seen.insert(ExactName(name)).inserted else {
                throw Failure("\(file):\(index + 1): ‘\(name)’ is there twice")
            }
            groups.append((name, members))
        }
        let nodes = Set(groups.flatMap(\.members)).sorted()
        guard (3...NodeSet.capacity).contains(nodes.count) else {
            throw Failure("\(file): a demo needs 3 to \(NodeSet.capacity) members, and this file has \(nodes.count)")
        }
        let numbers = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1, $0) })
        var table = GroupTable()
        for group in groups { table.append(group.name, NodeSet(group.members.compactMap { numbers[$0] })) }
        return (table, nodes)
    }
}
