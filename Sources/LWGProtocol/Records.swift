import GroupModel

// The replicated table's changes: control messages, in total order.

extension Carrier {
    mutating func controlDelivered(_ slice: MessageSlice, _ node: inout Node, into out: inout LWGOutput) {
        guard let view, Int(slice.sender) < view.members.count else { node.counters.malformed += 1; return }
        if slice.isTransitional { isInRest = true }
        switch ControlMessage.decode(slice.bytes, in: view) {
        case .malformed: node.counters.malformed += 1
        case .otherView: node.counters.void += 1
        case .message(.record(let operations)):
            recordDelivered(operations, from: slice.sender, &node, into: &out)
        case .message(.flushOK(let runs)):
            flushOKDelivered(runs, from: slice.sender, &node, into: &out)
        case .message(.table(let part)):
            tableDelivered(part, from: slice.sender, &node, into: &out)
        case .message(.sweep): sweepDelivered(from: slice.sender, &node)
        }
        if case .settled = phase, !early.isEmpty { replayEarly(&node, into: &out) }
    }

    // MARK: joins and leaves

    mutating func recordDelivered(
        _ operations: [ControlMessage.Operation], from sender: UInt16, _ node: inout Node, into out: inout LWGOutput
    ) {
        guard let view, case .settled = phase else { node.counters.void += 1; return }
        let member = view.members[Int(sender)]
        var mine: [Outbox.Operation] = []
        if sender == rank {
            mine = outbox.recordDelivered()
        }
        var touched: [Int] = []
        for (place, operation) in operations.enumerated() {
            let seat = place < mine.count ? mine[place].seat : nil
            let number =
                switch operation {
                case .join(let endpoint, let name):
                    joinOrdered(
                        EndpointID(member: member, name: endpoint), sender, name, seat: seat, &node, into: &out)
                case .leave(let endpoint, let id):
                    leaveOrdered(EndpointID(member: member, name: endpoint), sender, id)
                }
            if let number { touched.append(number) }
            if let seat { node.seats.operationEnded(seat) }
        }
        for number in touched { changesOrdered(number, leaver: sender, &node, into: &out) }
    }

    /// The LWG's number when its membership will change.
    private mutating func joinOrdered(
        _ endpoint: EndpointID, _ sender: UInt16, _ name: String, seat: Int?, _ node: inout Node,
        into out: inout LWGOutput
    ) -> Int? {
        let id = node.hash(name)
        var found = table.number(of: id)
        if found == nil {
            let era = UInt32(clamping: view?.id.epoch ?? 0)
            found = table.create(
                Entry(
                    id: id, name: name, era: era, count: 0, coordinator: view?.id.coordinator ?? node.me, members: [],
                    ranks: []), limit: node.limits.groupsPerHWG)
            if let found {
                demultiplexer.extend(to: found + 1)
                refreshSlot(found, &node)
            }
        }
        guard let number = found else {
            if let seat { refuse(seat, .tooManyGroups, &node, into: &out) }
            return nil
        }
        let entry = table.entries[number]
        guard entry.name == name else {
            if let seat { refuse(seat, .nameCollision(with: entry.name), &node, into: &out) }
            return nil
        }
        guard entry.finalSeats(of: sender) < Limits.seatsPerNode else {
            if let seat { refuse(seat, .tooManySeats, &node, into: &out) }
            return nil
        }
        if let seat, node.seats.seats[seat].stage == .sent { node.seats.seats[seat].stage = .pending }
        guard !entry.isFinallyMember(endpoint) else { return nil }
        table.entries[number].isMarked = false
        table.entries[number].queue.append(Change(endpoint: endpoint, rank: sender, isJoin: true))
        return number
    }

    private mutating func leaveOrdered(_ endpoint: EndpointID, _ sender: UInt16, _ id: LWGID) -> Int? {
        guard let number = table.number(of: id), table.entries[number].isFinallyMember(endpoint) else { return nil }
        table.entries[number].queue.append(Change(endpoint: endpoint, rank: sender, isJoin: false))
        return number
    }

    /// One record opens a flush; those ordered while it is open wait for the next.
    private mutating func changesOrdered(
        _ number: Int, leaver: UInt16, _ node: inout Node, into out: inout LWGOutput
    ) {
        let entry = table.entries[number]
        guard !entry.queue.isEmpty else { return }
        let hasLeft = entry.isLeft(by: leaver)
        if hasLeft { fence(number, leaver) }
        guard entry.flush != nil else {
            table.entries[number].queue.removeAll()
            openFlush(number, entry.queue, &node, into: &out)
            return
        }
        // The leave of all of a node's endpoints is its flushOK in the open flush, too.
        if hasLeft { flushOKArrived(number, from: leaver, &node, into: &out) }
    }

    // MARK: flushOK

    mutating func flushOKDelivered(
        _ runs: [ControlMessage.Run], from sender: UInt16, _ node: inout Node, into out: inout LWGOutput
    ) {
        guard case .settled = phase else { node.counters.void += 1; return }
        if sender == rank { isFlushOKInFlight = false }
        for run in runs {
            guard run.first + run.length <= table.entries.count else {
                if isInRest { node.counters.void += 1 } else { node.counters.malformed += 1 }
                continue
            }
            for number in run.first..<(run.first + run.length) {
                if Int32(bitPattern: run.count &- table.entries[number].count) >= 0 { fence(number, sender) }
                // An old count: its sender's leave had been counted before.
                guard table.entries[number].count == run.count else {
                    node.counters.void += 1; continue
                }
                flushOKArrived(number, from: sender, &node, into: &out)
            }
        }
    }

    private mutating func flushOKArrived(
        _ number: Int, from sender: UInt16, _ node: inout Node, into out: inout LWGOutput
    ) {
        if table.entries[number].flush?.flushOKArrived(from: sender) == .complete {
            completeFlush(number, &node, into: &out)
        }
    }

    /// The last flushOK: every member computes the next view alone; there is no view message.
    mutating func completeFlush(_ number: Int, _ node: inout Node, into out: inout LWGOutput) {
        // M4: in the rest, the HWG view that follows completes the flush.
        guard !isInRest || Mutant.installedInRest.isOn, let flush = table.entries[number].flush else { return }
        let entry = table.entries[number]
        let next = Entry.applying(flush.changes, to: entry.members, entry.ranks)
        table.entries[number].flush = nil
        table.entries[number].previous = entry.viewID
        table.entries[number].survivors = next.survivors
        table.entries[number].count = Mutant.restartedCount.isOn && entry.members.isEmpty ? 1 : entry.count &+ 1
        table.setMembers(next.members, next.ranks, of: number)
        node.counters.flushes += 1
        install(number, &node, into: &out)
        let queue = table.entries[number].queue
        guard !queue.isEmpty else { return }
        table.entries[number].queue.removeAll()
        openFlush(number, queue, &node, into: &out)
    }

    // MARK: tables

    mutating func tableDelivered(
        _ part: TablePart, from sender: UInt16, _ node: inout Node, into out: inout LWGOutput
    ) {
        guard case .merging(var round) = phase else { node.counters.void += 1; return }
        if sender == rank { isTableInFlight = false }
        var part = part
        part.entries = part.entries.map {
            SideEntry(id: node.hash($0.name), name: $0.name, origins: $0.origins, members: $0.members)
        }
        guard round.partArrived(part, from: sender) else { node.counters.malformed += 1; return }
        phase = .merging(round)
        if round.isComplete && !isInRest { settle(round.merged(), &node, into: &out) }
    }
}
