import Glibc
import Testing

@testable import EventLoop

@Suite("Stream sockets")
struct StreamTests {
    final class Peer {
        var connection: StreamConnection?
        var frames: [[UInt8]] = []
        var end: StreamConnection.End?
        var connected = false
        func adopt(_ connection: StreamConnection) {
            self.connection = connection
            connection.onFrame = { [unowned self] in frames.append([UInt8]($0)) }
            connection.onEnd = { [unowned self] in end = $0 }
            connection.onConnect = { [unowned self] in connected = true }
        }
    }

    struct Pair {
        let driven: Driven
        let listener: StreamListener
        let server = Peer()
        let client = Peer()
        init(family: SocketAddress.Family = .ipv4, bounds: StreamConnection.Bounds = .init()) throws {
            driven = try Driven()
            listener = try StreamListener(driven.loop, bind: .loopback(family, port: 0), bounds: bounds) {
                [server] in server.adopt($0)
            }
            client.adopt(try StreamConnection.connect(driven.loop, to: listener.address, bounds: bounds))
            driven.until { [client, server] in client.connected && server.connection != nil }
        }
    }

    @Test("frames arrive whole and in order, both ways", arguments: [SocketAddress.Family.ipv4, .ipv6])
    func frames(_ family: SocketAddress.Family) throws {
        let pair = try Pair(family: family)
        let large = (0..<60_000).map { UInt8(truncatingIfNeeded: $0) }
        for frame in [[], [1], large, [2, 3]] { pair.client.connection?.send(frame) }
        pair.server.connection?.send([9])
        pair.driven.until { pair.server.frames.count == 4 && pair.client.frames.count == 1 }
        #expect(pair.server.frames == [[], [1], large, [2, 3]])
        #expect(pair.client.frames == [[9]])
        #expect(pair.server.connection?.peer.isLoopback == true)
    }

    @Test("frames sent before the connection stands are kept")
    func early() throws {
        let driven = try Driven()
        let server = Peer()
        let listener = try StreamListener(driven.loop, bind: .loopback(.ipv4, port: 0)) { server.adopt($0) }
        let client = Peer()
        client.adopt(try StreamConnection.connect(driven.loop, to: listener.address))
        client.connection?.send([7])
        driven.until { server.frames == [[7]] }
    }

    @Test("a close is reported to the other side, not to oneself")
    func close() throws {
        let pair = try Pair()
        pair.server.connection?.close()
        pair.driven.until { pair.client.end != nil }
        #expect(pair.client.end == .closedByPeer)
        #expect(pair.server.end == nil)
        #expect(pair.client.connection?.isOpen == false)
    }

    @Test("what was sent before a close arrives before the close is reported")
    func lastWords() throws {
        let pair = try Pair()
        pair.server.connection?.send([1, 2, 3])
        pair.server.connection?.close()
        pair.driven.until { pair.client.end != nil }
        #expect(pair.client.frames == [[1, 2, 3]])
    }

    @Test("dropping a connection closes it")
    func drop() throws {
        let pair = try Pair()
        pair.server.connection = nil
        pair.driven.until { pair.client.end != nil }
    }

    @Test("a frame over the limit ends the connection before anything is allocated for it")
    func tooLong() throws {
        var bounds = StreamConnection.Bounds()
        bounds.frameBytes = 100
        let driven = try Driven()
        let server = Peer()
        let listener = try StreamListener(driven.loop, bind: .loopback(.ipv4, port: 0), bounds: bounds) {
            server.adopt($0)
        }
        let client = Peer()
        client.adopt(try StreamConnection.connect(driven.loop, to: listener.address))
        client.connection?.send([UInt8](repeating: 0, count: 101))
        driven.until { server.end != nil && client.end != nil }
        #expect(server.end == .frameTooLong(101))
        #expect(server.frames.isEmpty)
    }

    @Test("a peer that does not read ends the connection instead of filling memory")
    func notRead() throws {
        let driven = try Driven()
        // Bound and listening, but nothing accepts: the kernel completes the connection and keeps what it can.
        let listener = try StreamListener(driven.loop, bind: .loopback(.ipv4, port: 0)) { _ in }
        let client = Peer()
        client.adopt(try StreamConnection.connect(driven.loop, to: listener.address))
        let frame = [UInt8](repeating: 1, count: 60_000)
        for _ in 0..<5 { client.connection?.send(frame) }
        #expect(client.end == .notRead)
    }

    @Test("a refused connection is reported with its reason")
    func refused() throws {
        let driven = try Driven()
        let listener = try StreamListener(driven.loop, bind: .loopback(.ipv4, port: 0)) { _ in }
        let address = listener.address
        listener.close()
        let client = Peer()
        client.adopt(try StreamConnection.connect(driven.loop, to: address))
        driven.until { client.end != nil }
        #expect(client.end == .failed(SystemError("connect TCP \(address)", code: ECONNREFUSED)))
        #expect(!client.connected)
    }

    @Test("a port that is listened on is refused")
    func inUse() throws {
        let driven = try Driven()
        let listener = try StreamListener(driven.loop, bind: .loopback(.ipv4, port: 0)) { _ in }
        #expect(throws: SystemError("listen on TCP \(listener.address)", code: EADDRINUSE)) {
            try StreamListener(driven.loop, bind: listener.address) { _ in }
        }
    }
}
