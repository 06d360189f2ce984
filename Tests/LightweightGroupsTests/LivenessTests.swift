@testable import EventLoop
import Glibc
import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Liveness connections", .serialized, .timeLimit(.minutes(5)))
struct LivenessTests {
    @Test(
        "two nodes say who they are, and the end of one is told to the other at once",
        arguments: [
            SocketAddress.Family.ipv4, .ipv6,
        ])
    func two(_ family: SocketAddress.Family) throws {
        let world = try LivenessWorld()
        let a = try world.add("a", on: .loopback(family, port: 0))
        let b = try world.add("b", on: .loopback(family, port: 0))
        a.dial(b)
        world.until { a.connected == ["b"] && b.connected == ["a"] }
        #expect(a.hasFirstContact)
        b.liveness.close()
        world.until { a.disconnected == [b.member] }
        #expect(!a.liveness.isLinked(to: b.member))
    }

    @Test("when both dial, the end of one connection is not the end of the node")
    func both() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let b = try world.add("b")
        a.dial(b)
        b.dial(a)
        world.until { a.liveness.links.count == 2 && b.liveness.links.count == 2 && a.connected.count == 2 }
        let one = try #require(a.liveness.links.values.first)
        a.liveness.drop(one)
        world.until { b.liveness.links.count == 1 }
        #expect(a.disconnected.isEmpty && b.disconnected.isEmpty)
    }

    @Test("nodes find one another through whom they know, newcomers at the same time too")
    func gossip() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub")
        let spokes = try ["a", "b", "c", "d"].map { try world.add($0) }
        for spoke in spokes { spoke.dial(hub) }
        world.until { (spokes + [hub]).allSatisfy { $0.liveness.liveMembers.count == 4 } }
    }

    @Test("a configured peer is dialled until it is there, and again when it comes back")
    func redial() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let early = try world.add("b")
        let place = early.address
        early.liveness.close()
        a.dial(early)
        world.until { a.hasFirstContact && a.liveness.targets[place]?.failures ?? 0 > 0 }
        let late = try world.add("b", incarnation: 2, on: place)
        world.until { a.connected == ["b"] }
        late.liveness.close()
        world.until { a.disconnected == [late.member] }
        let again = try world.add("b", incarnation: 3, on: place)
        world.until { a.connected == ["b", "b"] && a.liveness.isLinked(to: again.member) }
    }

    @Test("another cluster is refused, with a line on both sides that says so")
    func cluster() throws {
        let world = try LivenessWorld()
        let a = try world.add("a", cluster: "blue")
        let b = try world.add("b", cluster: "green")
        a.dial(b)
        world.until { a.lines.contains { $0.contains("green") || $0.contains("blue") } }
        world.until { b.lines.contains { $0.contains("cluster") } }
        #expect(a.connected.isEmpty && b.connected.isEmpty)
        #expect((a.liveness.refusals["cluster"] ?? 0) + (b.liveness.refusals["cluster"] ?? 0) > 0)
    }

    @Test("an incarnation older than one that is known is refused and told which; a newer one is taken")
    func incarnations() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub")
        let new = try world.add("a", incarnation: 7)
        new.dial(hub)
        world.until { hub.connected == ["a"] }
        new.liveness.close()
        let old = try world.add("a", incarnation: 5)
        old.dial(hub)
        world.until { !old.outlived.isEmpty }
        #expect(old.outlived.first == 7)
        #expect(hub.connected == ["a"])
        let next = try world.add("a", incarnation: 8)
        next.dial(hub)
        world.until { hub.connected == ["a", "a"] }
        // Another process with the same incarnation is another life.
        let twin = try world.add("a", incarnation: 8, life: 1_000)
        twin.dial(hub)
        world.until { twin.outlived.first == 8 }
    }

    @Test("a newer incarnation ends the connection of an older one, which is told; both addresses are in the log")
    func twins() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub")
        let old = try world.add("a", incarnation: 5)
        old.dial(hub)
        world.until { hub.connected == ["a"] }
        let new = try world.add("a", incarnation: 7)
        new.dial(hub)
        world.until { old.outlived.first == 7 && hub.disconnected == [old.member] }
        #expect(hub.liveness.liveMembers == [new.member])
        #expect(hub.lines.contains { $0.contains("\(old.address)") && $0.contains("\(new.address)") })
        // Who was cut off goes on dialling, and hears the same.
        world.until { old.outlived.count > 2 }
        #expect(hub.liveness.liveMembers == [new.member] && new.outlived.isEmpty)
    }

    @Test("a node that comes back at the same address before its end was noticed is no namesake")
    func noticedLate() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub")
        let address = NodeAddress(SocketAddress.loopback(.ipv4, port: 7))
        var ended = 0
        let connections = try (1...2).map { (incarnation: UInt32) in
            let card = NodeCard(
                name: "a", member: MemberID(node: NodeID(name: "a"), incarnation: incarnation), address: address)
            let connection = try StreamConnection.connect(world.loop, to: hub.address)
            connection.onEnd = { _ in ended += 1 }
            let hello = LivenessFrame.Hello(
                cluster: "c", introduction: .init(card: card, life: UInt64(incarnation)), known: [])
            connection.send(LivenessFrame.hello(hello).encoded())
            world.until { hub.connected.count == Int(incarnation) }
            return connection
        }
        world.until { ended == 1 }
        #expect(hub.lines.isEmpty && hub.liveness.refusals.isEmpty)
        withExtendedLifetime(connections) {}
    }

    @Test("who refuses says who was refused, and from where, once")
    func refusedNames() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub", cluster: "blue")
        let other = try world.add("b", cluster: "green")
        other.dial(hub)
        world.until { hub.liveness.refusals["cluster", default: 0] > 1 }
        #expect(hub.lines.count == 1)
        #expect(hub.lines[0].hasPrefix("refused b.1 at \(other.address): it is not of the cluster"))
    }

    @Test("a connection to oneself is recognised and not tried again")
    func oneself() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        a.dial(a)
        world.until { a.liveness.targets[a.address]?.isSelf == true && a.liveness.links.isEmpty }
        #expect(a.hasFirstContact && a.connected.isEmpty && a.outlived.isEmpty)
    }

    @Test("a stranger that says nothing sensible is refused")
    func stranger() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let stranger = try StreamConnection.connect(world.loop, to: a.address)
        var ended = false
        stranger.onEnd = { _ in ended = true }
        stranger.send(Array("GET / HTTP/1.1".utf8))
        world.until { ended }
        #expect(a.liveness.refusals["malformed"] == 1)
        #expect(a.liveness.links.isEmpty)
    }

    @Test("a hello that does not come ends the connection")
    func silentStranger() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let stranger = try StreamConnection.connect(world.loop, to: a.address)
        var ended = false
        stranger.onEnd = { _ in ended = true }
        world.until { a.liveness.links.count == 1 }
        for link in a.liveness.links.values { link.deadline = 0 }
        a.liveness.tick()
        #expect(a.liveness.refusals["helloTimeout"] == 1)
        world.until { ended }
    }

    @Test("connections that have not said who they are, are bounded in number")
    func strangers() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        var refused = 0
        let connections = try (0..<(Liveness.strangers + 10)).map { _ in
            let connection = try StreamConnection.connect(world.loop, to: a.address)
            connection.onEnd = { _ in refused += 1 }
            return connection
        }
        world.until { refused == 10 }
        #expect(a.liveness.links.count == Liveness.strangers)
        withExtendedLifetime(connections) {}
    }

    @Test("a node that listens everywhere is reached by the address it was met at")
    func wildcard() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let everywhere = try #require(HostPort(parsing: "0.0.0.0:0").numeric)
        let b = try world.add("b", on: everywhere)
        b.dial(a)
        world.until { a.connected == ["b"] }
        let known = try #require(a.liveness.known[b.member.node]).card.address
        #expect(SocketAddress(known) == SocketAddress.loopback(.ipv4, port: b.address.port))
    }
}
