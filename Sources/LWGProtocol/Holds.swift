import GroupModel

// Holds: of one LWG by its flush, of all by the HWG. A Hold already raised is not raised again (F2). Automatic seats
// answer at once, and cost nothing at the HWG's Hold: the carrier's gate closes them all.

extension Carrier {
    mutating func heavyHoldRaised(_ viewID: ViewID, _ node: inout Node, into out: inout LWGOutput) {
        guard let view, view.id == viewID else { return }
        isHeld = true
        isHeavyHeld = true
        holdView = viewID
        readyFlushOKs.removeAll(keepingCapacity: true)
        guard explicitSeats > 0 || node.reportsHolds, case .settled = phase else { return }
        for entry in table.entries where !entry.members.isEmpty {
            var at = node.seats.head(of: entry.id, on: index)
            while let seat = at {
                if node.reportsHolds || node.seats.seats[seat].explicit { raiseHold(seat, &node, into: &out) }
                at = node.seats.seats[seat].next
            }
        }
    }

    mutating func raiseHold(_ index: Int, _ node: inout Node, into out: inout LWGOutput) {
        let seat = node.seats.seats[index]
        guard seat.isListening, seat.hold == .open, let view = seat.view else { return }
        node.seats.doors[index].state = .closed
        let handle = SeatHandle(index: UInt32(index))
        if seat.explicit && seat.leaving == nil {
            // What the application still has to say in this view it may say before it answers; not while tables are awaited,
            // when no view has a label, nor when the HWG was answered before there was a view to hold (F1).
            let isOver = isHeavyHeld ? hasGivenHoldOK : isHeld
            if !isOver { node.seats.doors[index].state = .raised }
            node.seats.seats[index].hold = .raised
            unanswered += 1
            node.holds.raised(index)
            out.up.events.append(.indication(handle, .hold(view.id)))
        } else {
            node.seats.seats[index].hold = .answered
            guard node.reportsHolds else { return }
            out.up.events.append(.indication(handle, .hold(view.id)))
            reportHoldAnswered(index, node, into: &out)
        }
    }

    /// The seat's promise, or its leaving, which promises as much.
    mutating func seatAnswered(_ index: Int, _ node: inout Node, into out: inout LWGOutput) {
        if node.seats.seats[index].hold == .raised {
            node.seats.seats[index].hold = .answered
            if node.seats.doors[index].state == .raised { node.seats.doors[index].state = .closed }
            unanswered -= 1
            node.holds.ended(index)
            reportHoldAnswered(index, node, into: &out)
        }
        if let number = table.number(of: node.seats.seats[index].lwg) { considerFlushOK(number, node) }
    }

    /// A message that was accepted and has no number yet belongs to this view: the promise is complete when it is sent, or
    /// when the HWG's HoldOK is given, which makes it one of the next view.
    func reportHoldAnswered(_ index: Int, _ node: Node, into out: inout LWGOutput) {
        let seat = node.seats.seats[index]
        guard node.reportsHolds, seat.hold == .answered, seat.unnumbered == 0 || hasGivenHoldOK, let view = seat.view
        else {
            return
        }
        out.up.events.append(.holdAnswered(SeatHandle(index: UInt32(index)), view.id))
    }

    /// A Hold ends with the seat's next view or with the seat.
    mutating func endHold(_ index: Int, _ node: inout Node) {
        if node.seats.seats[index].hold == .raised {
            unanswered -= 1
            node.holds.ended(index)
        }
        node.seats.seats[index].hold = .open
    }

    /// The HWG view ended without this node's HoldOK: what seats here still send belongs to no view before the next.
    func closeDoors(_ node: inout Node) {
        guard unanswered > 0 else { return }
        for entry in table.entries where !entry.members.isEmpty {
            var at = node.seats.head(of: entry.id, on: index)
            while let seat = at {
                if node.seats.doors[seat].state == .raised { node.seats.doors[seat].state = .closed }
                at = node.seats.seats[seat].next
            }
        }
    }

    mutating func answerHeavyHold(_ node: inout Node, into out: inout LWGOutput) {
        guard let viewID = holdView, unanswered == 0 else { return }
        holdView = nil
        hasGivenHoldOK = true
        // F1: a view and the Hold that ends it came together. What has no number is the next view's.
        out.relabels.removeAll { $0.hwg == id && $0.label != nil }
        if node.reportsHolds { reportUnnumbered(node, into: &out) }
        // A record in flight may be delivered in the cut: then this side has an LWG to tell of.
        var hasState = outbox.isInFlight
        switch phase {
        case .absent: break
        case .merging: hasState = true
        case .settled: if !table.isVacant { hasState = true }
        }
        out.requests.append(.holdOK(id, viewID, hasState: hasState))
    }

    private func reportUnnumbered(_ node: Node, into out: inout LWGOutput) {
        for entry in table.entries where !entry.members.isEmpty {
            var at = node.seats.head(of: entry.id, on: index)
            while let seat = at {
                if node.seats.seats[seat].unnumbered > 0 { reportHoldAnswered(seat, node, into: &out) }
                at = node.seats.seats[seat].next
            }
        }
    }

    // MARK: the LWG flush

    /// F3: only the seats of this LWG are held, and only for a change: a join and its leave ordered together are none.
    mutating func openFlush(_ number: Int, _ changes: [Change], _ node: inout Node, into out: inout LWGOutput) {
        let entry = table.entries[number]
        let changes = entry.net(changes)
        guard !changes.isEmpty else {
            retireUnseated(number, &node, into: &out)
            return
        }
        table.entries[number].flush = FlushRound(changes: changes, members: entry.members, ranks: entry.ranks)
        table.entries[number].hasAnswered = false
        var at = node.seats.head(of: entry.id, on: index)
        while let seat = at {
            raiseHold(seat, &node, into: &out)
            at = node.seats.seats[seat].next
        }
        if Mutant.neighbourHeld.isOn, number > 0,
            let seat = node.seats.head(of: table.entries[number - 1].id, on: index)
        {
            raiseHold(seat, &node, into: &out)
        }
        if table.entries[number].flush?.awaited.isEmpty == true {
            completeFlush(number, &node, into: &out)
        } else {
            considerFlushOK(number, node)
        }
    }

    /// One slow endpoint delays its own LWG's flushOK, no other's.
    mutating func considerFlushOK(_ number: Int, _ node: Node) {
        guard !isHeld, !isInRest, !table.entries[number].hasAnswered,
            table.entries[number].flush?.awaited.contains(rank) == true
        else { return }
        var at = node.seats.head(of: table.entries[number].id, on: index)
        while let seat = at {
            if node.seats.seats[seat].isListening, !node.seats.seats[seat].hasAnswered { return }
            at = node.seats.seats[seat].next
        }
        table.entries[number].hasAnswered = true
        readyFlushOKs.append(number)
    }

    mutating func sendFlushOKs(_ node: inout Node, into out: inout LWGOutput) {
        guard !readyFlushOKs.isEmpty, !isFlushOKInFlight, !isHeld, let view else { return }
        var runs: [ControlMessage.Run] = []
        let mostRuns = max(node.limits.recordBytes / ControlMessage.Run.bytes, 1)
        let ready = readyFlushOKs.sorted()
        var rest = ready.endIndex
        for (index, number) in ready.enumerated() {
            let entry = table.entries[number]
            // Twice in the list when a leave completed the flush for which it was put there.
            let end = runs.last.map { $0.first + $0.length } ?? 0
            guard number >= end, entry.hasAnswered, entry.flush?.awaited.contains(rank) == true else { continue }
            if let last = runs.last, last.first + last.length == number, last.count == entry.count {
                runs[runs.count - 1].length += 1
            } else if runs.count < mostRuns {
                runs.append(.init(first: number, length: 1, count: entry.count))
            } else {
                rest = index
                break
            }
        }
        readyFlushOKs.removeAll(keepingCapacity: true)
        readyFlushOKs.append(contentsOf: ready[rest...])
        guard !runs.isEmpty else { return }
        if Mutant.fifoFlushOK.isOn { flushOKDelivered(runs, from: rank, &node, into: &out) }
        isFlushOKInFlight = true
        node.counters.controlSent += 1
        out.requests.append(.control(id, ControlMessage.flushOK(runs).encoded(for: view.id)))
    }
}
