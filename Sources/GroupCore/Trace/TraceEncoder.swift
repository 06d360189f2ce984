import GroupModel

/// Writes trace records as JSON lines (design.md, section 8) into one growing buffer.
///
/// The shell appends a turn's records, writes `bytes` to the file before the turn's packets leave, and calls
/// `removeAll`, which keeps the capacity. Apart from growth, a line allocates nothing.
///
/// Nodes are written by name as far as `learn` told them, and otherwise as the sixteen hexadecimal digits of their
/// identity. `g` carries its kind (`hwg:ID`, `lwg:NAME`); the fields `hwg`, `from` and `to` of views, maps and
/// switches can only be heavyweight groups and hold the bare ID.
public struct TraceEncoder: Sendable {
    /// The lines so far, each ended by a line feed.
    public private(set) var bytes: [UInt8] = []
    private var names: [NodeID: [UInt8]] = [:]

    /// `capacity`: bytes reserved at the start; a line of a small view takes about 200.
    public init(reserving capacity: Int = 64 * 1024) { bytes.reserveCapacity(capacity) }

    /// From now on the card's node is written by its name.
    public mutating func learn(_ card: NodeCard) {
        names[card.member.node] = Array(card.name.utf8)
    }

    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends one line.
    public mutating func append(_ record: TraceRecord) {
        text("{\"ev\":\"")
        text(Self.name(of: record.event))
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

    private static func name(of event: TraceRecord.Event) -> StaticString {
        switch event {
        case .start: "start"
        case .stop: "stop"
        case .join: "join"
        case .leave: "leave"
        case .view: "view"
        case .send: "send"
        case .deliver: "deliver"
        case .hold: "hold"
        case .holdOK: "holdok"
        case .stable: "stable"
        case .flush: "flush"
        case .switched: "switch"
        case .map: "map"
        case .quiet: "quiet"
        }
    }

    private static func name(of order: Order) -> StaticString {
        switch order {
        case .fifo: "fifo"
        case .causal: "causal"
        case .total: "total"
        case .safe: "safe"
        }
    }
}

// Composite fields.
extension TraceEncoder {
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
        text(Self.name(of: order))
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
        bytes.append(UInt8(ascii: "["))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            quoted(member)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

// Names.
extension TraceEncoder {
    private mutating func quoted(_ member: TraceMember) {
        quote()
        self.member(member)
        quote()
    }

    private mutating func quoted(_ message: MessageName) {
        quote()
        member(message.sender)
        bytes.append(UInt8(ascii: "#"))
        number(message.number)
        quote()
    }

    private mutating func quoted(_ view: ViewID) {
        quote()
        number(view.epoch)
        bytes.append(UInt8(ascii: "@"))
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
            bytes.append(UInt8(ascii: "/"))
            shortName(endpoint.name)
        }
    }

    private mutating func node(_ member: MemberID) {
        if let name = names[member.node] {
            bytes.append(contentsOf: name)
        } else {
            hexadecimal(member.node.raw)
        }
        bytes.append(UInt8(ascii: "."))
        number(UInt64(member.incarnation))
    }

    /// As `HWGID.description`, so that tools and configuration name the group alike.
    private mutating func id(_ id: HWGID) {
        if let name = id.name {
            shortName(name)
        } else {
            hexadecimal(id.high)
            bytes.append(UInt8(ascii: "."))
            number(id.low >> 32)
            bytes.append(UInt8(ascii: "."))
            number(id.low >> 8 & 0xFF_FFFF)
        }
    }

    private mutating func shortName(_ name: ShortName) {
        for index in 0..<min(Int(name.low & 0xFF), ShortName.maximumBytes) {
            let word = index < 8 ? name.high : name.low
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7))))
        }
    }
}

// JSON.
extension TraceEncoder {
    private mutating func field(_ name: StaticString) {
        text(",\"")
        text(name)
        text("\":")
    }

    private mutating func flag(_ name: StaticString, _ value: Bool) {
        field(name)
        text(value ? "true" : "false")
    }

    private mutating func quote() { bytes.append(UInt8(ascii: "\"")) }

    private mutating func text(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// RFC 8259: quotation marks, reverse solidi and controls are escaped; everything else stays UTF-8.
    private mutating func escaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"):
                self.text("\\n")
            case UInt8(ascii: "\r"):
                self.text("\\r")
            case UInt8(ascii: "\t"):
                self.text("\\t")
            case 0..<0x20:
                self.text("\\u00")
                digit(byte >> 4)
                digit(byte & 15)
            default:
                bytes.append(byte)
            }
        }
    }

    private mutating func number(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        number(value.magnitude)
    }

    private mutating func number(_ value: UInt64) {
        let start = bytes.count
        var rest = value
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func hexadecimal(_ value: UInt64) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            digit(UInt8(truncatingIfNeeded: value >> shift) & 15)
        }
    }

    private mutating func digit(_ value: UInt8) {
        bytes.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
    }
}
