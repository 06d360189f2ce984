import LightweightGroups

/// Prints events, as JSON lines or for people.
struct ShellReporter: Sendable {
    let json: Bool
    var writer = LineWriter.output

    func report(_ event: ShellEvent, more: Bool = false) {
        if json { writer.write(event.json, more: more) } else { writer.write(event.text, more: more) }
    }

    func report(_ error: GroupError, command: String) {
        report(.error(code: error.code, message: error.withShortNames.description, command: command))
    }
}

extension GroupError {
    /// The same, where its name may be as long as a line.
    fileprivate var withShortNames: GroupError {
        switch self {
        case .badName(let name): .badName(name.shortened)
        case .notMember(let group, let reason): .notMember(group: group.shortened, reason: reason)
        case .setting, .system, .lostState, .alreadyJoined, .unknownMember, .nameCollision, .limitReached,
            .orderNotSupported, .messageTooLarge, .wouldBlock, .consumerInUse, .stopped, .cancelled:
            self
        }
    }
}

/// Reads one node's inbox to its end and prints what it holds, a write per batch.
struct InboxReporter {
    let node: GroupNode
    let inbox: Inbox
    let reporter: ShellReporter
    /// Told of each seat that is gone, so that its name can be joined again.
    let left: @Sendable (Group) async -> Void

    /// What messages need of their seat's present view, by seat.
    private struct Seat {
        var group = ""
        var view = ""
        var members: [EndpointID] = []
        /// Filled at the first message: with thousands of groups most views see none.
        var names: [String] = []
    }
    private var seats: [Seat] = []

    init(node: GroupNode, inbox: Inbox, reporter: ShellReporter, left: @escaping @Sendable (Group) async -> Void) {
        self.node = node
        self.inbox = inbox
        self.reporter = reporter
        self.left = left
    }

    /// Returns when the node has stopped and everything is printed.
    mutating func run() async {
        while let batch = await inbox.nextBatch() {
            for step in batch.steps {
                switch step {
                case .messages(let range): for index in range { message(batch.entry(at: index), in: batch) }
                case .event(let group, let event): await self.event(event, of: group)
                }
            }
            reporter.writer.flush()
        }
    }

    private mutating func message(_ entry: BatchEntry, in batch: InboxBatch) {
        guard seats.indices.contains(entry.seat) else { return }
        if seats[entry.seat].names.isEmpty { seats[entry.seat].names = seats[entry.seat].members.map(node.text) }
        let seat = seats[entry.seat]
        let from = seat.names.indices.contains(entry.senderRank) ? seat.names[entry.senderRank] : "?"
        let text = batch.withBytes(of: entry) { String(decoding: $0, as: UTF8.self) }
        reporter.report(
            .message(
                group: seat.group, number: entry.number, from: from, view: seat.view, order: entry.order, text: text),
            more: true)
    }

    private mutating func event(_ event: GroupEvent, of group: Group) async {
        while seats.count <= group.seat { seats.append(Seat()) }
        switch event {
        case .view(let view):
            let words = ShellView(view, of: group.name, at: node)
            seats[group.seat] = Seat(group: group.name, view: words.id, members: view.members, names: words.members)
            reporter.report(.view(words), more: true)
        case .message(let message):
            let view = seats[group.seat].view
            reporter.report(
                .message(
                    group: group.name, number: message.number, from: node.text(message.sender), view: view,
                    order: message.order, text: String(decoding: message.bytes, as: UTF8.self)), more: true)
        case .hold(let view):
            reporter.report(.hold(group: group.name, view: node.text(view)), more: true)
        case .left(let reason):
            seats[group.seat] = Seat()
            reporter.report(.left(group: group.name, reason: reason), more: true)
            await left(group)
        case .writable, .mapped: break
        }
    }
}
