import GroupModel

/// After an HWG view of several sides: the tables that are delivered, until they cover every rank.
struct MergeRound: Sendable {
    /// One side's table, by its lowest rank.
    struct Contribution: Sendable {
        var covers: [UInt16]
        var entries: [SideEntry]
        var isComplete: Bool
    }

    /// The nodes of my side, by rank in this view, ascending.
    let side: [UInt16]
    /// What my side knows: sent by its lowest rank.
    let own: [SideEntry]
    private(set) var contributions: [Contribution] = []
    /// Covered by complete tables, or from the start because their nodes have no state.
    private(set) var isCovered: [Bool]

    init(side: [UInt16], own: [SideEntry], isCovered: [Bool]) {
        self.side = side
        self.own = own
        self.isCovered = isCovered
    }

    var isComplete: Bool { isCovered.allSatisfy { $0 } }

    /// Whether the part was taken; a side speaks through its lowest rank, and each rank is covered once.
    mutating func partArrived(_ part: TablePart, from rank: UInt16) -> Bool {
        guard part.covers.min() == rank, part.covers.allSatisfy({ !isCovered[Int($0)] }) else { return false }
        let at = contributions.firstIndex { $0.covers.contains { part.covers.contains($0) } }
        if let at {
            guard contributions[at].covers == part.covers, !contributions[at].isComplete else { return false }
            contributions[at].entries.append(contentsOf: part.entries)
            contributions[at].isComplete = part.isLast
        } else {
            contributions.append(
                Contribution(covers: part.covers, entries: part.entries, isComplete: part.isLast))
        }
        if part.isLast { for each in part.covers { isCovered[Int(each)] = true } }
        return true
    }

    /// The sides whose tables were delivered count as one, if mine is among them; else my side as it was.
    func collapsed() -> (side: [UInt16], entries: [SideEntry]) {
        if Mutant.ghosts.isOn { return (isCovered.indices.map { UInt16($0) }, merged()) }
        guard let mine = side.first, isCovered[Int(mine)] else { return (side, own) }
        return (isCovered.indices.filter { isCovered[$0] }.map { UInt16(truncatingIfNeeded: $0) }, merged())
    }

    /// All complete tables as one: sides by lowest rank, each in its own order. A name that collides with another's
    /// id loses to the lower side's; what a side tells of an LWG a second time is ignored.
    func merged() -> [SideEntry] {
        let sides = contributions.filter(\.isComplete).sorted { ($0.covers.min() ?? 0) < ($1.covers.min() ?? 0) }
        var order: [(id: LWGID, side: Int, entry: Int)] = []
        for (index, side) in sides.enumerated() {
            for entry in side.entries.indices { order.append((side.entries[entry].id, index, entry)) }
        }
        order.sort { ($0.id, $0.side, $0.entry) < ($1.id, $1.side, $1.entry) }
        var result: [SideEntry] = []
        result.reserveCapacity(order.count)
        var lastSide = 0
        for each in order {
            let entry = sides[each.side].entries[each.entry]
            defer { lastSide = each.side }
            guard let last = result.last, last.id == entry.id else { result.append(entry); continue }
            guard last.name == entry.name, each.side != lastSide else { continue }
            result[result.count - 1].append(entry)
        }
        return result
    }
}

extension SideEntry {
    mutating func append(_ other: SideEntry) {
        for member in other.members where !members.contains(where: { $0.endpoint == member.endpoint }) {
            var origin: UInt8?
            if let index = member.origin {
                let view = other.origins[Int(index)]
                if let known = origins.firstIndex(of: view) {
                    origin = UInt8(truncatingIfNeeded: known)
                } else if origins.count < Int(UInt8.max) {
                    origin = UInt8(truncatingIfNeeded: origins.count)
                    origins.append(view)
                }
            }
            members.append(Member(endpoint: member.endpoint, rank: member.rank, origin: origin))
        }
    }
}
