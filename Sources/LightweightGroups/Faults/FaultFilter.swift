import GroupCore
import GroupModel

/// What stands between a node's core and its socket while a test injects faults. Lives on the loop.
struct FaultFilter {
    /// Datagrams that wait; what comes on top is lost.
    static let heldLimit = 8_192

    private let faults: InjectedFaults
    private let muted: Set<NodeID>
    private var random: SeededGenerator
    private var held: [(due: Int64, transmission: Transmission)] = []

    init(_ faults: InjectedFaults, after earlier: FaultFilter?) {
        self.faults = faults
        muted = Set(faults.muted.map { NodeID(name: $0) })
        random = SeededGenerator(seed: faults.seed)
        held = earlier?.held ?? []
    }

    /// Nothing is changed any more, and nothing waits.
    var isIdle: Bool { faults.isNone && held.isEmpty }

    /// When the first datagram that waits is due.
    var nextDue: Int64? { held.map(\.due).min() }

    /// Takes a turn's datagrams and gives those that leave now.
    mutating func pass(_ transmissions: [Transmission], at now: Int64) -> [Transmission] {
        var leaving: [Transmission] = []
        held.removeAll { entry in
            guard entry.due <= now else { return false }
            leaving.append(entry.transmission)
            return true
        }
        for transmission in transmissions where !muted.contains(transmission.to.node) && !happens(faults.loss) {
            let copies = happens(faults.duplication) ? 2 : 1
            for _ in 0..<copies {
                if happens(faults.delay) { hold(transmission, from: now) } else { leaving.append(transmission) }
            }
        }
        return leaving
    }

    private mutating func hold(_ transmission: Transmission, from now: Int64) {
        guard held.count < Self.heldLimit else { return }
        let longest = max(faults.longestDelayMilliseconds, 1) * 1_000_000
        held.append((now + Int64(random.below(longest)), transmission))
    }

    private mutating func happens(_ perMille: Int) -> Bool { perMille > 0 && random.below(1_000) < perMille }
}

extension NodeRuntime {
    func inject(_ faults: InjectedFaults) {
        guard stage != .stopped else { return }
        let filter = FaultFilter(faults, after: self.faults)
        self.faults = filter.isIdle ? nil : filter
        liveness.sever(Set(faults.unlinked.map { NodeID(name: $0) }))
    }

    /// Before the turn's datagrams leave.
    func filterTransmissions() {
        guard var filter = faults else { return }
        effects.pointee.transmissions = filter.pass(effects.pointee.transmissions, at: now.nanoseconds)
        faults = filter.isIdle ? nil : filter
        if let due = filter.nextDue { delayed?.schedule(after: due - now.nanoseconds) }
    }
}

extension Liveness {
    /// From now on no connection stands with these nodes.
    func sever(_ nodes: Set<NodeID>) {
        severed = nodes
        for link in links.values where link.peer.map({ nodes.contains($0.card.member.node) }) ?? false { drop(link) }
    }
}
