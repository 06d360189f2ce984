import EventLoop
import GroupModel

/// An address that is dialled until a connection stands, and again when it ends.
struct DialTarget {
    /// Nanoseconds; doubled from the first to the second, with up to a quarter of it at random so that nodes that
    /// start together do not dial in step.
    static let firstDelay: Int64 = 50_000_000
    static let longestDelay: Int64 = 750_000_000
    /// The same for nodes that were only heard of: there may be many, and most that do not answer are gone.
    static let longestLearnedDelay: Int64 = 5_000_000_000
    /// How long a node that was only heard of is dialled in vain.
    static let learnedLifetime: Int64 = 600_000_000_000

    let isConfigured: Bool
    var member: MemberID?
    var due: Int64
    var delay = DialTarget.firstDelay
    var isDialling = false
    /// The address is this node's own.
    var isSelf = false
    /// What the last attempt ended with was said in the log.
    var hasComplained = false
    var lastGood: Int64

    init(isConfigured: Bool, member: MemberID?, now: Int64) {
        self.isConfigured = isConfigured
        self.member = member
        due = now
        lastGood = now
    }

    mutating func retry(at time: Int64) {
        due = time
        isDialling = false
        delay = Self.firstDelay
    }

    mutating func backOff(now: Int64, jitter: Double) {
        isDialling = false
        due = now + delay + Int64(Double(delay) * 0.25 * jitter)
        delay = min(delay * 2, isConfigured ? Self.longestDelay : Self.longestLearnedDelay)
    }
}

extension Liveness {
    /// Begins to look for the configured peers. `firstContact` runs when each has answered or failed once.
    func dial(_ peers: [HostPort], firstContact: @escaping () -> Void) {
        self.firstContact = firstContact
        untried = Set(peers)
        let now = monotonicNanoseconds()
        for peer in peers {
            if let address = peer.numeric {
                named[peer] = address
                target(address, configured: true, member: nil, now: now)
            } else {
                resolve(peer)
            }
        }
        checkFirstContact()
        tick()
    }

    /// A node that somebody has met.
    func learn(_ introduction: LivenessFrame.Introduction, from link: Link?) {
        let card = introduction.card
        guard card.member.node != me.card.member.node else { return }
        if let newest = known[card.member.node], newest.card.member.incarnation > card.member.incarnation { return }
        let address = SocketAddress(card.address)
        guard card.address.port != 0, !address.isWildcard, !isLinked(to: card.member) else { return }
        target(address, configured: false, member: card.member, now: monotonicNanoseconds())
        schedule()
    }

    private func target(_ address: SocketAddress, configured: Bool, member: MemberID?, now: Int64) {
        if targets[address] != nil {
            if let member { targets[address]?.member = member }
            return
        }
        guard configured || targets.count < Self.learnedTargets else { return }
        targets[address] = DialTarget(isConfigured: configured, member: member, now: now)
    }

    /// A host name is looked up on another thread, since the system's resolver blocks; it is tried again until it
    /// has an address, which is then kept.
    private func resolve(_ peer: HostPort) {
        let loop = loop
        let found = Weak(self)
        Task.detached {
            let address = try? peer.resolve().first
            loop.execute { found.value?.resolved(peer, address) }
        }
    }

    private func resolved(_ peer: HostPort, _ address: SocketAddress?) {
        let now = monotonicNanoseconds()
        if let address {
            named[peer] = address
            target(address, configured: true, member: nil, now: now)
            tick()
        } else {
            untried.remove(peer)
            unresolved[peer] = now + 1_000_000_000
            complain(.peerUnresolved, "the host of peer \(peer) has no address yet; trying on")
            checkFirstContact()
            schedule()
        }
    }

    // MARK: The timer

    /// Dials what is due and ends hellos that take too long.
    func tick() {
        let now = monotonicNanoseconds()
        for link in links.values where link.deadline <= now {
            count("helloTimeout")
            drop(link)
        }
        for (peer, due) in unresolved where due <= now {
            unresolved.removeValue(forKey: peer)
            resolve(peer)
        }
        for (address, entry) in targets where !entry.isDialling && !entry.isSelf && entry.due <= now {
            if let member = entry.member, isLinked(to: member) {
                // Looked at again when that connection ends.
                targets[address]?.due = .max
            } else if !entry.isConfigured, now - entry.lastGood > DialTarget.learnedLifetime || isOutlived(entry) {
                targets.removeValue(forKey: address)
            } else {
                dial(address)
            }
        }
        schedule()
    }

    private func isOutlived(_ entry: DialTarget) -> Bool {
        guard let member = entry.member, let newest = known[member.node] else { return false }
        return newest.card.member.incarnation > member.incarnation
    }

    private func dial(_ address: SocketAddress) {
        guard links.count < Self.connections else {
            targets[address]?.due = monotonicNanoseconds() + DialTarget.longestDelay
            return
        }
        targets[address]?.isDialling = true
        do {
            adopt(try StreamConnection.connect(loop, to: address), target: address)
        } catch {
            failed(address, "\(error)")
        }
    }

    func dialSucceeded(_ address: SocketAddress, _ member: MemberID) {
        let now = monotonicNanoseconds()
        targets[address]?.member = member
        targets[address]?.delay = DialTarget.firstDelay
        targets[address]?.lastGood = now
        targets[address]?.hasComplained = false
        tried(address)
    }

    /// `end` is nil when this node ended the connection.
    func dialEnded(_ address: SocketAddress, _ link: Link, _ end: StreamConnection.End?) {
        if link.peer == nil {
            let reason = if case .failed(let error) = end { "\(error)" } else { "\(address) ended the connection" }
            failed(address, reason)
        } else {
            targets[address]?.retry(at: monotonicNanoseconds())
            schedule()
        }
    }

    private func failed(_ address: SocketAddress, _ reason: String) {
        let jitter = Double.random(in: 0..<1, using: &generator)
        targets[address]?.backOff(now: monotonicNanoseconds(), jitter: jitter)
        if let entry = targets[address], entry.isConfigured, !entry.hasComplained, !entry.isSelf {
            targets[address]?.hasComplained = true
            events?.log(.peerUnreached, "peer not reached yet, trying on: \(reason)")
        }
        tried(address)
        schedule()
    }

    private func tried(_ address: SocketAddress) {
        for (peer, resolved) in named where resolved == address { untried.remove(peer) }
        checkFirstContact()
    }

    private func checkFirstContact() {
        guard untried.isEmpty, let report = firstContact else { return }
        firstContact = nil
        report()
    }

    func schedule() {
        var next = Int64.max
        for link in links.values { next = min(next, link.deadline) }
        for entry in targets.values where !entry.isDialling && !entry.isSelf { next = min(next, entry.due) }
        for due in unresolved.values { next = min(next, due) }
        guard next < .max else { return }
        timer?.schedule(after: max(next - monotonicNanoseconds(), 0))
    }
}

/// Carries a loop's object past other threads; it is looked at on the loop only.
private final class Weak: @unchecked Sendable {
    weak var value: Liveness?
    init(_ value: Liveness) { self.value = value }
}
