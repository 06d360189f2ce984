import Glibc

@testable import EventLoop
@testable import LightweightGroups

/// Bytes on a liveness connection, cut anywhere. What they ask for is not done: it would dial any address in them.
enum LivenessTarget {
    private static let loop: EventLoop = {
        guard let loop = try? EventLoop() else { preconditionFailure("no event loop") }
        loop.adoptThread()
        return loop
    }()

    static func run(_ bytes: UnsafeRawBufferPointer) {
        frame(bytes)
        stream(bytes)
    }

    private static func frame(_ bytes: UnsafeRawBufferPointer) {
        guard let frame = try? LivenessFrame.decode(bytes) else { return }
        let again = frame.encoded().withUnsafeBytes { try? LivenessFrame.decode($0) }
        precondition(again == frame, "a liveness frame changed")
    }

    private static func stream(_ bytes: UnsafeRawBufferPointer) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0 else { return }
        guard let peer = HostPort.loopback,
            let connection = try? StreamConnection(
                loop, descriptor: ends[0], peer: peer, connected: true, bounds: StreamConnection.Bounds())
        else { preconditionFailure("no connection") }
        connection.onFrame = { frame($0) }
        let cut = bytes.isEmpty ? 0 : Int(bytes[0]) * bytes.count / 256
        for part in [bytes[..<cut], bytes[cut...]] where !part.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: part)
            _ = send(ends[1], part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
            turn()
        }
        close(ends[1])
        turn()
        connection.close()
    }

    /// What there is, without waiting for more.
    private static func turn() {
        loop.execute {}
        loop.turn()
    }
}

extension HostPort {
    static let loopback = try? HostPort(parsing: "127.0.0.1:1").numeric
}
