import EventLoop
import GroupModel

extension Liveness {
    /// Begins to look for the configured peers. `firstContact` runs when each has answered or failed once.
    func dial(_ hosts: [HostPort], firstContact: @escaping () -> Void) {
        self.firstContact = firstContact
        untried = Set(hosts)
        let now = monotonicNanoseconds()
        for host in untried {
            if let address = host.numeric {
                peers[host] = ConfiguredPeer(isName: false, addresses: [address])
                target(address, configured: true, member: nil, now: now)
            } else {
                peers[host] = ConfiguredPeer(isName: true, addresses: [])
                lookUp(host)
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

    func target(_ address: SocketAddress, configured: Bool, member: MemberID?, now: Int64) {
        if var known = targets[address] {
            if let member { known.member = member }
            // Heard of before it was configured: from now on it is dialled for ever.
            let isPromoted = configured && !known.isConfigured
            if isPromoted { known.isConfigured = true }
            // One that is due no more waits for the end of a connection to the member it had.
            if !known.isDialling, isPromoted || known.due == .max { known.retry(at: now) }
            targets[address] = known
            return
        }
        guard configured || targets.count < Self.learnedTargets else { return }
        targets[address] = DialTarget(isConfigured: configured, member: member, now: now)
    }

    // MARK: The timer

    /// Dials what is due and ends hellos that take too long.
    func tick() {
        let now = monotonicNanoseconds()
        for link in links.values where link.deadline <= now {
            count("helloTimeout")
            drop(link)
        }
        for (host, peer) in peers where peer.due <= now { lookUp(host) }
        for (address, entry) in targets where !entry.isDialling && !entry.isSelf && entry.due <= now {
            if let member = entry.member, isLinked(to: member) {
                // Looked at again when that connection ends (`redial`).
                targets[address]?.due = .max
                tried(address)
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
        targets[address]?.succeeded(member, now: monotonicNanoseconds())
        for (host, peer) in peers where peer.addresses.contains(address) {
            peers[host]?.pause = ConfiguredPeer.firstPause
            peers[host]?.isUnreachedSaid = false
        }
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

    /// The last connection to this member has ended, whichever side had dialled it.
    func redial(_ member: MemberID) {
        let now = monotonicNanoseconds()
        for (address, entry) in targets where entry.member == member && !entry.isDialling {
            targets[address]?.retry(at: now)
            // The time in which it is dialled in vain begins now, however long it was connected.
            targets[address]?.lastGood = now
        }
        schedule()
    }

    private func failed(_ address: SocketAddress, _ reason: String) {
        let now = monotonicNanoseconds()
        if var entry = targets[address] {
            let isQuick = entry.isConfigured && !answersElsewhere(address)
            entry.failed(
                now: now, longest: isQuick ? DialTarget.longestDelay : DialTarget.longestIdleDelay,
                jitter: Double.random(in: 0..<1, using: &generator))
            targets[address] = entry
            if entry.failures >= ConfiguredPeer.patience { lookUpAgain(address, now: now) }
        }
        for (host, peer) in peers where peer.addresses.contains(address) && !peer.isUnreachedSaid {
            let others = peer.addresses.compactMap { targets[$0] }.filter { !$0.isSelf }
            guard !others.isEmpty, others.allSatisfy({ $0.failures > 0 }) else { continue }
            peers[host]?.isUnreachedSaid = true
            events?.log(.peerUnreached, "peer not reached yet, trying on: \(reason)")
        }
        tried(address)
        schedule()
    }

    /// The host is connected to by another of its addresses.
    private func answersElsewhere(_ address: SocketAddress) -> Bool {
        peers.values.contains { peer in
            peer.addresses.contains(address) && peer.addresses.contains { targets[$0]?.answers ?? false }
        }
    }

    /// A host is tried when one of its addresses has answered, or all have failed.
    private func tried(_ address: SocketAddress) {
        for (host, peer) in peers where peer.addresses.contains(address) {
            let entries = peer.addresses.compactMap { targets[$0] }
            let isFound = entries.contains { $0.answers || $0.due == .max }
            if isFound || entries.allSatisfy({ $0.failures > 0 }) { untried.remove(host) }
        }
        checkFirstContact()
    }

    func checkFirstContact() {
        guard untried.isEmpty, let report = firstContact else { return }
        firstContact = nil
        report()
    }

    func schedule() {
        var next = Int64.max
        for link in links.values { next = min(next, link.deadline) }
        for entry in targets.values where !entry.isDialling && !entry.isSelf { next = min(next, entry.due) }
        for peer in peers.values { next = min(next, peer.due) }
        guard next < .max else { return }
        timer?.schedule(after: max(next - monotonicNanoseconds(), 0))
    }
}
