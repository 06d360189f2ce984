import CNet
import Glibc
import Testing

@testable import EventLoop

@Suite("HTTP on the loop")
struct HTTPTests {
    /// A server and a client on one loop, driven by the test.
    final class Pair {
        let driven: Driven
        let listener: HTTPListener
        var asked: [String] = []

        init(_ bounds: HTTPListener.Bounds = .init(), family: SocketAddress.Family = .ipv4) throws {
            driven = try Driven()
            listener = try HTTPListener(driven.loop, bind: .loopback(family, port: 0), bounds: bounds)
            listener.answer = { [unowned self] request in
                asked.append(request.path)
                return HTTPResponse(status: request.path == "/there" ? 200 : 404, line: "path \(request.path)")
            }
        }

        deinit { listener.close() }

        func get(_ path: String, bounds: HTTPFetch.Bounds = .init()) -> Result<HTTPResponse, HTTPFailure>? {
            var result: Result<HTTPResponse, HTTPFailure>?
            HTTPFetch.get(driven.loop, path, from: listener.address, bounds: bounds) { result = $0 }
            driven.until { result != nil }
            return result
        }

        /// Sends bytes as they are, and gives what comes back until the server closes.
        func raw(_ text: String) throws -> String {
            let client = try Raw(listener.address)
            client.send(text)
            driven.until { client.hasEnded() }
            return client.received
        }
    }

    /// Connections that a test's server keeps open.
    final class Held { var connections: [StreamConnection] = [] }

    /// A client that does what it wants.
    final class Raw {
        private let descriptor: Int32
        private(set) var received = ""
        private var isOver = false

        init(_ address: SocketAddress) throws {
            descriptor = cnet_socket(AF_INET, Int32(SOCK_STREAM.rawValue))
            try #require(descriptor >= 0)
            _ = address.withSystemAddress { connect(descriptor, $0, $1) }
        }
        deinit { close(descriptor) }

        func send(_ text: String) {
            let bytes = Array(text.utf8)
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count < 0, errno != EAGAIN, errno != ENOTCONN, errno != EINPROGRESS { return }
                sent += max(count, 0)
            }
        }

        func hasEnded() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while !isOver {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count > 0 {
                    received += String(decoding: buffer[..<count], as: UTF8.self)
                } else if count == 0 || (errno != EAGAIN && errno != ENOTCONN && errno != EINPROGRESS) {
                    isOver = true
                } else {
                    break
                }
            }
            return isOver
        }
    }

    @Test("a GET is answered with status, type and body", arguments: [SocketAddress.Family.ipv4, .ipv6])
    func answers(_ family: SocketAddress.Family) throws {
        let pair = try Pair(family: family)
        #expect(
            try pair.get("/there")?.get()
                == HTTPResponse(
                    status: 200, contentType: "text/plain; charset=utf-8", body: Array("path /there\n".utf8)))
        #expect(try pair.get("/elsewhere?x=1")?.get().status == 404)
        #expect(pair.asked == ["/there", "/elsewhere"])
    }

    @Test("a HEAD has no body, and other methods are not for this server")
    func methods() throws {
        let pair = try Pair()
        let head = try pair.raw("HEAD /there HTTP/1.0\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.0 200 OK\r\n") && head.hasSuffix("\r\n\r\n"), "\(head)")
        #expect(head.contains("Content-Length: 12\r\n"), "\(head)")
        let delete = try pair.raw("DELETE /there HTTP/1.0\r\n\r\n")
        #expect(delete.contains(" 501 Not Implemented"), "\(delete)")
        #expect(pair.asked == ["/there"])
    }

    @Test(
        "what is too large or no HTTP is refused without asking anybody",
        arguments: [
            "GET /there HTTP/1.1\r\nX: \(String(repeating: "a", count: 8_000))\r\n\r\n",
            "POST /there HTTP/1.0\r\nContent-Length: 10\r\n\r\n0123456789", "nonsense\r\n\r\n",
            "GET /\(String(repeating: "a", count: 8_000)) HTTP/1.1\r\n\r\n",
            "GET /there HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ])
    func refuses(_ request: String) throws {
        let pair = try Pair()
        let answer = try pair.raw(request)
        #expect(answer.isEmpty || answer.contains(" 400 ") || answer.contains(" 413 ") || answer.contains(" 501 "))
        #expect(pair.asked.isEmpty)
        #expect(try pair.get("/there")?.get().status == 200)
    }

    @Test("connections beyond the bound wait, and are answered when silent ones are closed")
    func connections() throws {
        var bounds = HTTPListener.Bounds()
        bounds.connections = 3
        bounds.idleSeconds = 1
        let pair = try Pair(bounds)
        let silent = try (0..<3).map { _ in try Raw(pair.listener.address) }
        let late = try Raw(pair.listener.address)
        late.send("GET /there HTTP/1.0\r\n\r\n")
        pair.driven.until { late.hasEnded() }
        #expect(late.received.contains("path /there"))
        pair.driven.until { silent.allSatisfy { $0.hasEnded() } }
        #expect(silent.allSatisfy { $0.received.isEmpty })
    }

    @Test("a connection that sends a byte now and then is closed all the same")
    func slow() throws {
        var bounds = HTTPListener.Bounds()
        bounds.lifetime = 1
        let pair = try Pair(bounds)
        let client = try Raw(pair.listener.address)
        pair.driven.until {
            client.send("G")
            return client.hasEnded()
        }
        #expect(pair.asked.isEmpty)
    }

    @Test("a port in use is the system's error, with the address")
    func inUse() throws {
        let pair = try Pair()
        let error = #expect(throws: SystemError.self) {
            try HTTPListener(pair.driven.loop, bind: pair.listener.address)
        }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.operation == "listen on TCP \(pair.listener.address)")
        #expect(try pair.get("/there")?.get().status == 200)
    }

    @Test("who asks hears of nobody there, and of answers that are too slow or too large")
    func failures() throws {
        let pair = try Pair()
        pair.listener.answer = { _ in HTTPResponse(status: 200, body: [UInt8](repeating: 1, count: 10_000)) }
        var small = HTTPFetch.Bounds()
        small.bodyBytes = 1_000
        if case .success = pair.get("/there", bounds: small) { Issue.record("the answer was too large") }
        let held = Held()
        // One that accepts and never answers.
        var endless = StreamConnection.Bounds()
        endless.frameBytes = .max
        let mute = try StreamListener(pair.driven.loop, bind: .loopback(.ipv4, port: 0), bounds: endless) { [held] in
            held.connections.append($0)
        }
        var impatient = HTTPFetch.Bounds()
        impatient.time = 1_000_000
        var result: Result<HTTPResponse, HTTPFailure>?
        HTTPFetch.get(pair.driven.loop, "/", from: mute.address, bounds: impatient) { result = $0 }
        pair.driven.until { result != nil }
        #expect(result == .failure(.timedOut))
        mute.close()
        var refused: Result<HTTPResponse, HTTPFailure>?
        HTTPFetch.get(pair.driven.loop, "/", from: mute.address) { refused = $0 }
        pair.driven.until { refused != nil }
        #expect(refused == .failure(.noAnswer))
    }
}
