import EventLoop
import GroupModel

/// Configured peers that are written as host names: looked up until they have addresses, which are all dialled, and again
/// when one of these does not answer.
extension Liveness {
    func lookUp(_ host: HostPort) {
        peers[host]?.due = .max
        peers[host]?.isAsked = true
        let loop = loop
        let found = Weak(self)
        resolver.ask(host) { answer in
            loop.execute { found.value?.lookedUp(host, (try? answer.get()) ?? []) }
        }
    }

    /// A peer whose host has moved is where its name says.
    func lookUpAgain(_ address: SocketAddress, now: Int64) {
        for (host, peer) in peers where peer.isName && !peer.isAsked && peer.due == .max {
            if peer.addresses.contains(address) { peers[host]?.lookUpLater(now: now) }
        }
    }

    func lookedUp(_ host: HostPort, _ found: [SocketAddress]) {
        guard !isClosed, var peer = peers[host] else { return }
        let now = monotonicNanoseconds()
        let addresses = reached(found)
        peer.isAsked = false
        if addresses.isEmpty {
            peer.lookUpLater(now: now)
            if peer.addresses.isEmpty {
                if !peer.isUnresolvedSaid {
                    events?.log(.peerUnresolved, "the host of peer \(host) has no address yet; trying on")
                }
                peer.isUnresolvedSaid = true
                untried.remove(host)
            }
            peers[host] = peer
        } else {
            let gone = peer.addresses.filter { !addresses.contains($0) }
            peer.addresses = addresses
            peers[host] = peer
            for address in gone { forget(address) }
            for address in addresses { target(address, configured: true, member: nil, now: now) }
        }
        checkFirstContact()
        tick()
    }

    /// The host has moved from there. Who is connected there is like any node that was heard of.
    private func forget(_ address: SocketAddress) {
        guard !peers.values.contains(where: { $0.addresses.contains(address) }) else { return }
        if let member = targets[address]?.member, isLinked(to: member) {
            targets[address]?.isConfigured = false
        } else {
            targets.removeValue(forKey: address)
        }
    }

    /// Those that datagrams reach as well: the socket has one family, unless it listens at every address of IPv6. All, when
    /// there are no such.
    private func reached(_ addresses: [SocketAddress]) -> [SocketAddress] {
        let mine = SocketAddress(me.card.address)
        let reached = addresses.filter { $0.family == mine.family || mine.family == .ipv6 && mine.isWildcard }
        return Array((reached.isEmpty ? addresses : reached).prefix(ConfiguredPeer.addressLimit))
    }
}

/// Carries a loop's object past other threads; it is looked at on the loop only.
private final class Weak: @unchecked Sendable {
    weak var value: Liveness?
    init(_ value: Liveness) { self.value = value }
}
