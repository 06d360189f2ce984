/// What traces tell, with every name as a dense number: events per seat (one member in one group) in the order of
/// its process. Knows the vocabulary of traces (design.md, section 8) and nothing of the implementation.
///
/// Filled once and then read by all checkers. A value: each look at a property of a class is guarded at run time.
struct TraceHistory {
    enum Kind: UInt8 {
        case start, stop, join, leave, view, send, deliver, hold, holdOK, stable, flush, switched, map, quiet
    }

    struct Event {
        var kind: Kind
        var order: UInt8
        var trans: Bool
        var file: Int32
        var line: Int32
        /// -1 where the event has no such field.
        var seat: Int32
        var process: Int32
        var view: Int32
        var message: Int32
        var to: Int32
        /// Of a `view` event: its place in `installations`.
        var installation: Int32
    }

    /// A member: `name.incarnation`, or that and `/endpoint`.
    struct Member {
        /// The member's own number, but for an endpoint the number of its node's `name.incarnation`.
        var process: Int32
        /// What survives a restart: the name without the incarnation, with the endpoint.
        var lasting: Int32
        var incarnation: UInt64
    }

    struct Group {
        /// The number of its text in `names`.
        var name: Int32
        var isLightweight: Bool
    }

    struct View {
        var group: Int32
        /// The number of its text in `names`.
        var name: Int32
        var epoch: UInt64
        /// The first line that tells of the view's members; -1 when none does.
        var firstInstallation: Int32
    }

    struct Installation {
        var event: Int32
        var seat: Int32
        var view: Int32
        /// -1 for null.
        var previous: Int32
        /// Places in `lists`.
        var members: Int32
        var trans: Int32
        var primary: Bool
        var unchanged: Bool
        /// -1 where the line names none.
        var carrier: Int32
        var carrierView: Int32
    }

    struct Message {
        var group: Int32
        var sender: Int32
        var number: UInt64
        /// The first send line; -1 when there is none.
        var send: Int32
    }

    struct Seat {
        var group: Int32
        var member: Int32
    }

    static let orders: [StaticString] = ["fifo", "causal", "total", "safe"]
    static let fifo: UInt8 = 0
    static let causal: UInt8 = 1
    static let total: UInt8 = 2
    static let safe: UInt8 = 3

    var names = ByteInterner()
    var files: [String] = []
    var events: [Event] = []
    var members: [Member] = []
    var groups: [Group] = []
    var views: [View] = []
    var installations: [Installation] = []
    var messages: [Message] = []
    var seats: [Seat] = []
    /// Member lists, in the order of ranks, shared by the lines that write them alike.
    var lists: [[Int32]] = []

    /// Lines that are not of a trace.
    var wrongLines: [(file: Int32, line: Int32, why: String)] = []
    var malformed = 0

    // From a text's number to the number of the thing it names; -1 when it names none.
    var memberOfName: [Int32] = []
    var groupOfName: [Int32] = []
    /// The texts of members by their numbers, and so on.
    var nameOfMember: [Int32] = []
    var viewKeys = PairInterner()
    var seatKeys = PairInterner()
    var messageKeys = PairInterner()
    var listNames = ByteInterner()
    /// Of what was told by records.
    var records = RecordNumbers()
    /// The unfinished last line of the chunk before.
    var partial: [UInt8] = []
    var line: Int32 = 0
    var scratch = TraceLine()

    init() {}
}

// Names for what is said of a violation.
extension TraceHistory {
    func name(member: Int32) -> String { member < 0 ? "?" : names.string(Int(nameOfMember[Int(member)])) }
    func name(group: Int32) -> String { group < 0 ? "" : names.string(Int(groups[Int(group)].name)) }
    func name(view: Int32) -> String { view < 0 ? "null" : names.string(Int(views[Int(view)].name)) }
    func name(message: Int32) -> String {
        let message = messages[Int(message)]
        return "\(name(member: message.sender))#\(message.number)"
    }
    func member(seat: Int32) -> Int32 { seats[Int(seat)].member }
    func group(seat: Int32) -> Int32 { seats[Int(seat)].group }
    func process(seat: Int32) -> Int32 { members[Int(seats[Int(seat)].member)].process }
    func isLightweight(seat: Int32) -> Bool { groups[Int(seats[Int(seat)].group)].isLightweight }
    func seat(group: Int32, member: Int32) -> Int32? {
        seatKeys.find(UInt64(group), UInt64(member)).map { Int32($0) }
    }

    /// The members of a view, in the order of ranks, as its first line tells them; nil when no line does.
    func members(of view: Int32) -> [Int32]? {
        guard view >= 0 else { return nil }
        let first = views[Int(view)].firstInstallation
        return first < 0 ? nil : lists[Int(installations[Int(first)].members)]
    }

    /// View IDs grow at each process and group (M2), and a new view's epoch is above those of the views that its members come
    /// from (design.md, section 5): so epochs do. How coordinators are ordered, no trace tells.
    func isOrdered(_ first: Int32, _ second: Int32) -> Bool { views[Int(first)].epoch < views[Int(second)].epoch }
}
