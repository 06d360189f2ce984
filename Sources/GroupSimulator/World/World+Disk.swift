import GroupCore
import GroupModel
import HWGProtocol

/// What stable storage has of one node, in the mode `primary`. It survives the node's lives.
struct Disk {
    var record: PrimaryRecord?
    /// Writes on the way. A crash leaves some first ones of them done.
    var pending: [RecordWrite] = []
}

extension World {
    static func initialNames(_ options: SimulationOptions, _ plan: WorldPlan) -> [String] {
        (0..<max(1, options.nodes - plan.outsiders)).map { "n\($0)" }
    }

    /// A first start has no record, like a node that forgot it.
    func loadedRecord(_ node: Int) -> PrimaryRecord {
        let fresh = PrimaryRecord(initial: Self.initialNames(options, plan))
        return Mutant.forgottenRecord.isOn ? fresh : disks[node].record ?? fresh
    }

    mutating func write(_ write: RecordWrite, _ node: Int) {
        learn(write.record.last, node)
        disks[node].pending.append(write)
        let time = now + 1_000 + Int64(random.below(max(Int(plan.diskDelay), 1)))
        heap.push(
            .persisted, at: time, a: node, c: Int(truncatingIfNeeded: write.sequence), life: nodes[node].life)
    }

    mutating func persisted(_ sequence: Int32, _ node: Int) {
        let sequence = UInt64(sequence)
        guard let done = disks[node].pending.last(where: { $0.sequence <= sequence }) else { return }
        disks[node].record = done.record
        disks[node].pending.removeAll { $0.sequence <= sequence }
        handle(.recordPersisted(sequence), node)
    }

    mutating func crashDisk(_ node: Int) {
        guard !disks[node].pending.isEmpty else { return }
        let done = random.below(disks[node].pending.count + 1)
        if done > 0 { disks[node].record = disks[node].pending[done - 1].record }
        if done < disks[node].pending.count { count("lostWrite") }
        disks[node].pending.removeAll()
    }

    /// M7 over the whole run, all restarts included: each decided view follows one, and is followed by one.
    private mutating func learn(_ decided: DecidedView, _ node: Int) {
        for known in chain {
            if known == decided { return }
            if known.id == decided.id {
                return violate("M7", node, "\(name(decided.id)) is decided with different nodes or predecessors")
            }
            if known.follows == decided.follows {
                return violate(
                    "M7", node,
                    "\(name(known.id)) and \(name(decided.id)) both follow \(decided.follows.map(name) ?? "nothing")")
            }
        }
        chain.append(decided)
    }

    /// Every primary view that somebody installed is a link of the chain.
    mutating func judgeChain() {
        guard options.isPrimaryMode else { return }
        for (id, node) in primaryViews
        where !chain.contains(where: { $0.id == id || $0.follows == id }) {
            violate("M7", node, "the primary view \(name(id)) is in no record")
        }
        rare["chainLength"] = chain.count
    }
}
