import GroupCore
import GroupModel
import Testing

@Suite struct TraceEncoderTests {
    private static let a = MemberID(node: NodeID(name: "a"), incarnation: 1)
    private static let b = MemberID(node: NodeID(name: "b-2"), incarnation: 7)
    private static let unknown = MemberID(node: NodeID(raw: 0x0123_4567_89AB_CDEF), incarnation: 4_294_967_295)
    private static let seat = TraceMember.endpoint(EndpointID(member: a, name: ShortName("0")!))
    private static let pool = HWGID(named: ShortName("pool")!)
    private static let created = HWGID(creator: unknown, counter: 12)
    private static let view = ViewID(epoch: 3, coordinator: a)

    private static func lines(_ member: TraceMember, _ events: TraceRecord.Event...) -> String {
        var encoder = TraceEncoder()
        for (name, id) in [("a", a), ("b-2", b)] {
            encoder.learn(NodeCard(name: name, member: id, address: NodeAddress(high: 0, low: 0, port: 0)))
        }
        for event in events {
            encoder.append(TraceRecord(time: Instant(nanoseconds: 1_250), member: member, event: event))
        }
        return String(decoding: encoder.bytes, as: UTF8.self)
    }

    @Test func `start, stop and quiet have no group`() {
        #expect(
            Self.lines(.node(Self.a), .start, .stop, .quiet) == """
                {"ev":"start","t":1250,"p":"a.1"}
                {"ev":"stop","t":1250,"p":"a.1"}
                {"ev":"quiet","t":1250,"p":"a.1"}

                """)
    }

    @Test func `an HWG view has a previous view or null, and no carrier`() {
        let first = TraceView(
            id: Self.view, members: [.node(Self.a)], previous: nil, transitional: [.node(Self.a)], primary: false,
            unchanged: false, carrier: nil, carrierView: nil)
        let next = TraceView(
            id: ViewID(epoch: 4, coordinator: Self.b), members: [.node(Self.b), .node(Self.a)], previous: Self.view,
            transitional: [.node(Self.a)], primary: true, unchanged: false, carrier: nil, carrierView: nil)
        #expect(
            Self.lines(.node(Self.a), .view(.hwg(Self.pool), first), .view(.hwg(Self.pool), next)) == #"""
                {"ev":"view","t":1250,"p":"a.1","g":"hwg:pool","vid":"3@a.1","members":["a.1"],"prev":null,"trans":["a.1"],"primary":false,"unchanged":false}
                {"ev":"view","t":1250,"p":"a.1","g":"hwg:pool","vid":"4@b-2.7","members":["b-2.7","a.1"],"prev":"3@a.1","trans":["a.1"],"primary":true,"unchanged":false}

                """#)
    }

    @Test func `an LWG view names its members' endpoints, its HWG and the HWG's view`() {
        let view = TraceView(
            id: ViewID(era: 1, count: 2, coordinator: Self.a), members: [Self.seat], previous: Self.view,
            transitional: [Self.seat], primary: true, unchanged: true, carrier: Self.created, carrierView: Self.view)
        #expect(
            Self.lines(Self.seat, .view(.lwg("prices/ACME"), view)) == #"""
                {"ev":"view","t":1250,"p":"a.1/0","g":"lwg:prices/ACME","vid":"4294967298@a.1","members":["a.1/0"],"prev":"3@a.1","trans":["a.1/0"],"primary":true,"unchanged":true,"hwg":"0123456789abcdef.4294967295.12","hvid":"3@a.1"}

                """#)
        #expect(Self.created.description == "0123456789abcdef.4294967295.12")
    }

    @Test func `messages name their sender, view and order, and the receiver only when they have one`() {
        let message = MessageName(sender: Self.seat, number: .max)
        let group = TraceGroup.lwg("g")
        #expect(
            Self.lines(
                Self.seat,
                .send(group, message, Self.view, .fifo, to: nil),
                .send(
                    group, message, Self.view, .causal,
                    to: .endpoint(EndpointID(member: Self.unknown, name: ShortName("b.c_-9")!))),
                .deliver(group, message, Self.view, .total, trans: false, to: nil),
                .deliver(group, message, Self.view, .safe, trans: true, to: Self.seat)) == #"""
                    {"ev":"send","t":1250,"p":"a.1/0","g":"lwg:g","m":"a.1/0#18446744073709551615","vid":"3@a.1","order":"fifo"}
                    {"ev":"send","t":1250,"p":"a.1/0","g":"lwg:g","m":"a.1/0#18446744073709551615","vid":"3@a.1","order":"causal","to":"0123456789abcdef.4294967295/b.c_-9"}
                    {"ev":"deliver","t":1250,"p":"a.1/0","g":"lwg:g","m":"a.1/0#18446744073709551615","vid":"3@a.1","order":"total","trans":false}
                    {"ev":"deliver","t":1250,"p":"a.1/0","g":"lwg:g","m":"a.1/0#18446744073709551615","vid":"3@a.1","order":"safe","trans":true,"to":"a.1/0"}

                    """#)
    }

    @Test func `the other events have their fields in the documented names`() {
        let group = TraceGroup.lwg("g")
        #expect(
            Self.lines(
                Self.seat, .join(group), .leave(group), .hold(group, Self.view), .holdOK(group, Self.view),
                .stable(group, MessageName(sender: Self.seat, number: 1), k: 3), .flush(group),
                .switched(group, from: Self.pool, to: Self.created), .map(group, Self.pool, version: 9)) == #"""
                    {"ev":"join","t":1250,"p":"a.1/0","g":"lwg:g"}
                    {"ev":"leave","t":1250,"p":"a.1/0","g":"lwg:g"}
                    {"ev":"hold","t":1250,"p":"a.1/0","g":"lwg:g","vid":"3@a.1"}
                    {"ev":"holdok","t":1250,"p":"a.1/0","g":"lwg:g","vid":"3@a.1"}
                    {"ev":"stable","t":1250,"p":"a.1/0","g":"lwg:g","m":"a.1/0#1","k":3}
                    {"ev":"flush","t":1250,"p":"a.1/0","g":"lwg:g"}
                    {"ev":"switch","t":1250,"p":"a.1/0","g":"lwg:g","from":"pool","to":"0123456789abcdef.4294967295.12"}
                    {"ev":"map","t":1250,"p":"a.1/0","g":"lwg:g","hwg":"pool","version":9}

                    """#)
    }

    @Test func `group names are escaped as JSON wants`() {
        #expect(
            Self.lines(.node(Self.a), .join(.lwg("q\"b\\s/\n\r\t\u{1}\u{1F}\u{7F}é🙂"))) == #"""
                {"ev":"join","t":1250,"p":"a.1","g":"lwg:q\"b\\s/\n\r\t\u0001\u001f
                """# + "\u{7F}é🙂\"}\n")
    }

    @Test func `the buffer is reused, and times before the clock's start are negative`() {
        var encoder = TraceEncoder(reserving: 0)
        encoder.append(TraceRecord(time: Instant(nanoseconds: 5), member: .node(Self.a), event: .start))
        encoder.removeAll()
        #expect(encoder.bytes.isEmpty)
        encoder.append(TraceRecord(time: Instant(nanoseconds: .min), member: .node(Self.unknown), event: .stop))
        #expect(
            String(decoding: encoder.bytes, as: UTF8.self)
                == "{\"ev\":\"stop\",\"t\":-9223372036854775808,\"p\":\"0123456789abcdef.4294967295\"}\n")
    }
}
