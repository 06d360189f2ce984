import GroupModel

/// Writes one trace line into the room that the encoder gives it. Every byte goes through `take` or `short`, which check that
/// there is still room.
struct TraceLineWriter {
    private let start: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private let names: NodeNames.Reading
    /// Bytes written.
    private(set) var count = 0

    init(start: UnsafeMutablePointer<UInt8>, capacity: Int, names: NodeNames.Reading) {
        self.start = start
        self.capacity = capacity
        self.names = names
    }

    /// Bytes that the line takes at most.
    static func room(for record: TraceRecord, _ names: NodeNames.Reading) -> Int {
        // All keys and numbers of the longest line, with three nodes, three endpoints and three heavyweight groups; and what a
        // short name writes beyond its end.
        let fixed = 528 + 3 * names.longest
        switch record.event {
        case .start, .stop, .quiet:
            return fixed
        case .view(let group, let view):
            // Each with incarnation, endpoint, quotation marks and comma.
            let members = view.members.count + view.transitional.count
            return fixed + room(for: group) + members * (names.longest + 32) + 2 * names.longest
        case .join(let group), .leave(let group), .flush(let group), .hold(let group, _), .holdOK(let group, _),
            .send(let group, _, _, _, _), .deliver(let group, _, _, _, _, _), .stable(let group, _, _),
            .switched(let group, _, _), .map(let group, _, _):
            return fixed + room(for: group) + names.longest
        }
    }

    private static func room(for group: TraceGroup) -> Int {
        switch group {
        case .hwg: 0
        // A control byte becomes six.
        case .lwg(let name): 6 * name.utf8.count
        }
    }

    @inline(__always)
    mutating func take(_ bytes: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(bytes <= capacity - count, "a trace line is longer than its room")
        defer { count += bytes }
        return start + count
    }

    /// The first `bytes` of the sixteen that stand there now: what follows overwrites the rest.
    @inline(__always)
    mutating func short(_ text: SIMD16<UInt8>, count bytes: Int) {
        precondition(16 <= capacity - count && bytes <= 16, "a trace line is longer than its room")
        UnsafeMutableRawPointer(start + count).storeBytes(of: text, as: SIMD16<UInt8>.self)
        count += bytes
    }

    mutating func write(_ record: TraceRecord) {
        text("{\"ev\":\"")
        name(record.event)
        text("\",\"t\":")
        number(record.time.nanoseconds)
        field("p")
        quoted(record.member)
        switch record.event {
        case .start, .stop, .quiet:
            break
        case .join(let group), .leave(let group), .flush(let group):
            self.group(group)
        case .view(let group, let view):
            self.group(group)
            self.view(view)
        case .send(let group, let message, let view, let order, let to):
            self.message(group, message, view, order)
            if let to { receiver(to) }
        case .deliver(let group, let message, let view, let order, let trans, let to):
            self.message(group, message, view, order)
            flag("trans", trans)
            if let to { receiver(to) }
        case .hold(let group, let view), .holdOK(let group, let view):
            self.group(group)
            field("vid")
            quoted(view)
        case .stable(let group, let message, let k):
            self.group(group)
            field("m")
            quoted(message)
            field("k")
            number(Int64(k))
        case .switched(let group, let from, let to):
            self.group(group)
            field("from")
            quoted(from)
            field("to")
            quoted(to)
        case .map(let group, let hwg, let version):
            self.group(group)
            field("hwg")
            quoted(hwg)
            field("version")
            number(version)
        }
        text("}\n")
    }

    private mutating func name(_ event: TraceRecord.Event) {
        switch event {
        case .start: text("start")
        case .stop: text("stop")
        case .join: text("join")
        case .leave: text("leave")
        case .view: text("view")
        case .send: text("send")
        case .deliver: text("deliver")
        case .hold: text("hold")
        case .holdOK: text("holdok")
        case .stable: text("stable")
        case .flush: text("flush")
        case .switched: text("switch")
        case .map: text("map")
        case .quiet: text("quiet")
        }
    }

    private mutating func name(_ order: Order) {
        switch order {
        case .fifo: text("fifo")
        case .causal: text("causal")
        case .total: text("total")
        case .safe: text("safe")
        }
    }
}

// Composite fields.
extension TraceLineWriter {
    private mutating func group(_ group: TraceGroup) {
        field("g")
        switch group {
        case .hwg(let id):
            text("\"hwg:")
            self.id(id)
            quote()
        case .lwg(let name):
            text("\"lwg:")
            escaped(name)
            quote()
        }
    }

    private mutating func message(
        _ group: TraceGroup, _ message: MessageName, _ view: ViewID, _ order: Order
    ) {
        self.group(group)
        field("m")
        quoted(message)
        field("vid")
        quoted(view)
        field("order")
        quote()
        name(order)
        quote()
    }

    private mutating func receiver(_ member: TraceMember) {
        field("to")
        quoted(member)
    }

    private mutating func view(_ view: TraceView) {
        field("vid")
        quoted(view.id)
        field("members")
        list(view.members)
        field("prev")
        if let previous = view.previous { quoted(previous) } else { text("null") }
        field("trans")
        list(view.transitional)
        flag("primary", view.primary)
        flag("unchanged", view.unchanged)
        if let carrier = view.carrier {
            field("hwg")
            quoted(carrier)
        }
        if let carrierView = view.carrierView {
            field("hvid")
            quoted(carrierView)
        }
    }

    private mutating func list(_ members: [TraceMember]) {
        byte(UInt8(ascii: "["))
        for (index, member) in members.enumerated() {
            if index > 0 { byte(UInt8(ascii: ",")) }
            quoted(member)
        }
        byte(UInt8(ascii: "]"))
    }
}

// Names.
extension TraceLineWriter {
    private mutating func quoted(_ member: TraceMember) {
        quote()
        self.member(member)
        quote()
    }

    private mutating func quoted(_ message: MessageName) {
        quote()
        member(message.sender)
        byte(UInt8(ascii: "#"))
        number(message.number)
        quote()
    }

    private mutating func quoted(_ view: ViewID) {
        quote()
        number(view.epoch)
        byte(UInt8(ascii: "@"))
        node(view.coordinator)
        quote()
    }

    private mutating func quoted(_ id: HWGID) {
        quote()
        self.id(id)
        quote()
    }

    private mutating func member(_ member: TraceMember) {
        switch member {
        case .node(let id):
            node(id)
        case .endpoint(let endpoint):
            node(endpoint.member)
            byte(UInt8(ascii: "/"))
            shortName(endpoint.name)
        }
    }

    private mutating func node(_ member: MemberID) {
        if let name = names[member.node] {
            if name.count <= 16 {
                short(name.head, count: name.count)
            } else {
                copy(names.letters(of: name))
            }
        } else {
            hexadecimal(member.node.raw)
        }
        byte(UInt8(ascii: "."))
        number(UInt64(member.incarnation))
    }

    /// As `HWGID.description`, so that tools and configuration name the group alike.
    private mutating func id(_ id: HWGID) {
        if let name = id.name {
            shortName(name)
        } else {
            hexadecimal(id.high)
            byte(UInt8(ascii: "."))
            number(id.low >> 32)
            byte(UInt8(ascii: "."))
            number(id.low >> 8 & 0xFF_FFFF)
        }
    }

    private mutating func shortName(_ name: ShortName) {
        let length = min(Int(name.low & 0xFF), ShortName.maximumBytes)
        short(unsafeBitCast(SIMD2(name.high.bigEndian, name.low.bigEndian), to: SIMD16<UInt8>.self), count: length)
    }
}
