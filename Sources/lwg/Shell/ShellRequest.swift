import LightweightGroups

/// One line of `lwg shell`.
enum ShellRequest: Hashable, Sendable {
    case join([String])
    case leave([String])
    case send(group: String, text: String, order: Order)
    case sendTo(member: String, group: String, text: String)
    case burst(group: String, count: Int, size: Int, order: Order)
    case flush(group: String)
    case holdOK(group: String)
    case views
    case map
    case switchMapping(group: String, hwg: String)
    case why(group: String)
    case stats
    case help
    case quit

    /// Every command that does something, and what.
    private static let commands = [
        ("join NAME…", "become a member of groups"),
        ("leave NAME…", "leave groups"),
        ("send [--order fifo|total|safe] NAME TEXT", "send a message to a group"),
        ("sendto MEMBER NAME TEXT", "send to one member of a group, such as a.1/0"),
        ("burst NAME COUNT SIZE [ORDER]", "send COUNT messages of SIZE bytes"),
        ("flush NAME", "wait until what was sent is at all members"),
        ("holdok NAME", "answer a Hold, with --holds explicit"),
        ("views", "show the views of all groups here"),
        ("map", "show which heavyweight group each group is on"),
        ("why NAME", "say why it is there, or where it would go"),
        ("stats", "show the node's counters"),
        ("help", "show this"),
        ("quit", "leave all groups and end"),
    ]

    /// What `help` shows.
    static let helpLines = commands.map { form, text in
        form + String(repeating: " ", count: max(1, helpColumn - form.count)) + text
    }
    private static let helpColumn = 42

    /// The forms alone, for a mistake, and for fuzzers to begin with. `switch` is a command of the design that answers that it is
    /// not supported yet.
    static let usage = commands.map(\.0) + ["switch NAME HWG"]

    /// A `burst` is one command, and bounded so that a slip of the finger does not fill the machine.
    static let burstMessages = 10_000_000

    /// The command that stands in `line`; nil when it is blank or a comment.
    static func parse(_ line: String) throws(ShellMistake) -> ShellRequest? {
        var words = Words(line)
        guard let verb = words.next(), !verb.hasPrefix("#") else { return nil }
        func mistake(_ reason: String) -> ShellMistake {
            let form = usage.first { $0.prefix { $0 != " " } == verb }
            return ShellMistake(verb: verb.shortened, reason: form.map { "\(reason); usage: \($0)" } ?? reason)
        }
        func required(_ what: String) throws(ShellMistake) -> String {
            guard let word = words.next() else { throw mistake("\(what) is missing") }
            return word
        }
        func number(_ what: String, in range: ClosedRange<Int>) throws(ShellMistake) -> Int {
            let word = try required(what)
            guard let number = Int(word), range.contains(number) else {
                throw mistake("\(what) must be a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        func order(_ word: String) throws(ShellMistake) -> Order {
            guard let order = Order(word: word) else { throw mistake("the order must be fifo, total or safe") }
            return order
        }
        func done(_ request: ShellRequest) throws(ShellMistake) -> ShellRequest {
            if let word = words.next() { throw mistake("unexpected ‘\(word.shortened)’") }
            return request
        }

        switch verb {
        case "join", "leave":
            let first = try required("NAME")
            var names = [first]
            while let name = words.next() { names.append(name) }
            return verb == "join" ? .join(names) : .leave(names)
        case "send":
            var chosen = Order.fifo
            var group = try required("NAME")
            if group == "--order" {
                chosen = try order(try required("ORDER"))
                group = try required("NAME")
            }
            return .send(group: group, text: words.rest(), order: chosen)
        case "sendto":
            let member = try required("MEMBER")
            let group = try required("NAME")
            return .sendTo(member: member, group: group, text: words.rest())
        case "burst":
            let group = try required("NAME")
            let count = try number("COUNT", in: 1...burstMessages)
            let size = try number("SIZE", in: 1...(16 << 20))
            let chosen = try words.next().map { word throws(ShellMistake) in try order(word) } ?? .fifo
            return try done(.burst(group: group, count: count, size: size, order: chosen))
        case "flush": return try done(.flush(group: try required("NAME")))
        case "holdok": return try done(.holdOK(group: try required("NAME")))
        case "switch":
            let group = try required("NAME")
            return try done(.switchMapping(group: group, hwg: try required("HWG")))
        case "why": return try done(.why(group: try required("NAME")))
        case "views": return try done(.views)
        case "map": return try done(.map)
        case "stats": return try done(.stats)
        case "help": return try done(.help)
        case "quit", "exit": return try done(.quit)
        default:
            let shown = verb.shortened
            throw ShellMistake(verb: shown, reason: "unknown command ‘\(shown)’; `help` lists them")
        }
    }
}

/// A line that is no command.
struct ShellMistake: Error, Hashable, Sendable {
    let verb: String
    let reason: String
}

/// The words of a line, separated by blanks, and the rest as it stands.
private struct Words {
    private var text: Substring

    init(_ line: String) { text = line[...] }

    mutating func next() -> String? {
        text = text.drop { $0.isWhitespace }
        guard !text.isEmpty else { return nil }
        let word = text.prefix { !$0.isWhitespace }
        text = text.dropFirst(word.count)
        return String(word)
    }

    /// What follows the blanks after the last word.
    mutating func rest() -> String {
        defer { text = "" }
        let rest = text.drop { $0 == " " || $0 == "\t" }
        return String(rest.last == "\r" ? rest.dropLast() : rest)
    }
}

extension Order {
    /// The word that traces and commands have for it.
    var word: String {
        switch self {
        case .fifo: "fifo"
        case .causal: "causal"
        case .total: "total"
        case .safe: "safe"
        }
    }

    init?(word: String) {
        guard let order = Order.allCases.first(where: { $0.word == word }) else { return nil }
        self = order
    }
}
