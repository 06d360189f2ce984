import EventLoop
import GroupModel
import Synchronization
import Testing

@testable import LightweightGroups

@Suite("Peers that are written as host names", .serialized, .timeLimit(.minutes(5)))
struct HostNameTests {
    /// Names and what they stand for, which a test changes.
    final class Names: Sendable {
        let addresses = Mutex<[SocketAddress]>([])
        let lookUps = Mutex(0)
        let name = HostPort(host: "peer", port: 1)
        init(_ addresses: SocketAddress...) { self.addresses.withLock { $0 = addresses } }
        var resolver: HostResolver {
            HostResolver { [self] _ in
                lookUps.withLock { $0 += 1 }
                let found = addresses.withLock { $0 }
                return found.isEmpty ? .failure(.noHost("peer")) : .success(found)
            }
        }
    }

    /// An address where nobody listens.
    private func closedPlace(_ world: LivenessWorld) throws -> SocketAddress {
        let gone = try world.add("gone")
        gone.liveness.close()
        return gone.address
    }

    @Test("a peer is reached at whichever of its name's addresses it answers")
    func anyAddress() throws {
        let world = try LivenessWorld()
        let b = try world.add("b")
        let names = Names(try closedPlace(world), b.address)
        let a = try world.add("a", resolver: names.resolver)
        a.dial(hosts: [names.name])
        world.until { a.connected == ["b"] && a.hasFirstContact }
        #expect(a.lines.isEmpty, "an address that does not answer is no news when another does")
    }

    @Test("addresses that datagrams do not reach are not dialled")
    func family() throws {
        let world = try LivenessWorld()
        let b = try world.add("b")
        let names = Names(SocketAddress.loopback(.ipv6, port: b.address.port), b.address)
        let a = try world.add("a", resolver: names.resolver)
        a.dial(hosts: [names.name])
        world.until { a.connected == ["b"] }
        #expect(Array(a.liveness.targets.keys) == [b.address])
        let everywhere = try #require(HostPort(parsing: "[::]:0").numeric)
        let c = try world.add("c", on: everywhere, resolver: names.resolver)
        c.dial(hosts: [names.name])
        world.until { c.connected == ["b"] }
        #expect(names.addresses.withLock { $0 }.allSatisfy { c.liveness.targets[$0]?.isConfigured == true })
    }

    @Test("a peer whose host has moved is found at its new address, and the old one is given up")
    func moved() throws {
        let world = try LivenessWorld()
        let old = try closedPlace(world)
        let names = Names(old)
        let a = try world.add("a", resolver: names.resolver)
        a.dial(hosts: [names.name])
        world.until { a.liveness.targets[old]?.failures ?? 0 > 0 }
        let b = try world.add("b")
        names.addresses.withLock { $0 = [b.address] }
        world.until { a.connected == ["b"] }
        #expect(Array(a.liveness.targets.keys) == [b.address])
    }

    @Test("a name without an address is looked up after pauses that grow, and said once")
    func pauses() throws {
        let world = try LivenessWorld()
        let names = Names()
        let a = try world.add("a", resolver: names.resolver)
        a.dial(hosts: [names.name])
        world.until { a.hasFirstContact }
        var pauses: [Int64] = []
        for _ in 0..<7 {
            pauses.append(try #require(a.liveness.peers[names.name]).pause / 1_000_000_000)
            a.liveness.lookedUp(names.name, [])
        }
        #expect(pauses == [2, 4, 8, 16, 30, 30, 30])
        #expect(a.lines == ["the host of peer peer:1 has no address yet; trying on"])
        // Whoever answers at last is looked up quickly again.
        let b = try world.add("b")
        a.liveness.lookedUp(names.name, [b.address])
        world.until { a.connected == ["b"] }
        #expect(a.liveness.peers[names.name]?.pause == ConfiguredPeer.firstPause)
    }

    @Test("a look-up that ends after the node does changes nothing")
    func late() throws {
        let world = try LivenessWorld()
        let names = Names()
        let a = try world.add("a", resolver: names.resolver)
        a.dial(hosts: [names.name])
        world.until { a.hasFirstContact }
        a.liveness.close()
        a.liveness.lookedUp(names.name, [.loopback(.ipv4, port: 9)])
        #expect(a.liveness.targets.isEmpty && a.liveness.links.isEmpty)
    }

    @Test("of a name with very many addresses some are dialled")
    func many() throws {
        let world = try LivenessWorld()
        let names = Names()
        let a = try world.add("a", resolver: names.resolver)
        a.dial(hosts: [names.name])
        world.until { a.hasFirstContact }
        let place = try closedPlace(world)
        a.liveness.lookedUp(names.name, (1...200).map { SocketAddress(ipv4: 0x7F00_0100 + $0, port: place.port) })
        #expect(a.liveness.targets.count == ConfiguredPeer.addressLimit)
    }
}
