import EventLoop
import Glibc
import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Liveness connections that end are dialled again", .serialized, .timeLimit(.minutes(5)))
struct RedialTests {
    @Test("two nodes that dialled one another meet again, in whatever order each saw the two connections end")
    func endsInOtherOrder() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let b = try world.add("b")
        a.dial(b)
        b.dial(a)
        world.until { a.connected.count == 2 && b.connected.count == 2 }
        // At each side first the connection that it dialled itself, while the other stands there still.
        for node in [a, b] {
            let dialled = try #require(node.liveness.links.values.first { $0.target != nil })
            node.liveness.drop(dialled)
            node.liveness.tick()
            #expect(node.disconnected.isEmpty && node.liveness.targets.values.allSatisfy { $0.due == .max })
        }
        world.until { a.disconnected == [b.member] && b.disconnected == [a.member] }
        world.until { a.liveness.isLinked(to: b.member) && b.liveness.isLinked(to: a.member) }
    }

    @Test("a link that is ended on purpose is dialled again, too, when it was the last")
    func droppedLast() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let b = try world.add("b")
        a.dial(b)
        b.dial(a)
        world.until { a.connected.count == 2 && b.connected.count == 2 }
        for isDialled in [true, false] {
            let link = try #require(a.liveness.links.values.first { ($0.target != nil) == isDialled })
            a.liveness.drop(link)
            if isDialled { a.liveness.tick() }
        }
        #expect(a.disconnected == [b.member])
        // `b`, which dials again too, is not what is looked at.
        #expect(a.liveness.targets[b.address]?.due != .max)
    }

    @Test("a node that was heard of before it is configured is dialled as a configured one")
    func promoted() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let b = try world.add("b")
        a.liveness.learn(b.liveness.me, from: nil)
        #expect(a.liveness.targets[b.address]?.isConfigured == false)
        a.dial(b)
        #expect(a.liveness.targets[b.address]?.isConfigured == true)
        world.until { a.connected == ["b"] && a.hasFirstContact }
    }

    @Test("an address that another life of its node is heard at is dialled, though the link to the life before stood")
    func laterLife() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let b = try world.add("b")
        a.dial(b)
        b.dial(a)
        world.until { a.connected.count == 2 && b.connected.count == 2 }
        let dialled = try #require(a.liveness.links.values.first { $0.target != nil })
        a.liveness.drop(dialled)
        a.liveness.tick()
        #expect(a.liveness.targets[b.address]?.due == .max)
        var later = b.liveness.me
        later.card = NodeCard(
            name: "b", member: MemberID(node: b.member.node, incarnation: 2), address: later.card.address)
        a.liveness.learn(later, from: nil)
        #expect(a.liveness.targets[b.address]?.due != .max)
    }

    @Test("a node that was only heard of is dialled again after a connection that stood for long")
    func learnedLongAgo() throws {
        let world = try LivenessWorld()
        let a = try world.add("a")
        let b = try world.add("b")
        a.liveness.learn(b.liveness.me, from: nil)
        world.until { a.connected == ["b"] && b.connected == ["a"] }
        a.liveness.targets[b.address]?.lastGood -= 2 * DialTarget.learnedLifetime
        let link = try #require(a.liveness.links.values.first)
        a.liveness.drop(link)
        a.liveness.tick()
        #expect(a.liveness.targets[b.address]?.isDialling == true)
    }

    @Test("a node that is gone before it can be answered is neither connected nor disconnected")
    func goneBeforeTheAnswer() throws {
        let world = try LivenessWorld()
        let hub = try world.add("hub")
        let member = MemberID(node: NodeID(name: "a"), incarnation: 1)
        let card = NodeCard(
            name: "a", member: member, address: NodeAddress(SocketAddress.loopback(.ipv4, port: hub.address.port)))
        let hello = LivenessFrame.Hello(cluster: "c", introduction: .init(card: card, life: 9), known: [])
        try sendAndReset(LivenessFrame.hello(hello).encoded(), to: hub.address)
        world.until { hub.liveness.known[member.node] != nil }
        // What came is read before the reset is seen, and the answer meets it.
        #expect(!hub.liveness.isLinked(to: member))
        #expect(hub.connected.isEmpty && hub.disconnected.isEmpty)
    }

    /// One frame on a connection that is then reset, all before the other side has accepted it.
    private func sendAndReset(_ frame: [UInt8], to address: SocketAddress) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = address.port.bigEndian
        place.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
        let isConnected = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isConnected)
        let bytes = withUnsafeBytes(of: UInt32(frame.count).littleEndian, Array.init) + frame
        #expect(send(descriptor, bytes, bytes.count, 0) == bytes.count)
        var resets = linger(l_onoff: 1, l_linger: 0)
        #expect(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &resets, socklen_t(MemoryLayout<linger>.size)) == 0)
        #expect(close(descriptor) == 0)
    }
}
