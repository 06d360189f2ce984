import GroupModel

// A side enters a merge only from LWG views of exactly its own members, as in an HWG (M5): whoever it lost may come back
// from a view of its own. So an LWG that lost a member gets a view of its side before the tables are exchanged; and so does
// one that comes from a primary view to an HWG view that is not, because the primary chain goes on without it (M7).

extension Carrier {
    /// Counts of LWG views that begin in one HWG view: 0 if it has one side; otherwise a side's lowest rank for that side's
    /// view, and this for the merged one. So their IDs differ and grow (M2, M4).
    static let mergedCount = UInt32(Limits.viewMembers)

    /// All of the side compute the same from its entries. These views are not primary: another side may come from the
    /// primary view, too (M7). What the side tells then comes from them.
    mutating func installSideViews(
        _ entries: [SideEntry], lowest: UInt16, _ node: inout Node, into out: inout LWGOutput
    ) -> [SideEntry] {
        guard let heavy = view?.id, entries.contains(where: { $0.needsSideView(primary: isPrimary) }),
            !Mutant.noSideView.isOn
        else { return entries }
        return entries.map { entry in
            guard entry.needsSideView(primary: isPrimary), !entry.members.isEmpty else { return entry }
            let era = max(UInt32(clamping: heavy.epoch), entry.origins.map(\.view.era).max() ?? 0)
            let next = View(
                id: ViewID(era: era, count: UInt32(lowest), coordinator: heavy.coordinator),
                members: entry.members.map(\.endpoint))
            installSideView(next, entry, &node, into: &out)
            return SideEntry(
                id: entry.id, name: entry.name,
                origins: [.init(view: next.id, size: UInt32(clamping: next.members.count), isPrimary: false)],
                members: entry.members.map { .init(endpoint: $0.endpoint, rank: $0.rank, origin: 0) })
        }
    }

    private mutating func installSideView(
        _ next: View<EndpointID>, _ entry: SideEntry, _ node: inout Node, into out: inout LWGOutput
    ) {
        let subViews = entry.subViews
        var at = node.seats.head(of: entry.id, on: index)
        while let seat = at {
            at = node.seats.seats[seat].next
            let state = node.seats.seats[seat]
            guard state.stage == .member || state.stage == .pending else { continue }
            guard next.members.contains(state.endpoint) else {
                retire(seat, state.leaving ?? .requested, &node, into: &out)
                continue
            }
            endHold(seat, &node)
            node.seats.seats[seat].stage = .member
            if !state.told {
                tell(seat, state.endpoint, next, from: state.view, subViews, primary: false, into: &out)
                node.counters.views += 1
            }
            node.seats.seats[seat].view = next
            // The merge holds all LWGs.
            if node.reportsHolds || state.explicit { raiseHold(seat, &node, into: &out) }
        }
    }
}

extension SideEntry {
    /// By the views that members come from, in the order of `origins`.
    var subViews: [SubView<EndpointID>] {
        origins.indices.compactMap { origin in
            let together = members.filter { $0.origin == UInt8(origin) }.map(\.endpoint)
            return together.isEmpty ? nil : SubView(previous: origins[origin].view, members: together, hasState: true)
        }
    }
}
