import GroupModel

// LWG views at the seats of this node.

extension Carrier {
    /// Every LWG of the HWG view gets a view: the HWG's Hold had held them all.
    mutating func installAll(
        subViews: [[SubView<EndpointID>]]? = nil, _ node: inout Node, into out: inout LWGOutput
    ) {
        phase = .settled
        isHeld = isHeavyHeld
        demultiplexer.extend(to: table.entries.count)
        for number in table.entries.indices {
            install(number, subViews: subViews?[number], &node, into: &out)
        }
    }

    /// Reads seats and entries field by field: a copy of either costs several reference counts, and an HWG view change
    /// comes here once for every LWG.
    mutating func install(
        _ number: Int, subViews given: [SubView<EndpointID>]? = nil, _ node: inout Node, into out: inout LWGOutput
    ) {
        let lwg = table.entries[number].id
        guard let head = node.seats.head(of: lwg, on: index) else {
            demultiplexer.setWithoutView(number, .outside, count: table.entries[number].count)
            return
        }
        guard let viewID = table.entries[number].viewID else {
            removeSeats(of: table.entries[number], &node, into: &out)
            refreshSlot(number, head: node.seats.head(of: lwg, on: index), &node)
            return
        }
        let view = View(id: viewID, members: table.entries[number].members)
        let subViews =
            given
            ?? told.subViews(
                from: table.entries[number].previous, view.members, survivors: table.entries[number].survivors)
        var hasRetired = false
        var at: Int? = head
        while let seat = at {
            at = node.seats.seats[seat].next
            let stage = node.seats.seats[seat].stage
            guard stage == .member || stage == .pending else { continue }
            let endpoint = node.seats.seats[seat].endpoint
            guard view.members.contains(endpoint) else {
                // Its join waits for the next flush.
                if table.entries[number].queue.contains(where: { $0.isJoin && $0.endpoint == endpoint }) { continue }
                retire(seat, node.seats.seats[seat].leaving ?? .requested, &node, into: &out)
                hasRetired = true
                continue
            }
            endHold(seat, &node)
            node.seats.seats[seat].stage = .member
            if !node.seats.seats[seat].told {
                tell(
                    seat, endpoint, view, from: node.seats.seats[seat].view, subViews, primary: isPrimary, into: &out)
                node.counters.views += 1
            }
            node.seats.seats[seat].view = view
        }
        let first = hasRetired ? node.seats.head(of: lwg, on: index) : head
        refreshSlot(number, head: first, &node)
        at = first
        while let seat = at {
            at = node.seats.seats[seat].next
            viewInstalled(at: seat, &node, into: &out)
        }
    }

    mutating func tell(
        _ seat: Int, _ endpoint: EndpointID, _ view: View<EndpointID>, from old: View<EndpointID>?,
        _ subViews: [SubView<EndpointID>], primary: Bool, into out: inout LWGOutput
    ) {
        if !hasTold, let carrierView = self.view?.id {
            hasTold = true
            out.up.events.append(.carrier(id, carrierView))
        }
        let handle = SeatHandle(index: UInt32(truncatingIfNeeded: seat))
        if old == nil { out.up.events.append(.mapped(handle, id, version: 1)) }
        let change = told.change(to: view, for: endpoint, from: old, subViews: subViews, primary: primary)
        out.up.events.append(.indication(handle, .view(change)))
    }

    /// The seat's door opens, unless the HWG is held or the seat leaves; messages without a number get the new label.
    private mutating func viewInstalled(at seat: Int, _ node: inout Node, into out: inout LWGOutput) {
        guard node.seats.seats[seat].isListening else { return }
        if node.seats.seats[seat].unnumbered > 0 {
            let handle = SeatHandle(index: UInt32(seat))
            out.relabels.append(Relabel(hwg: id, view: view?.id, seat: handle, label: node.seats.doors[seat].label))
        }
        node.seats.doors[seat].state = node.seats.seats[seat].leaving == nil ? .open : .closed
        if isHeld { raiseHold(seat, &node, into: &out) }
    }

    mutating func refreshSlot(_ number: Int, _ node: inout Node) {
        refreshSlot(number, head: node.seats.head(of: table.entries[number].id, on: index), &node)
    }

    /// Brings the LWG's slot, and its seats' labels, to what the seats here are.
    private mutating func refreshSlot(_ number: Int, head: Int?, _ node: inout Node) {
        let count = table.entries[number].count
        var first: Int?
        var listening = 0
        var isJoining = false
        var at = head
        while let seat = at {
            at = node.seats.seats[seat].next
            let stage = node.seats.seats[seat].stage
            if node.seats.seats[seat].isListening {
                listening += 1
                if first == nil { first = seat }
                let place = table.entries[number].place(of: node.seats.seats[seat].endpoint, rank: rank)
                node.seats.doors[seat].label = Label(number: number, count: count, endpoint: place).raw
            } else if !node.seats.seats[seat].told, stage == .sent || stage == .pending {
                isJoining = true
            }
        }
        if let first {
            demultiplexer.set(
                number, listening == 1 ? .one : .several, seat: first, count: count, ranks: table.entries[number].ranks)
        } else {
            demultiplexer.setWithoutView(number, isJoining ? .joining : .outside, count: count)
        }
    }

    /// Seats whose join and leave were ordered before any view.
    mutating func retireUnseated(_ number: Int, _ node: inout Node, into out: inout LWGOutput) {
        let entry = table.entries[number]
        var at = node.seats.head(of: entry.id, on: index)
        while let seat = at {
            let state = node.seats.seats[seat]
            at = state.next
            if state.stage == .pending, !entry.isFinallyMember(state.endpoint) {
                retire(seat, state.leaving ?? .requested, &node, into: &out)
            }
        }
        refreshSlot(number, &node)
    }

    /// An LWG without members: those here had left.
    mutating func removeSeats(of entry: Entry, _ node: inout Node, into out: inout LWGOutput) {
        var at = node.seats.head(of: entry.id, on: index)
        while let seat = at {
            at = node.seats.seats[seat].next
            let state = node.seats.seats[seat]
            if state.stage == .member || state.stage == .pending {
                retire(seat, state.leaving ?? .requested, &node, into: &out)
            }
        }
    }

    /// After a merge: seats whose leave was ordered, and those of a name that lost its id to another side's.
    mutating func removeStrangers(_ node: inout Node, into out: inout LWGOutput) {
        guard seatCount > 0 else { return }
        for seat in node.seats.seats.indices {
            let state = node.seats.seats[seat]
            guard state.carrier == index, state.stage == .member || state.stage == .pending else { continue }
            let entry = table.number(of: state.lwg).map { table.entries[$0] }
            if let entry, entry.name != state.group {
                refuse(seat, .nameCollision(with: entry.name), &node, into: &out)
            } else if entry?.members.contains(state.endpoint) != true {
                retire(seat, state.leaving ?? .requested, &node, into: &out)
            }
        }
    }

    /// An LWG that the merged table has no room for.
    mutating func refuseSeats(
        of entry: SideEntry, _ reason: LWGRefusal, _ node: inout Node, into out: inout LWGOutput
    ) {
        var at = node.seats.head(of: entry.id, on: index)
        while let seat = at {
            at = node.seats.seats[seat].next
            let stage = node.seats.seats[seat].stage
            guard stage == .member || stage == .pending else { continue }
            refuse(seat, reason, &node, into: &out)
        }
    }

    mutating func refuse(_ seat: Int, _ reason: LWGRefusal, _ node: inout Node, into out: inout LWGOutput) {
        let state = node.seats.seats[seat]
        guard state.stage != .gone else { return }
        out.up.events.append(.refused(endpoint: state.endpoint.name, group: state.group, reason))
        retire(seat, state.leaving ?? LeftReason(reason), &node, into: &out)
    }

    mutating func retire(_ seat: Int, _ reason: LeftReason, _ node: inout Node, into out: inout LWGOutput) {
        let state = node.seats.seats[seat]
        guard state.stage != .gone else { return }
        endHold(seat, &node)
        seatCount -= 1
        if state.explicit { explicitSeats -= 1 }
        let handle = SeatHandle(index: UInt32(seat))
        if state.unnumbered > 0 { forget(seat, into: &out) }
        if !state.told { out.up.events.append(.indication(handle, .left(reason))) }
        // The handle may be another seat's when the flush returns.
        if !flushes.isEmpty { flushes.removeAll { $0.seat == handle } }
        node.seats.retire(seat)
    }
}

extension LeftReason {
    /// What a seat is told whose join was refused when it had been accepted here.
    fileprivate init(_ refusal: LWGRefusal) {
        switch refusal {
        case .nameCollision(let other): self = .nameCollision(with: other)
        case .tooManyGroups: self = .limitReached(.groups)
        case .tooManySeats: self = .limitReached(.seats)
        case .alreadyJoined, .notAMember, .badName, .orderNotSupported, .messageTooLarge: self = .requested
        }
    }
}

extension Entry {
    /// An endpoint's index among those of its node, in order of ranks.
    func place(of endpoint: EndpointID, rank: UInt16) -> Int {
        var place = 0
        for index in ranks.indices where ranks[index] == rank {
            if members[index] == endpoint { return place }
            place += 1
        }
        return place
    }
}
