import GroupModel

// An HWG view change completes every pending LWG flush: (old + joins − leaves) ∩ HWG view. With one side no message is
// needed (F4); with several, tables are exchanged first.

extension Carrier {
    mutating func heavyViewInstalled(
        _ change: ViewChange<MemberID>, _ node: inout Node, into out: inout LWGOutput
    ) {
        let members = change.view.members
        guard let myRank = members.firstIndex(of: node.me) else { node.counters.malformed += 1; return }
        let remap = Remap(from: view?.members ?? [], to: change)
        endHeavyView(&node, into: &out)
        let before = phase
        let wasPrimary = isPrimary
        view = change.view
        isPrimary = change.primary
        rank = UInt16(truncatingIfNeeded: myRank)
        demultiplexer.reset(width: members.count)

        // Sub-views without state, and members without a previous view, have nothing to tell.
        var isCovered = [Bool](repeating: true, count: members.count)
        for side in change.subViews where side.hasState {
            for member in side.members {
                if let rank = members.firstIndex(of: member) { isCovered[rank] = false }
            }
        }
        let mine = change.subViews.first { $0.members.contains(node.me) }
        let isWhole = (mine?.members.count ?? 1) == members.count

        var side = [rank]
        var own: [SideEntry] = []
        var wasMerging = false
        switch before {
        case .absent: break
        case .settled:
            if isWhole { recompute(remap, &node, into: &out); return }
            side = remap.survivors
            own = sideEntries(remap, primary: wasPrimary)
        case .merging(let round):
            wasMerging = true
            let known = round.collapsed()
            side = remap.ranks(known.side)
            own = remap.entries(known.entries)
        }
        table = Table()
        if (isWhole && side.count == members.count) || isCovered.allSatisfy({ $0 }) {
            settle(own, &node, into: &out)
            return
        }
        if wasMerging { out.notes.append(.tablesAgain(id)) }
        isHeld = true
        own = installSideViews(own, lowest: side.first ?? rank, &node, into: &out)
        phase = .merging(MergeRound(side: side, own: own, isCovered: isCovered))
        if side.first == rank && !isCovered[myRank] {
            tableParts = Self.parts(of: own, covering: side, limit: node.limits.tablePartBytes)
        }
    }

    /// Early data, flushOKs and undelivered records of the old HWG view are void.
    private mutating func endHeavyView(_ node: inout Node, into out: inout LWGOutput) {
        node.counters.earlyVoid += UInt64(early.items.count)
        early = EarlyStore()
        isInRest = false
        fences.removeAll()
        closeDoors(&node)
        isHeld = false
        isHeavyHeld = false
        holdView = nil
        hasGivenHoldOK = false
        hasTold = false
        readyFlushOKs.removeAll(keepingCapacity: true)
        isFlushOKInFlight = false
        tableParts.removeAll()
        isTableInFlight = false
        endSweep()
        for operation in outbox.operationsInFlight
        where operation.isJoin && node.seats.seats[operation.seat].stage == .sent {
            node.seats.seats[operation.seat].stage = .queued
            if let reason = node.seats.seats[operation.seat].leaving {
                retire(operation.seat, reason, &node, into: &out)
            }
        }
        outbox.recordVoid()
    }

    /// One side, the common case of a crash or a leave: every LWG view is computed in place.
    private mutating func recompute(_ remap: Remap, _ node: inout Node, into out: inout LWGOutput) {
        let floor = UInt32(clamping: view?.id.epoch ?? 0)
        var last = MovedMembers()
        for index in table.entries.indices {
            table.entries[index].move(remap, floor: floor, coordinator: view?.id.coordinator ?? node.me, like: &last)
            if table.entries[index].members.isEmpty, !table.entries[index].isFree {
                removeSeats(of: table.entries[index], &node, into: &out)
            }
        }
        table.renumber()
        installAll(&node, into: &out)
    }

    /// What my side tells: old members that come along, then those whose joins were ordered.
    private func sideEntries(_ remap: Remap, primary: Bool) -> [SideEntry] {
        var last = MovedMembers()
        return table.entries.compactMap { entry in
            if entry.members.isEmpty, entry.isQuiet { return nil }
            var next = entry
            next.move(remap, floor: 0, coordinator: entry.coordinator, like: &last)
            // Nobody needs to hear of an LWG that has ended: numbers and counts are those of one HWG view.
            if next.members.isEmpty { return nil }
            var members: [SideEntry.Member] = []
            members.reserveCapacity(next.members.count)
            for index in next.members.indices {
                members.append(
                    .init(
                        endpoint: next.members[index], rank: next.ranks[index],
                        origin: index < next.survivors ? 0 : nil))
            }
            return SideEntry(
                id: entry.id, name: entry.name,
                origins: next.previous.map {
                    [.init(view: $0, size: UInt32(clamping: entry.members.count), isPrimary: primary)]
                } ?? [],
                members: members)
        }
    }

    /// All tables are known: the views of all LWGs, with sub-views.
    mutating func settle(_ entries: [SideEntry], _ node: inout Node, into out: inout LWGOutput) {
        let floor = UInt32(clamping: view?.id.epoch ?? 0)
        table = Table()
        var sides: [[SubView<EndpointID>]] = []
        for entry in entries.sorted(by: { $0.id < $1.id }) where !entry.members.isEmpty {
            // Sides together may have more LWGs than labels number. All end the same ones, the last by id.
            guard table.entries.count < node.limits.groupsPerHWG else {
                refuseSeats(of: entry, .tooManyGroups, &node, into: &out)
                continue
            }
            // A side's view of this HWG view has the same era and a lower count.
            let era = entry.origins.map(\.view.era).max() ?? 0
            var next = Entry(
                id: entry.id, name: entry.name, era: max(floor, era), count: Self.mergedCount,
                coordinator: view?.id.coordinator ?? node.me, members: entry.members.map(\.endpoint),
                ranks: entry.members.map(\.rank))
            next.previous = entry.origins.first?.view
            table.entries.append(next)
            sides.append(entry.subViews)
        }
        table.renumber()
        removeStrangers(&node, into: &out)
        installAll(subViews: sides, &node, into: &out)
        let returned = returnedFlushes
        returnedFlushes = []
        for token in returned { flushReturned(token, &node, into: &out) }
    }
}

/// What became of an LWG's members at an HWG view change. Many LWGs have the same, and share one list.
struct MovedMembers {
    fileprivate var members: [EndpointID] = []
    fileprivate var ranks: [UInt16] = []
    fileprivate var keptMembers: [EndpointID] = []
    fileprivate var keptRanks: [UInt16] = []

    fileprivate mutating func keep(_ remap: Remap, of members: [EndpointID], _ ranks: [UInt16]) {
        if members == self.members, ranks == self.ranks { return }
        self.members = members
        self.ranks = ranks
        let kept = members.indices.filter { remap.rank(ranks[$0]) != nil }
        keptMembers = kept.map { members[$0] }
        keptRanks = kept.map { remap.rank(ranks[$0]) ?? 0 }
    }
}

extension Entry {
    /// (old + joins − leaves) ∩ HWG view, in a new era. Nothing is allocated when nobody came or went, nor when those who went
    /// are those of the `last` LWG.
    mutating func move(_ remap: Remap, floor: UInt32, coordinator: MemberID, like last: inout MovedMembers) {
        previous = viewID
        survivors = members.count
        if !isQuiet {
            let next = Entry.applying((flush?.changes ?? []) + queue, to: members, ranks)
            members = next.members
            ranks = next.ranks
            survivors = next.survivors
            flush = nil
            queue.removeAll()
        }
        if !remap.isIdentity {
            if ranks.allSatisfy({ remap.rank($0) != nil }) {
                for index in ranks.indices { ranks[index] = remap.rank(ranks[index]) ?? 0 }
            } else {
                last.keep(remap, of: members, ranks)
                survivors = ranks[..<survivors].count { remap.rank($0) != nil }
                members = last.keptMembers
                ranks = last.keptRanks
            }
        }
        if Mutant.noEra.isOn { count &+= 1; return }
        era = max(floor, era == .max ? era : era + 1)
        count = 0
        self.coordinator = coordinator
    }
}

/// From ranks in one HWG view to ranks in the next, for the members that go there together with me.
struct Remap {
    private var ranks: [UInt16?]
    let isIdentity: Bool
    /// New ranks of those that come along, ascending.
    private(set) var survivors: [UInt16] = []

    init(from old: [MemberID], to change: ViewChange<MemberID>) {
        var isTogether: [MemberID: UInt16] = [:]
        let together = Set(change.transitional)
        for (rank, member) in change.view.members.enumerated() where together.contains(member) {
            isTogether[member] = UInt16(truncatingIfNeeded: rank)
        }
        ranks = old.map { isTogether[$0] }
        var same = true
        for (rank, next) in ranks.enumerated() where next.map({ Int($0) }) != rank { same = false }
        isIdentity = same
        survivors = ranks.compactMap { $0 }.sorted()
    }

    @inline(__always) func rank(_ old: UInt16) -> UInt16? { Int(old) < ranks.count ? ranks[Int(old)] : nil }

    func ranks(_ old: [UInt16]) -> [UInt16] { old.compactMap { rank($0) }.sorted() }

    func entries(_ entries: [SideEntry]) -> [SideEntry] {
        entries.map { entry in
            var next = entry
            next.members = entry.members.compactMap { member in
                guard let rank = rank(member.rank) else { return nil }
                return .init(endpoint: member.endpoint, rank: rank, origin: member.origin)
            }
            return next
        }
    }
}
