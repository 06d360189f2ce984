import CNet
import Glibc
import Testing

@testable import EventLoop

@Suite("Datagram sockets")
struct DatagramSocketTests {
    /// What the kernel has is used, or each fall-back is forced.
    static let modes: [DatagramOptions] = [(true, true), (true, false), (false, true), (false, false)].map {
        var options = DatagramOptions()
        options.segmentation = $0.0
        options.coalescing = $0.1
        return options
    }

    /// `IPPROTO_IP`, whose imported type differs between C libraries.
    static let internetLevel: Int32 = 0

    static func payload(_ number: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
    }

    @Test(
        "runs of datagrams arrive one by one, in order and whole", arguments: modes.indices,
        [
            SocketAddress.Family.ipv4, .ipv6,
        ])
    func runs(_ mode: Int, _ family: SocketAddress.Family) throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(family, port: 0), options: Self.modes[mode])
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(family, port: 0), options: Self.modes[mode])
        let got = Collected()
        receiver.start { bytes, source, _ in
            got.datagrams.append([UInt8](bytes))
            got.sources.append(source.address)
        }
        // A run with a shorter last one, then single sizes, then a run over 64 KiB and one over 64 segments.
        var sizes = [1_000, 1_000, 1_000, 400, 1, 9_000, 20]
        sizes += Array(repeating: 8_192, count: 20) + Array(repeating: 64, count: 150)
        let payloads = sizes.enumerated().map { Self.payload($0.offset, bytes: $0.element) }
        sender.send(payloads.map { .of($0, to: receiver.address) })
        driven.until { got.datagrams.count >= payloads.count }
        #expect(got.datagrams == payloads)
        #expect(got.sources.allSatisfy { $0 == sender.address })
        #expect(sender.counters.packetsOut == UInt64(payloads.count))
        #expect(receiver.counters.packetsIn == UInt64(payloads.count))
        #expect(receiver.counters.bytesIn == UInt64(sizes.reduce(0, +)))
    }

    @Test("bytes of a long run stay as they are while their memory is kept, whatever arrives later")
    func lentMemory() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        try #require(sender.segments && receiver.coalesces, "this kernel has neither GSO nor GRO")
        var kept: [(bytes: UnsafeRawBufferPointer, memory: AnyObject)] = []
        var borrowed = 0
        receiver.start { bytes, _, memory in
            if let memory { kept.append((bytes, memory)) } else { borrowed += 1 }
        }
        // More runs than the socket has slots, so that it reads into each again.
        let runs = (0..<40).map { run in (0..<7).map { Self.payload(run * 7 + $0, bytes: 8_192) } }
        for (count, run) in runs.enumerated() {
            sender.send(run.map { .of($0, to: receiver.address) })
            driven.until { kept.count + borrowed == (count + 1) * 7 }
        }
        #expect(kept.map { [UInt8]($0.bytes) } == runs.flatMap { $0 })
        sender.send([.of(Self.payload(1, bytes: 100), to: receiver.address)])
        driven.until { borrowed == 1 }
    }

    @Test("a run of equal datagrams leaves in one system call and arrives coalesced, where the kernel can")
    func segmentation() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        try #require(sender.segments && receiver.coalesces, "this kernel has neither GSO nor GRO")
        let got = Collected()
        receiver.start { bytes, _, _ in got.datagrams.append([UInt8](bytes)) }
        let payloads = (0..<7).map { Self.payload($0, bytes: 8_192) }
        sender.send(payloads.map { .of($0, to: receiver.address) })
        driven.until { got.datagrams.count == 7 }
        #expect(got.datagrams == payloads)
        #expect(sender.counters.sendCalls == 1)
        #expect(receiver.counters.receiveCalls == 1)
    }

    @Test("a refusal to segment turns segmentation off and loses nothing")
    func refusedSegmentation() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        try #require(sender.segments)
        // The kernel refuses to segment where it may not compute checksums.
        #expect(cnet_set_flag(sender.descriptor, SOL_SOCKET, SO_NO_CHECK, 1) == 0)
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let got = Collected()
        receiver.start { bytes, _, _ in got.datagrams.append([UInt8](bytes)) }
        let payloads = (0..<10).map { Self.payload($0, bytes: 500) }
        sender.send(payloads.map { .of($0, to: receiver.address) })
        driven.until { got.datagrams.count == 10 }
        #expect(got.datagrams == payloads)
        #expect(!sender.segments)
        #expect(sender.counters.refused == 0)
    }

    @Test("a run to nowhere is refused for itself, and segmentation stays")
    func refusedDestination() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        try #require(sender.segments)
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let got = Collected()
        receiver.start { bytes, _, _ in got.datagrams.append([UInt8](bytes)) }
        let payloads = (0..<10).map { Self.payload($0, bytes: 500) }
        // The kernel says EINVAL to port 0 as it does to a run that it cannot segment.
        let nowhere = payloads[..<3].map { OutgoingDatagram.of($0, to: .loopback(.ipv4, port: 0)) }
        sender.send(nowhere + payloads.map { .of($0, to: receiver.address) } + nowhere)
        driven.until { got.datagrams.count == 10 }
        #expect(got.datagrams == payloads)
        #expect(sender.segments)
        #expect(sender.counters.refused == 6)
    }

    @Test("one send reaches several destinations, and an unreachable one costs the others nothing")
    func destinations() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let first = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let second = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let one = Collected()
        let two = Collected()
        first.start { bytes, _, _ in one.datagrams.append([UInt8](bytes)) }
        second.start { bytes, _, _ in two.datagrams.append([UInt8](bytes)) }
        sender.send([
            .of([1], to: .loopback(.ipv6, port: 9)),  // another family
            .of([2, 2], to: first.address), .of([3, 3], to: first.address), .of([4, 4], to: second.address),
            .of([UInt8](repeating: 0, count: 65_600), to: first.address),  // no datagram is so large
            .of([5], to: first.address), .of([6], to: second.address),
        ])
        driven.until { one.datagrams.count == 3 && two.datagrams.count == 2 }
        #expect(one.datagrams == [[2, 2], [3, 3], [5]])
        #expect(two.datagrams == [[4, 4], [6]])
        #expect(sender.counters.refused == 2)
    }

    @Test("the echo of a closed port is drained and hides no datagram")
    func closedPort() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        #expect(cnet_set_flag(sender.descriptor, Self.internetLevel, IP_RECVERR, 1) == 0)
        let gone = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let closed = gone.address
        gone.close()
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let got = Collected()
        receiver.start { bytes, _, _ in got.datagrams.append([UInt8](bytes)) }
        for number: UInt8 in 0..<20 {
            sender.send([.of([0xFF], to: closed)])
            sender.send([.of([number], to: receiver.address)])
        }
        driven.until { got.datagrams.count == 20 }
        #expect(got.datagrams == (0..<20).map { [$0] })
        #expect(sender.counters.asynchronousErrors > 0)
    }
    @Test("what the kernel has no room for waits, keeps its order and leaves when it can; the rest is counted")
    func unsent() throws {
        let driven = try Driven()
        var options = DatagramOptions()
        options.queueBytes = 10
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0), options: options)
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let got = Collected()
        receiver.start { bytes, _, _ in got.datagrams.append([UInt8](bytes)) }
        sender.unsent = [.of([1, 1, 1, 1], to: receiver.address)]
        sender.unsentBytes = 4
        sender.send([
            .of([2, 2, 2, 2], to: receiver.address), .of([3, 3, 3, 3], to: receiver.address),
            .of([4, 4], to: receiver.address),
        ])
        #expect(sender.counters.overflowed == 1)
        #expect(sender.waitingBytes == 10)
        driven.until { got.datagrams.count == 3 && sender.waitingBytes == 0 }
        #expect(got.datagrams == [[1, 1, 1, 1], [2, 2, 2, 2], [4, 4]])
        sender.send([.of([5], to: receiver.address)])
        driven.until { got.datagrams.count == 4 }
    }

    @Test("while reading is paused the kernel keeps what arrives; drain reads it at once")
    func pause() throws {
        let driven = try Driven()
        let sender = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let receiver = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        let got = Collected()
        receiver.start { bytes, _, _ in got.datagrams.append([UInt8](bytes)) }
        receiver.pauseReading()
        sender.send((0..<100).map { .of([UInt8($0)], to: receiver.address) })
        #expect(receiver.drain())
        #expect(got.datagrams == (0..<100).map { [UInt8($0)] })
        sender.send([.of([200], to: receiver.address)])
        receiver.resumeReading()
        driven.until { got.datagrams.count == 101 }
    }

    @Test("the effective buffer sizes are told")
    func buffers() throws {
        let driven = try Driven()
        var options = DatagramOptions()
        options.receiveBufferBytes = 100_000
        let socket = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0), options: options)
        #expect(socket.receiveBufferBytes >= 100_000)
        #expect(socket.sendBufferBytes > 0)
    }

    @Test("an address in use is refused with its name")
    func addressInUse() throws {
        let driven = try Driven()
        let socket = try DatagramSocket(driven.loop, bind: .loopback(.ipv4, port: 0))
        #expect(throws: SystemError("bind UDP \(socket.address)", code: EADDRINUSE)) {
            try DatagramSocket(driven.loop, bind: socket.address)
        }
    }
}
