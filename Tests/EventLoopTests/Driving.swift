import Testing

@testable import EventLoop

/// Drives a loop on the calling thread, turn by turn, until a condition holds; a generous deadline turns a hang into a
/// failure.
struct Driven {
    let loop: EventLoop
    private let guardTimer: LoopTimer
    private let expired = Flag()

    init() throws {
        loop = try EventLoop()
        loop.adoptThread()
        guardTimer = try LoopTimer(loop) { [expired] in expired.isSet = true }
    }

    func until(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        guardTimer.schedule(after: 20_000_000_000)
        while !condition(), !expired.isSet { loop.turn() }
        guardTimer.cancel()
        #expect(!expired.isSet, "the condition did not come true within 20 s", sourceLocation: sourceLocation)
    }
}

final class Flag {
    var isSet = false
}

final class Collected {
    var datagrams: [[UInt8]] = []
    var sources: [SocketAddress?] = []
}

extension OutgoingDatagram {
    /// A datagram of the given bytes, which its owner keeps.
    static func of(_ bytes: [UInt8], to address: SocketAddress) -> OutgoingDatagram {
        let owner = Bytes(bytes)
        return OutgoingDatagram(start: UnsafeRawPointer(owner.start), count: bytes.count, owner: owner, to: address)
    }
}

final class Bytes {
    let start: UnsafeMutableRawPointer
    init(_ bytes: [UInt8]) {
        start = .allocate(byteCount: max(bytes.count, 1), alignment: 1)
        bytes.withUnsafeBytes { if let base = $0.baseAddress { start.copyMemory(from: base, byteCount: $0.count) } }
    }
    deinit { start.deallocate() }
}
