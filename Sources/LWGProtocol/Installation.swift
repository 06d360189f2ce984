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

    mutating func install(
        _ number: Int, subViews given: [SubView<EndpointID>]? = nil, _ node: inout Node, into out: inout LWGOutput
    ) {
        let head = node.seats.head(of: table.entries[number].id)
        guard head != nil else {
            demultiplexer.setWithoutView(number, .outside, count: table.entries[number].count); return
        }
        let entry = table.entries[number]
        guard let viewID = entry.viewID else {
            removeSeats(of: entry, &node, into: &out)
            refreshSlot(number, &node)
            return
        }
        let view = View(id: viewID, members: entry.members)
        let subViews = given ?? entry.subViews
        var at = head
        while let seat = at {
            at = node.seats.seats[seat].next
            let state = node.seats.seats[seat]
            guard state.stage == .member || state.stage == .pending else { continue }
            guard entry.members.contains(state.endpoint) else {
                // Its join waits for the next flush.
                if entry.queue.contains(where: { $0.isJoin && $0.endpoint == state.endpoint }) { continue }
                retire(seat, state.leaving ?? .requested, &node, into: &out)
                continue
            }
            endHold(seat, &node)
            node.seats.seats[seat].stage = .member
            node.seats.seats[seat].view = view
            guard !state.told else { continue }
            if !hasTold, let carrierView = self.view {
                hasTold = true
                out.up.events.append(.carrier(id, carrierView.id))
            }
            let handle = SeatHandle(index: UInt32(seat))
            if state.view == nil { out.up.events.append(.mapped(handle, id, version: 1)) }
            let change = ViewChange(
                to: view, for: state.endpoint, from: state.view, subViews: subViews, primary: isPrimary)
            out.up.events.append(.indication(handle, .view(change)))
            node.counters.views += 1
        }
        refreshSlot(number, &node)
        at = node.seats.head(of: entry.id)
        while let seat = at {
            at = node.seats.seats[seat].next
            viewInstalled(at: seat, &node, into: &out)
        }
    }

    /// The seat's door opens, unless the HWG is held or the seat leaves; messages without a number get the new label.
    private mutating func viewInstalled(at seat: Int, _ node: inout Node, into out: inout LWGOutput) {
        let state = node.seats.seats[seat]
        guard state.isListening else { return }
        if state.unnumbered > 0 {
            let handle = SeatHandle(index: UInt32(seat))
            out.relabels.append(Relabel(hwg: id, seat: handle, label: node.seats.doors[seat].label))
        }
        node.seats.doors[seat].state = state.leaving == nil ? .open : .closed
        if isHeld { raiseHold(seat, &node, into: &out) }
    }

    /// Brings the LWG's slot, and its seats' labels, to what the seats here are.
    mutating func refreshSlot(_ number: Int, _ node: inout Node) {
        let entry = table.entries[number]
        var first: Int?
        var listening = 0
        var isJoining = false
        var at = node.seats.head(of: entry.id)
        while let seat = at {
            let state = node.seats.seats[seat]
            at = state.next
            if state.isListening {
                listening += 1
                if first == nil { first = seat }
                var place = 0
                for index in entry.members.indices where entry.ranks[index] == rank {
                    if entry.members[index] == state.endpoint {
                        node.seats.doors[seat].label =
                            Label(number: number, count: entry.count, endpoint: place).raw
                    }
                    place += 1
                }
            } else if !state.told, state.stage == .sent || state.stage == .pending {
                isJoining = true
            }
        }
        if let first {
            demultiplexer.set(
                number, listening == 1 ? .one : .several, seat: first, count: entry.count, ranks: entry.ranks)
        } else {
            demultiplexer.setWithoutView(number, isJoining ? .joining : .outside, count: entry.count)
        }
    }

    /// Seats whose join and leave were ordered before any view.
    mutating func retireUnseated(_ number: Int, _ node: inout Node, into out: inout LWGOutput) {
        let entry = table.entries[number]
        var at = node.seats.head(of: entry.id)
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
        var at = node.seats.head(of: entry.id)
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

    mutating func refuse(_ seat: Int, _ reason: LWGRefusal, _ node: inout Node, into out: inout LWGOutput) {
        let state = node.seats.seats[seat]
        guard state.stage != .gone else { return }
        out.up.events.append(.refused(endpoint: state.endpoint.name, group: state.group, reason))
        retire(seat, state.leaving ?? .requested, &node, into: &out)
    }

    mutating func retire(_ seat: Int, _ reason: LeftReason, _ node: inout Node, into out: inout LWGOutput) {
        let state = node.seats.seats[seat]
        guard state.stage != .gone else { return }
        endHold(seat, &node)
        seatCount -= 1
        if state.explicit { explicitSeats -= 1 }
        let handle = SeatHandle(index: UInt32(seat))
        if state.unnumbered > 0 { out.relabels.append(Relabel(hwg: id, seat: handle, label: nil)) }
        if !state.told { out.up.events.append(.indication(handle, .left(reason))) }
        node.seats.retire(seat)
    }
}

extension Entry {
    var subViews: [SubView<EndpointID>] {
        guard let previous, survivors > 0 else { return [] }
        let together = survivors == members.count ? members : Array(members[..<survivors])
        return [SubView(previous: previous, members: together, hasState: true)]
    }
}

extension ViewChange<EndpointID> {
    /// The change as one member sees it that comes from `old`.
    init(
        to view: View<EndpointID>, for member: EndpointID, from old: View<EndpointID>?,
        subViews: [SubView<EndpointID>], primary: Bool
    ) {
        var together = [member]
        if let old, let side = subViews.first(where: { $0.previous == old.id }) { together = side.members }
        self.init(
            view: view, previous: old?.id,
            joined: old == nil ? view.members : Self.difference(view.members, together),
            left: Self.difference(old?.members ?? [], together), transitional: together, subViews: subViews,
            primary: primary)
    }

    /// `subset` is contained in `members`.
    private static func difference(_ members: [EndpointID], _ subset: [EndpointID]) -> [EndpointID] {
        if members.isEmpty || members.count == subset.count { return [] }
        if subset.count <= 16 { return members.filter { !subset.contains($0) } }
        let set = Set(subset)
        return members.filter { !set.contains($0) }
    }
}
