import GroupModel
import GroupWire
import Testing

@Suite struct FrameTests {
    private static let member = MemberID(node: NodeID(raw: 0x1122_3344_5566_7788), incarnation: 0xAABB_CCDD)
    private static let header = FrameHeader(kind: .propose, cluster: 0x0102_0304, sender: member)

    private static var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.frameHeader(header)
        return writer.bytes
    }

    private func read(_ bytes: [UInt8]) throws -> FrameHeader {
        try bytes.withUnsafeBytes { try FrameHeader.read($0) }
    }

    @Test func `the header's layout is the documented one`() throws {
        #expect(
            Self.bytes == [
                0x4C, 0x47, 3, 16, 4, 3, 2, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xDD, 0xCC, 0xBB, 0xAA,
            ])
        #expect(try read(Self.bytes) == Self.header)
        #expect(Self.bytes.count == FrameHeader.bytes)
        let packet = Packet(capacity: FrameHeader.bytes)
        Self.header.write(to: packet.bytes)
        packet.count = FrameHeader.bytes
        #expect(Array(packet.contents) == Self.bytes)
    }

    @Test func `short, foreign, other versions and unknown kinds are told apart`() {
        #expect(throws: FrameHeader.Rejection.short) { try read([]) }
        #expect(throws: FrameHeader.Rejection.short) { try read(Array(Self.bytes.dropLast())) }
        for (offset, rejection) in [(0, FrameHeader.Rejection.foreign), (1, .foreign), (2, .version), (3, .kind)] {
            var bytes = Self.bytes
            bytes[offset] ^= 0x80
            #expect(throws: rejection) { try read(bytes) }
        }
    }

    /// A mutated header is rejected or is what it says: nothing is half taken (K4).
    @Test func `every changed bit is rejected or seen`() throws {
        for bit in 0..<(8 * FrameHeader.bytes) {
            var bytes = Self.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if let read = try? read(bytes) { #expect(read != Self.header) }
        }
    }

    @Test func `numbers of frames are never given anew`() {
        let numbers: [FrameKind: UInt8] = [
            .heartbeat: 1, .data: 8, .acknowledge: 9, .negativeAcknowledge: 10, .direct: 11, .directAcknowledge: 12,
            .propose: 16, .flushed: 17, .cut: 18, .cutReached: 19, .install: 20, .refuse: 21, .report: 22,
            .installed: 23, .announce: 24, .mergeRequest: 25, .mergeAnswer: 26,
        ]
        for (kind, number) in numbers { #expect(kind.rawValue == number) }
        #expect(Set(FrameKind.allCases.map(\.rawValue)).count == FrameKind.allCases.count)
    }

    @Test func `a token names a view of a group`() {
        let group = HWGID(creator: Self.member, counter: 1)
        let view = ViewID(epoch: 1, coordinator: Self.member)
        let token = ViewToken(group: group, view: view)
        #expect(token == ViewToken(group: group, view: view))
        #expect(token != ViewToken(group: HWGID(creator: Self.member, counter: 2), view: view))
        #expect(token != ViewToken(group: group, view: ViewID(epoch: 2, coordinator: Self.member)))
        let later = MemberID(node: Self.member.node, incarnation: 1)
        #expect(token != ViewToken(group: group, view: ViewID(epoch: 1, coordinator: later)))
    }
}

@Suite struct ModelFieldTests {
    private let a = MemberID(node: NodeID(raw: 1), incarnation: 2)
    private let b = MemberID(node: NodeID(raw: 3), incarnation: 4)

    private func decode<Value>(_ bytes: [UInt8], _ read: (inout ByteReader) -> Value) -> Value? {
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            let value = read(&reader)
            return reader.isComplete ? value : nil
        }
    }

    private func encoded(_ write: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        write(&writer)
        return writer.bytes
    }

    @Test func `every field of the vocabulary comes back, and no prefix of it`() throws {
        let view = View(id: ViewID(epoch: 7, coordinator: b), members: [b, a])
        let endpoint = EndpointID(member: a, name: try #require(ShortName("seat-1")))
        let group = HWGID(creator: b, counter: 9)
        let card = NodeCard(name: "n-1", member: a, address: NodeAddress(high: 1, low: 2, port: 65_535))
        let bytes = encoded {
            $0.view(view)
            $0.endpoint(endpoint)
            $0.hwgID(group)
            $0.card(card)
        }
        func all(_ reader: inout ByteReader) -> String {
            let parts: [Any] = [
                reader.view() == view, reader.endpoint() == endpoint, reader.hwgID() == group, reader.card() == card,
            ]
            return parts.map { "\($0)" }.joined(separator: " ")
        }
        #expect(decode(bytes, all) == "true true true true")
        for length in 0..<bytes.count { #expect(decode(Array(bytes.prefix(length)), all) == nil) }
    }

    @Test func `a view without members or with one twice is wrong`() {
        let id = ViewID(epoch: 1, coordinator: a)
        #expect(decode(encoded { $0.view(View(id: id, members: [])) }, { $0.view() }) == nil)
        #expect(decode(encoded { $0.view(View(id: id, members: [a, b, a])) }, { $0.view() }) == nil)
        let many = (0...Limits.viewMembers).map { MemberID(node: NodeID(raw: UInt64($0)), incarnation: 1) }
        #expect(decode(encoded { $0.view(View(id: id, members: many)) }, { $0.view() }) == nil)
        #expect(decode(encoded { $0.view(View(id: id, members: many.dropLast())) }, { $0.view() }) != nil)
    }

    @Test func `names of groups and endpoints are checked`() {
        for words in [(0, 0), (.max, 3), (0, 16)] as [(UInt64, UInt64)] {
            let bytes = encoded {
                $0.u64(words.0)
                $0.u64(words.1)
            }
            #expect(decode(bytes, { $0.shortName() }) == nil)
            #expect(decode(bytes, { $0.hwgID() }) == nil)
        }
    }

    @Test func `a card's name has a limit`() {
        let long = String(repeating: "x", count: Limits.nodeNameBytes + 1)
        let address = NodeAddress(high: 0, low: 0, port: 0)
        #expect(decode(encoded { $0.card(NodeCard(name: long, member: a, address: address)) }, { $0.card() }) == nil)
    }
}
