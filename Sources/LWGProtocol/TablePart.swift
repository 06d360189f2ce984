import GroupModel
import GroupWire

/// What one side tells of one LWG: the members on the nodes that it covers, and the views they come from.
struct SideEntry: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        let endpoint: EndpointID
        /// The rank of its node in the HWG view that the table is for.
        var rank: UInt16
        /// Index into `origins`; nil for one whose join was ordered and who has no view yet.
        let origin: UInt8?
    }
    /// A view that members come from, how many were in it, and whether it was primary: who is gone may be in another view
    /// that came from it.
    struct Origin: Hashable, Sendable {
        let view: ViewID
        let size: UInt32
        let isPrimary: Bool
    }
    let id: LWGID
    let name: String
    /// One, or several when sides became one before they settled.
    var origins: [Origin]
    var members: [Member]

    /// Whether the side needs a view of its own in an HWG view: some who were in a view that members come from are not
    /// here (M5), or that view was primary and the HWG view is not, so that the chain goes on elsewhere (M7).
    func needsSideView(primary: Bool) -> Bool {
        origins.indices.contains { origin in
            let here = members.count { $0.origin == UInt8(origin) }
            return here > 0 && (here < Int(origins[origin].size) || origins[origin].isPrimary && !primary)
        }
    }
}

/// One part of a side's table, the first totally ordered message of its lowest rank in a new HWG view.
struct TablePart: Hashable, Sendable {
    /// More parts follow; the side counts when its last part is delivered.
    var isLast: Bool
    /// Ranks in the HWG view: the nodes that the side speaks for, and no others (no ghosts).
    var covers: [UInt16]
    /// Without ids: the receiver computes them from the names.
    var entries: [SideEntry]

    init(isLast: Bool, covers: [UInt16], entries: [SideEntry]) {
        self.isLast = isLast
        self.covers = covers
        self.entries = entries
    }

    func write(to writer: inout ByteWriter) {
        var names = NameList()
        var views: [SideEntry.Origin] = []
        var viewIndex: [SideEntry.Origin: Int] = [:]
        for entry in entries {
            names.add(entry)
            for origin in entry.origins where viewIndex[origin] == nil {
                viewIndex[origin] = views.count
                views.append(origin)
            }
        }
        writer.bool(isLast)
        writer.array(covers) { $0.u16($1) }
        writer.array(names.names) { $0.shortName($1) }
        writer.array(views) {
            $0.viewID($1.view)
            $0.u32($1.size)
            $0.bool($1.isPrimary)
        }
        writer.array(entries) { writer, entry in
            writer.shortString(entry.name)
            writer.array(entry.origins) { $0.u32(UInt32(truncatingIfNeeded: viewIndex[$1] ?? 0)) }
            writer.array(entry.members) {
                $0.u16($1.rank)
                $0.u8($1.origin ?? .max)
                $0.u16(names.index(of: $1.endpoint.name))
            }
        }
    }

    init(reading reader: inout ByteReader, members: [MemberID]) {
        isLast = reader.bool()
        covers = reader.array(limit: Limits.viewMembers, elementBytes: 2) { $0.u16() }
        var isCovered = [Bool](repeating: false, count: members.count)
        for rank in covers {
            if Int(rank) < members.count, !isCovered[Int(rank)] { isCovered[Int(rank)] = true } else { reader.fail() }
        }
        let names = reader.array(limit: NameList.limit, elementBytes: 16) { $0.shortName() }
        if !names.allDiffer { reader.fail() }
        let views = reader.array(limit: Limits.groupsPerHWG, elementBytes: 25) {
            SideEntry.Origin(view: $0.viewID(), size: $0.u32(), isPrimary: $0.bool())
        }
        var seatsOfRank = [UInt16](repeating: 0, count: members.count)
        entries = reader.array(limit: Limits.groupsPerHWG, elementBytes: 9) { reader in
            let name = reader.shortString(limit: Limits.groupNameBytes)
            if name.isEmpty { reader.fail() }
            // 255 stands for "no view".
            let origins = reader.array(limit: 255, elementBytes: 4) { reader in
                let index = Int(reader.u32())
                if index < views.count { return views[index] }
                reader.fail()
                return SideEntry.Origin(
                    view: ViewID(epoch: 0, coordinator: MemberID(node: NodeID(raw: 0), incarnation: 0)), size: 0,
                    isPrimary: false)
            }
            let seats = Limits.viewMembers * Limits.seatsPerNode
            let list = reader.array(limit: seats, elementBytes: 5) { reader -> SideEntry.Member? in
                let rank = reader.u16()
                let origin = reader.u8()
                let index = Int(reader.u16())
                guard Int(rank) < members.count, isCovered[Int(rank)], index < names.count,
                    origin == .max || Int(origin) < origins.count
                else { reader.fail(); return nil }
                let endpoint = EndpointID(member: members[Int(rank)], name: names[index])
                return SideEntry.Member(endpoint: endpoint, rank: rank, origin: origin == .max ? nil : origin)
            }
            let known = list.compactMap { $0 }
            if !Self.isProper(known, seats: &seatsOfRank) { reader.fail() }
            return SideEntry(id: LWGID(raw: 0), name: name, origins: origins, members: known)
        }
    }

    /// No endpoint twice, and of each node no more than labels can number. `seats`: zeros, by rank, before and after.
    private static func isProper(_ members: [SideEntry.Member], seats: inout [UInt16]) -> Bool {
        defer { for member in members { seats[Int(member.rank)] = 0 } }
        for member in members {
            seats[Int(member.rank)] += 1
            if seats[Int(member.rank)] > Limits.seatsPerNode { return false }
        }
        return members.map(\.endpoint).allDiffer
    }
}
