import LightweightGroups

/// What `lwg shell` and `lwg node` tell, each as an object of design.md, section 8, and as a line for people.
enum ShellEvent: Sendable {
    case ready(member: String, pid: Int32, listen: String, metrics: String?)
    case view(ShellView)
    case message(group: String, number: UInt64, from: String, view: String, order: Order, text: String)
    case sent(group: String, message: String)
    case done(command: String, milliseconds: Double)
    case hold(group: String, view: String)
    case left(group: String, reason: LeftReason)
    case error(code: String, message: String, command: String)
    case views([ShellView])
    case map([(group: String, hwg: String, version: UInt64)])
    /// `hwg` is nil where the group is not joined here; `planned` is where it would go now, nil for one of its own.
    case why(group: String, hwg: String?, planned: String?, rule: String)
    case stats([(name: String, value: UInt64)])
    case help([String])

    var json: JSON {
        switch self {
        case .ready(let member, let pid, let listen, let metrics):
            .object(
                [
                    .init(key: "ev", value: "ready"), .init(key: "p", value: .string(member)),
                    .init(key: "pid", value: .int(Int(pid))), .init(key: "listen", value: .string(listen)),
                ] + (metrics.map { [.init(key: "metrics", value: .string($0))] } ?? []))
        case .view(let view): .object([.init(key: "ev", value: "view")] + view.fields)
        case .message(let group, let number, let from, let view, let order, let text):
            [
                "ev": "message", "g": .string("lwg:" + group), "m": .string("\(from)#\(number)"),
                "from": .string(from), "vid": .string(view), "order": .string(order.word), "text": .string(text),
            ]
        case .sent(let group, let message):
            ["ev": "sent", "g": .string("lwg:" + group), "m": .string(message)]
        case .done(let command, let milliseconds):
            ["ev": "done", "cmd": .string(command), "ms": .number(milliseconds)]
        case .hold(let group, let view): ["ev": "hold", "g": .string("lwg:" + group), "vid": .string(view)]
        case .left(let group, let reason):
            ["ev": "left", "g": .string("lwg:" + group), "reason": .string(reason.word)]
        case .error(let code, let message, let command):
            ["ev": "error", "code": .string(code), "message": .string(message), "cmd": .string(command)]
        case .views(let views): ["ev": "views", "views": .array(views.map { .object($0.fields) })]
        case .map(let entries):
            [
                "ev": "map",
                "map": .array(
                    entries.map {
                        ["g": .string("lwg:" + $0.group), "hwg": .string($0.hwg), "version": .unsigned($0.version)]
                    }),
            ]
        case .why(let group, let hwg, let planned, let rule):
            [
                "ev": "why", "g": .string("lwg:" + group), "hwg": .optional(hwg ?? planned),
                "joined": .bool(hwg != nil),
                "rule": .string(rule),
            ]
        case .stats(let counters):
            ["ev": "stats", "counters": .object(counters.map { .init(key: $0.name, value: .unsigned($0.value)) })]
        case .help(let lines): ["ev": "help", "commands": .strings(lines)]
        }
    }

    /// Said at the end of a session, of commands that waited for a view that did not come.
    static func notCarriedOut(_ commands: Int) -> ShellEvent {
        .error(
            code: "notCarriedOut",
            message: "\(commands) command\(commands == 1 ? " was" : "s were") waiting still and not carried out",
            command: "quit")
    }

    private static func why(_ group: String, _ hwg: String?, _ planned: String?, _ rule: String) -> String {
        let goal = planned ?? "a heavyweight group of its own"
        guard let hwg else { return "\(group) is not joined here; it would go to \(goal): \(rule)" }
        if let planned, planned != hwg {
            return "\(group) is on \(hwg), by the configuration of its time; now it would go to \(planned): \(rule)"
        }
        return "\(group) is on \(hwg): \(rule)"
    }

    /// One line, or several for lists.
    var text: String {
        switch self {
        case .ready(let member, let pid, let listen, let metrics):
            "ready: \(member), process \(pid), listening on \(listen)"
                + (metrics.map { ", metrics on http://\($0)/metrics" } ?? "")
        case .view(let view): view.text
        case .message(let group, _, let from, _, let order, let text):
            "\(group.printable()): \(from)\(order == .fifo ? "" : " (\(order.word))"): \(text.printable())"
        case .sent(let group, let message): "\(group.printable()): sent \(message)"
        case .done(let command, let milliseconds): "\(command): done in \(JSON.number(milliseconds).line) ms"
        case .hold(let group, let view):
            "\(group.printable()): hold in view \(view); answer with `holdok \(group.printable())`"
        case .left(let group, let reason): "\(group.printable()): left (\(reason.word))"
        case .error(_, let message, let command):
            "error: " + (command.isEmpty ? "" : "\(command.printable()): ") + message.printable()
        case .views(let views): views.isEmpty ? "no groups" : views.map(\.text).joined(separator: "\n")
        case .map(let entries):
            entries.isEmpty
                ? "no groups"
                : entries.map { "\($0.group.printable()) -> \($0.hwg) (version \($0.version))" }.joined(separator: "\n")
        case .why(let group, let hwg, let planned, let rule):
            Self.why(group.printable(), hwg, planned, rule.printable())
        case .stats(let counters): counters.map { "\($0.name) \($0.value)" }.joined(separator: "\n")
        case .help(let lines): lines.joined(separator: "\n")
        }
    }
}

/// A light-weight view in words, with the fields of a trace's `view` line.
struct ShellView: Hashable, Sendable {
    let group: String
    let id: String
    let members: [String]
    let previous: String?
    let transitional: [String]
    let isPrimary: Bool
    let isUnchanged: Bool
    let hwg: String
    let hwgView: String
    let joined: [String]
    let left: [String]

    var fields: [JSON.Field] {
        [
            .init(key: "g", value: .string("lwg:" + group)), .init(key: "vid", value: .string(id)),
            .init(key: "members", value: .strings(members)), .init(key: "prev", value: .optional(previous)),
            .init(key: "trans", value: .strings(transitional)), .init(key: "primary", value: .bool(isPrimary)),
            .init(key: "unchanged", value: .bool(isUnchanged)), .init(key: "hwg", value: .string(hwg)),
            .init(key: "hvid", value: .string(hwgView)),
        ]
    }

    var text: String {
        var line = "\(group.printable()): view \(id) of \(members.joined(separator: " "))"
        if !joined.isEmpty { line += "; joined \(joined.joined(separator: " "))" }
        if !left.isEmpty { line += "; left \(left.joined(separator: " "))" }
        return isPrimary ? line : line + "; not primary"
    }
}

extension ShellView {
    init(_ view: GroupView, of group: String, at node: GroupNode) {
        self.init(
            group: group, id: node.text(view.id), members: view.members.map(node.text),
            previous: view.previous.map(node.text), transitional: view.transitional.map(node.text),
            isPrimary: view.isPrimary, isUnchanged: view.isUnchanged, hwg: view.hwg.description,
            hwgView: node.text(view.hwgView), joined: view.joined.map(node.text), left: view.left.map(node.text))
    }
}

extension LeftReason {
    var word: String {
        switch self {
        case .requested: "requested"
        case .holdExpired: "holdExpired"
        case .slow: "slow"
        case .stopped: "stopped"
        case .nameCollision: "nameCollision"
        case .limitReached: "limitReached"
        }
    }
}

extension GroupError {
    /// The error's name, as `error` events have it.
    var code: String {
        switch self {
        case .setting: "setting"
        case .system: "system"
        case .lostState: "lostState"
        case .badName: "badName"
        case .alreadyJoined: "alreadyJoined"
        case .notMember: "notMember"
        case .unknownMember: "unknownMember"
        case .nameCollision: "nameCollision"
        case .limitReached: "limitReached"
        case .orderNotSupported: "orderNotSupported"
        case .messageTooLarge: "messageTooLarge"
        case .wouldBlock: "wouldBlock"
        case .consumerInUse: "consumerInUse"
        case .stopped: "stopped"
        case .cancelled: "cancelled"
        }
    }
}
