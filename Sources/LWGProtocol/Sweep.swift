import GroupModel

/// Numbers of LWGs that have ended may be used again within the HWG view when nothing of them is under way any more.
///
/// Rank 0 asks by a `sweep`; at its delivery all mark the same ended LWGs, and each node, rank 0 included, says `sweep` in turn.
/// Its answer follows in its stream whatever it sent in their views, and is ordered after their ends, in order and not in the
/// rest, at everybody. So at the delivery of the last answer, which is the same place for all, the marks that no join has removed
/// name numbers that are free.
struct SweepRound: Sendable {
    enum Outcome { case waiting, complete, ignored }

    /// By rank: whether its answer is missing.
    private var isAwaited: [Bool]
    private var missing: Int

    init(width: Int) {
        isAwaited = [Bool](repeating: true, count: width)
        missing = width
    }

    mutating func answerArrived(from rank: UInt16) -> Outcome {
        guard Int(rank) < isAwaited.count, isAwaited[Int(rank)] else { return .ignored }
        isAwaited[Int(rank)] = false
        missing -= 1
        return missing == 0 ? .complete : .waiting
    }
}

extension Carrier {
    mutating func sendSweep(_ node: inout Node, into out: inout LWGOutput) {
        guard case .settled = phase, !isInRest, !hasGivenHoldOK, let view else { return }
        if rank == 0, !isSweepAsked, table.hasManyEnded(beyond: node.limits.endedGroups) {
            isSweepAsked = true
            owesSweep = true
        }
        guard owesSweep else { return }
        owesSweep = false
        node.counters.controlSent += 1
        out.requests.append(.control(id, ControlMessage.sweep.encoded(for: view.id)))
    }

    mutating func sweepDelivered(from sender: UInt16, _ node: inout Node) {
        guard case .settled = phase, !isInRest else { node.counters.void += 1; return }
        guard sweep != nil else {
            guard sender == 0, let view else { node.counters.malformed += 1; return }
            table.markEnded()
            sweep = SweepRound(width: view.members.count)
            owesSweep = true
            return
        }
        switch sweep?.answerArrived(from: sender) {
        case .complete:
            sweep = nil
            isSweepAsked = false
            node.counters.numbersFreed += UInt64(table.freeMarked())
        case .ignored: node.counters.malformed += 1
        case .waiting, nil: break
        }
    }

    /// The HWG view ended, and with it all numbers.
    mutating func endSweep() {
        sweep = nil
        isSweepAsked = false
        owesSweep = false
    }
}
