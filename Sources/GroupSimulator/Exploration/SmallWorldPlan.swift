import GroupModel

/// What may happen in a small world, in any order that its causes allow.
public struct SmallWorldPlan: Sendable {
    public enum Request: Hashable, Sendable {
        case join(String)
        case leave(String)
        case send(String, Order)
    }

    public let name: String
    public let summary: String
    /// Nodes that are in the heavyweight group when the exploration begins.
    public var nodes = 3
    /// Groups and who has joined them before, by node.
    public var members: [(group: String, nodes: [Int])]
    /// What applications ask for during the exploration, in this order at each node.
    public var requests: [[Request]]
    /// Nodes that may crash, at any point. What they sent last may be lost from any point on, per receiver.
    public var crashes = 0
    /// Suspicions of nodes that run, at any point.
    public var mistakes = 0
    /// How often time may pass, to the next deadline of anybody, while nothing is on its way.
    public var ticks = 1
    /// Datagrams of a link may overtake each other.
    public var reorders = false

    /// All plans, small ones first.
    public static let all: [SmallWorldPlan] = [
        SmallWorldPlan(
            name: "one", summary: "two nodes, a message each", nodes: 2, members: [("g", [0, 1])],
            requests: [[.send("g", .total)], [.send("g", .fifo)]]),
        SmallWorldPlan(
            name: "join", summary: "two nodes, a light-weight join, a leave and a message", nodes: 2,
            members: [("g", [0])], requests: [[.send("g", .total), .leave("g")], [.join("g")]]),
        SmallWorldPlan(
            name: "crash", summary: "one crash anywhere", members: [("g", [0, 1, 2])], requests: [[], [], []],
            crashes: 1),
        SmallWorldPlan(
            name: "onecrash", summary: "two nodes, a message, and one crash anywhere", nodes: 2,
            members: [("g", [0, 1])], requests: [[.send("g", .total)], []], crashes: 1),
        SmallWorldPlan(
            name: "crashes", summary: "two crashes anywhere", members: [("g", [0, 1, 2])], requests: [[], [], []],
            crashes: 2),
        SmallWorldPlan(
            name: "flush", summary: "two messages, and one crash anywhere", members: [("g", [0, 1, 2])],
            requests: [[.send("g", .fifo)], [.send("g", .fifo)], []], crashes: 1),
        SmallWorldPlan(
            name: "takeover", summary: "a message, and two crashes anywhere", members: [("g", [0, 1, 2])],
            requests: [[.send("g", .total)], [], []], crashes: 2),
        SmallWorldPlan(
            name: "takeovers", summary: "two messages, and two crashes anywhere", members: [("g", [0, 1, 2])],
            requests: [[.send("g", .fifo)], [.send("g", .fifo)], []], crashes: 2),
        SmallWorldPlan(
            name: "disorder", summary: "a totally ordered message, one crash, datagrams that overtake each other",
            members: [("g", [0, 1, 2])], requests: [[], [.send("g", .total)], []], crashes: 1, reorders: true),
        SmallWorldPlan(
            name: "mistake", summary: "a message, and a node that suspects another which runs",
            members: [("g", [0, 1, 2])], requests: [[], [.send("g", .fifo)], []], mistakes: 1),
        SmallWorldPlan(
            name: "mistakes", summary: "two suspicions of nodes that run, in any pairs", members: [("g", [0, 1, 2])],
            requests: [[], [], []], mistakes: 2),
        SmallWorldPlan(
            name: "mistakecrash", summary: "a suspicion of a node that runs, and one crash",
            members: [("g", [0, 1, 2])], requests: [[], [], []], crashes: 1, mistakes: 1),
        SmallWorldPlan(
            name: "enter", summary: "a light-weight join, on a shared heavyweight group", members: [("g", [0, 1])],
            requests: [[], [], [.join("g")]], ticks: 0),
        SmallWorldPlan(
            name: "exit", summary: "a light-weight leave", members: [("g", [0, 1, 2])],
            requests: [[], [.leave("g")], []], ticks: 0),
        SmallWorldPlan(
            name: "change", summary: "a light-weight join and a leave at once", members: [("g", [0, 1])],
            requests: [[], [.leave("g")], [.join("g")]], ticks: 0),
        SmallWorldPlan(
            name: "changesend", summary: "a light-weight join while a member sends", members: [("g", [0, 1])],
            requests: [[.send("g", .fifo)], [], [.join("g")]], ticks: 0),
        SmallWorldPlan(
            name: "entersend", summary: "a light-weight join while two members send", members: [("g", [0, 1])],
            requests: [[.send("g", .fifo)], [.send("g", .total)], [.join("g")]], ticks: 0),
        SmallWorldPlan(
            name: "exitsend", summary: "a light-weight leave of a member that sends, while another sends",
            members: [("g", [0, 1, 2])],
            requests: [[.send("g", .fifo)], [.send("g", .total), .leave("g")], []], ticks: 0),
        SmallWorldPlan(
            name: "changeone", summary: "a light-weight join and a leave at once, and a message",
            members: [("g", [0, 1])], requests: [[.send("g", .fifo)], [.leave("g")], [.join("g")]], ticks: 0),
        SmallWorldPlan(
            name: "changemessages", summary: "a light-weight join and a leave at once, and a message of each member",
            members: [("g", [0, 1])],
            requests: [[.send("g", .fifo)], [.send("g", .total), .leave("g")], [.join("g")]], ticks: 0),
        SmallWorldPlan(
            name: "changecrash", summary: "a light-weight join, and one crash anywhere", members: [("g", [0, 1])],
            requests: [[], [], [.join("g")]], crashes: 1, ticks: 0),
        SmallWorldPlan(
            name: "exitcrash", summary: "a light-weight leave, and one crash anywhere", members: [("g", [0, 1, 2])],
            requests: [[], [.leave("g")], []], crashes: 1, ticks: 0),
    ]

    /// Somebody waits until all have delivered the same control messages.
    var waitsForControls: Bool {
        requests.joined().contains { if case .send(_, .safe) = $0 { true } else { false } }
    }

    public static func named(_ name: String) -> SmallWorldPlan? { all.first { $0.name == name } }
}
