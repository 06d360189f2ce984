import GroupModel

/// Messages of mine that have no number yet, in the order in which they were accepted: control messages that wait for
/// the reserve, and at most one large data message that waits for the window between its fragments.
struct SendQueue: Sendable {
    struct Item: Sendable {
        /// Where the message stands among all that were accepted.
        let ticket: UInt64
        let bytes: Packet
        let label: UInt32
        let order: Order
        let isControl: Bool
        /// Bytes that have left in fragments. Void at the view's end: the message is sent again as a whole.
        var packed = 0
    }
    private(set) var items: [Item] = []
    private(set) var lastTicket: UInt64 = 0

    var isEmpty: Bool { items.isEmpty }
    var hasControl: Bool { firstControl != nil }

    mutating func append(_ bytes: Packet, label: UInt32, order: Order, isControl: Bool, packed: Int) {
        lastTicket += 1
        items.append(
            Item(
                ticket: lastTicket, bytes: bytes, label: label, order: order, isControl: isControl, packed: packed))
    }

    var firstControl: Int? { items.firstIndex { $0.isControl } }
    mutating func progressed(_ index: Int, to packed: Int) { items[index].packed = packed }
    mutating func remove(_ index: Int) { items.remove(at: index) }
    mutating func removeData() { items.removeAll { !$0.isControl } }
    mutating func takeAll() -> [Item] {
        defer { items = [] }
        return items
    }
    /// Nothing that was accepted up to `ticket` still waits.
    func isDone(through ticket: UInt64) -> Bool { items.allSatisfy { $0.ticket > ticket } }
}

/// Messages that got no number in a view, and flush requests that wait for them: they belong to the next view.
public struct CarriedOver: Sendable {
    var items: [SendQueue.Item] = []
    var flushes: [UInt64] = []
    public init() {}
    public var isEmpty: Bool { items.isEmpty && flushes.isEmpty }
    /// Messages, control ones included.
    public var count: Int { items.count }
}

/// Requests to be told when all that I have sent so far is stable, and what I had delivered of the control messages is delivered
/// by all (S2).
struct FlushWaits: Sendable {
    private struct Wait: Sendable {
        let token: UInt64
        let ticket: UInt64
        let controls: UInt64
        /// Known when everything that was accepted before has its number.
        var packet: UInt64?
    }
    private var waits: [Wait] = []

    var isEmpty: Bool { waits.isEmpty }

    mutating func append(_ token: UInt64, queue: SendQueue, controls: UInt64) {
        waits.append(Wait(token: token, ticket: queue.lastTicket, controls: controls, packet: nil))
    }

    /// Control messages that all must have delivered before the first request is answered.
    var controls: UInt64 { waits.first?.controls ?? 0 }

    /// Requests are answered in their order. `taken` is the highest packet number in use, `controls` what all have delivered.
    mutating func answer(
        queue: SendQueue, taken: UInt64, stable: UInt64, controls: UInt64, into indications: inout HWGIndications
    ) {
        var answered = 0
        for index in waits.indices {
            if waits[index].packet == nil {
                guard queue.isDone(through: waits[index].ticket) else { break }
                waits[index].packet = taken
            }
            guard let packet = waits[index].packet, packet <= stable || Mutant.hastyFlush.isOn,
                waits[index].controls <= controls || Mutant.unfooted.isOn
            else { break }
            indications.events.append(.flushed(token: waits[index].token))
            answered += 1
        }
        waits.removeFirst(answered)
    }

    /// Those that the end of the view answers: everything before them has its number, and all that go on deliver it.
    mutating func takeEnded(queue: SendQueue) -> [UInt64] {
        let count = waits.firstIndex { $0.packet == nil && !queue.isDone(through: $0.ticket) } ?? waits.count
        defer { waits.removeFirst(count) }
        return waits.prefix(count).map(\.token)
    }

    mutating func takeAll() -> [UInt64] {
        defer { waits = [] }
        return waits.map(\.token)
    }
}
