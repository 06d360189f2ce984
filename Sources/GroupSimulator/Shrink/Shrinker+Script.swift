import GroupModel

// Smaller scripts.
extension Shrinker {
    /// Zeller and Hildebrandt's ddmin: without ever larger parts, then ever smaller ones, until no single item can go.
    mutating func shrinkItems(_ script: inout DrawnScript) {
        attempt(&script) { $0.items.removeAll { if case .luck = $0 { true } else { false } } }
        attempt(&script) { $0.end = nil }
        attempt(&script) { $0.items = $0.items.map { $0.at(WorldMoment(time: $0.moment.time)) } }
        var size = max(script.items.count / 2, 1)
        while !script.items.isEmpty {
            var start = 0
            var hasShrunk = false
            while start < script.items.count {
                let range = start..<min(start + size, script.items.count)
                if attempt(&script, { $0.items.removeSubrange(range) }) { hasShrunk = true } else { start += size }
            }
            if tries >= limit { return }
            if size == 1 {
                if !hasShrunk { return }
            } else {
                size = max(size / 2, 1)
            }
        }
    }

    /// A network without what the failure does not need, and no node or group more than are used.
    mutating func shrinkWorld(_ script: inout DrawnScript) {
        let still = WorldPlan.still
        attempt(&script) {
            $0.settings.plan = still
            $0.settings.faults = .all
        }
        for key in ScenarioSettings.keys where key.get(script.settings.plan) != key.get(still) {
            attempt(&script) { key.set(&$0.settings.plan, key.get(still)) }
        }
        attempt(&script) { $0.settings.plan.knowsAll = true }
        attempt(&script) { $0.settings.faults = .all }
        for seed in 1...3 as ClosedRange<UInt64> where script.settings.seed > 3 {
            attempt(&script) { $0.settings.seed = seed }
        }
        while script.items.allSatisfy({ !$0.names(node: script.settings.nodes - 1) }), script.settings.nodes > 1,
            attempt(&script, { $0.settings.nodes -= 1 })
        {}
        while script.items.allSatisfy({ !$0.names(group: script.settings.groups - 1) }), script.settings.groups > 1,
            attempt(&script, { $0.settings.groups -= 1 })
        {}
    }

    mutating func simplifyActs(_ script: inout DrawnScript) {
        for index in script.items.indices {
            var goesOn = true
            while goesOn {
                goesOn = false
                for lighter in script.items[index].lighter where attempt(&script, { $0.items[index] = lighter }) {
                    goesOn = true
                    break
                }
            }
        }
        // Times that one can read, where the failure does not hang on them.
        for unit in [1_000, 1_000_000, 10_000_000] as [Int64] { attempt(&script) { $0.round(to: unit) } }
    }

    /// Keeps the change when the script still shows the goal.
    @discardableResult
    private mutating func attempt(_ script: inout DrawnScript, _ change: (inout DrawnScript) -> Void) -> Bool {
        var candidate = script
        change(&candidate)
        guard candidate != script, shows(candidate) else { return false }
        script = candidate
        return true
    }
}

extension DrawnScript {
    mutating func round(to unit: Int64) {
        func rounded(_ time: Int64) -> Int64 { (time + unit - 1) / unit * unit }
        items = items.map { $0.at(WorldMoment(time: rounded($0.moment.time))) }
        end = end.map(rounded)
    }
}

extension DrawnScript.Item {
    func names(node: Int) -> Bool {
        guard case .act(_, let act) = self else { return false }
        switch act {
        case .start(let one), .slow(let one, _), .crash(let one, _), .stop(let one), .pause(let one, _),
            .resume(let one),
            .deafen(let one),
            .hear(let one), .join(let one, _, _):
            return one == node
        case .explicitHolds(let one, _, _), .reload(let one, _): return one == node
        case .evict(let seat), .flush(let seat), .send(let seat, _, _, _), .holdOK(let seat), .holdOKAgain(let seat):
            return seat.node == node
        case .direct(let seat, let to, _, _, _): return seat.node == node || to == node
        case .leave(let seats): return seats.contains { $0.node == node }
        case .block(let links), .clog(let links, _): return links.contains { $0.from == node || $0.to == node }
        case .reset(let a, let b), .lose(let a, let b): return a == node || b == node
        case .heal, .calm: return false
        }
    }

    func names(group: Int) -> Bool {
        guard case .act(_, let act) = self else { return false }
        switch act {
        case .join(_, _, let groups): return groups.contains(group)
        case .evict(let seat), .flush(let seat), .send(let seat, _, _, _), .holdOK(let seat),
            .direct(let seat, _, _, _, _), .holdOKAgain(let seat):
            return seat.group == group
        case .leave(let seats): return seats.contains { $0.group == group }
        case .start, .slow, .crash, .stop, .pause, .resume, .deafen, .hear, .block, .heal, .clog, .reset, .lose, .calm,
            .explicitHolds, .reload:
            return false
        }
    }
}
