import GroupModel
import Testing

@Suite struct IdentityTests {
    private let a = MemberID(node: NodeID(raw: 1), incarnation: 2)

    @Test func `the stable hash never changes, for it is on the wire and in state directories`() {
        #expect(StableHash.of("") == StableHash.mix(0xCBF2_9CE4_8422_2325))
        #expect(StableHash.mix(0) == 0)
        #expect(StableHash.of("a") == StableHash.of([UInt8(ascii: "a")]))
        #expect(StableHash.of("a") != StableHash.of("b"))
        #expect(NodeID(name: "n0").raw == StableHash.of("n0"))
        #expect(LWGID(name: "prices/ACME").raw == StableHash.of("prices/ACME"))
        #expect(NodeID(name: "n0").description == "f0a254fad2e0eaaf")
    }

    @Test func `members are ordered by node, then incarnation`() {
        let later = MemberID(node: NodeID(raw: 1), incarnation: 3)
        let other = MemberID(node: NodeID(raw: 2), incarnation: 0)
        #expect([other, later, a].sorted() == [a, later, other])
        #expect(a.description == "0000000000000001.2")
        let seats = ["b", "0"].compactMap { ShortName($0) }.map { EndpointID(member: a, name: $0) }
        #expect(seats.sorted().map(\.description) == ["0000000000000001.2/0", "0000000000000001.2/b"])
        #expect(seats[0] < EndpointID(member: later, name: seats[1].name))
    }

    @Test func `a named heavyweight group and a created one are never the same`() throws {
        let longest = try #require(ShortName("abcdefghijklmno"))
        for counter in [0, 1, 0xFF_FFFF] as [UInt32] {
            let created = HWGID(creator: a, counter: counter)
            #expect(created.name == nil)
            #expect(created != HWGID(named: longest))
            #expect(HWGID(high: created.high, low: created.low) == created)
        }
        #expect(HWGID(named: longest).name == longest)
        #expect(HWGID(named: longest).description == "abcdefghijklmno")
        #expect(HWGID(creator: a, counter: 7).description == "0000000000000001.2.7")
        #expect(HWGID(creator: a, counter: 0x100_0000) == HWGID(creator: a, counter: 0))
    }

    @Test(
        arguments: [(0, 0), (0, 16), (0, 0xFE), (UInt64(ascii: "a"), 1), (0x6100_0000_0000_0000, 2)]
            as [(UInt64, UInt64)])
    func `words that name no group make none`(_ words: (UInt64, UInt64)) {
        #expect(HWGID(high: words.0, low: words.1) == nil)
        #expect(ShortName(high: words.0, low: words.1) == nil)
    }

    @Test func `short names keep one to fifteen bytes of the allowed letters`() throws {
        for text in ["a", "A-Z_0.9", "12345678", "123456789", "123456789012345"] {
            let name = try #require(ShortName(text))
            #expect(name.description == text)
            #expect(name.utf8 == Array(text.utf8))
            #expect(ShortName(high: name.high, low: name.low) == name)
        }
        for text in ["", "1234567890123456", "a b", "a/b", "é", "a\n"] { #expect(ShortName(text) == nil) }
        let names = ["b", "a", "ab", "a.", "abcdefghi", "abcdefgh"].compactMap { ShortName($0) }
        #expect(names.sorted().map(\.description) == ["a", "a.", "ab", "abcdefgh", "abcdefghi", "b"])
    }
}

extension UInt64 {
    fileprivate init(ascii: Unicode.Scalar) { self = UInt64(ascii.value) }
}
