import GroupModel

// What this node tells the others: at most one record (two at a Hold), one flushOK message and one part of a table in
// flight.

extension Carrier {
    mutating func sendRecord(_ node: inout Node, into out: inout LWGOutput) {
        // Who was put out for not answering must be so in the cut, also when another record is on its way already.
        let isLast = holdView != nil && unanswered == 0
        guard outbox.mayTake(isLast: isLast), !hasGivenHoldOK, let view, case .settled = phase else { return }
        outbox.beginRecord()
        var operations: [ControlMessage.Operation] = []
        var bytes = 0
        var names = NameList()
        while let operation = outbox.peek(), bytes < node.limits.recordBytes, !names.isFull {
            let seat = node.seats.seats[operation.seat]
            if seat.stage == .gone {
                outbox.skip()
                node.seats.operationEnded(operation.seat)
                continue
            }
            _ = names.index(of: seat.endpoint.name)
            bytes += 16 + seat.group.utf8.count
            outbox.take()
            if operation.isJoin {
                operations.append(.join(endpoint: seat.endpoint.name, name: seat.group))
                node.seats.seats[operation.seat].stage = .sent
                // Others may be in the new view before this node: from now on early data are kept.
                if let number = table.number(of: seat.lwg) { refreshSlot(number, &node) }
            } else {
                operations.append(.leave(endpoint: seat.endpoint.name, seat.lwg))
            }
        }
        guard !operations.isEmpty else { return outbox.dropRecord() }
        node.counters.controlSent += 1
        out.requests.append(.control(id, ControlMessage.record(operations).encoded(for: view.id)))
    }

    mutating func sendTables(_ node: inout Node, into out: inout LWGOutput) {
        guard !tableParts.isEmpty, !isTableInFlight, !hasGivenHoldOK, let view, case .merging = phase else { return }
        isTableInFlight = true
        node.counters.controlSent += 1
        out.requests.append(.control(id, ControlMessage.table(tableParts.removeFirst()).encoded(for: view.id)))
    }

    /// Cuts a side's table into parts below the bounds; one part at least, so that an empty side is heard.
    static func parts(of entries: [SideEntry], covering side: [UInt16], limit: Int) -> [TablePart] {
        var parts: [TablePart] = []
        var from = 0
        var bytes = 0
        var names = NameList()
        for (index, entry) in entries.enumerated() {
            // Generous: endpoint names and views may appear once per member and entry.
            let size = 16 + entry.name.utf8.count + entry.members.count * 21 + entry.origins.count * 24
            names.add(entry)
            // One entry alone has room in both: 256 nodes have 65,280 endpoints in it at most.
            if bytes + size > limit || names.isOverfull, index > from {
                parts.append(TablePart(isLast: false, covers: side, entries: Array(entries[from..<index])))
                from = index
                bytes = 0
                names = NameList()
                names.add(entry)
            }
            bytes += size
        }
        parts.append(TablePart(isLast: true, covers: side, entries: Array(entries[from...])))
        return parts
    }
}
