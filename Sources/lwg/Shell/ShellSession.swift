import Glibc
import LightweightGroups

/// One node driven by lines: what each command does, in the order given within a group, and without one group's
/// wait (a hold, a full window) stopping the commands of others.
actor ShellSession {
    private let node: GroupNode
    private let inbox = Inbox()
    private let reporter: ShellReporter

    private var groups: [ExactName: Group] = [:]
    /// The inbox has been a group's, so that the node's end is its end.
    private var hasJoined = false
    /// The last command of each group that has not ended.
    private var tails: [ExactName: Task<Void, Never>] = [:]
    private var waiting = 0
    /// Commands that have ended, and batches of bursts that were handed over.
    private var progress = 0
    /// The node is being stopped: what the commands that still wait have to say is said in one line for all of them.
    private var isOver = false
    /// Commands that may wait at once. Then no more lines are read, not even the `holdok` that would help; so the
    /// bound is beyond what a script gives without looking at the answers.
    private static let waitingCommands = 65_536
    /// How long the end of input waits for commands that were given before it and get no further; a held group may never
    /// let them go. A signal waits so long altogether.
    private static let drainTime = Duration.seconds(5)
    /// How long the node's leave may take after that, before the process ends without the others' consent.
    private static let leaveTime = Duration.seconds(3)

    init(node: GroupNode, reporter: ShellReporter) {
        self.node = node
        self.reporter = reporter
    }

    /// Takes commands until the input ends, `quit`, or SIGINT or SIGTERM; then leaves all groups in one flush. A second
    /// signal ends the process, whatever it waits for.
    /// - Returns: whether all commands were carried out.
    func run(lines: LineReader) async -> Bool {
        let over = AsyncStream.makeStream(of: Void.self)
        // Not a child of this task, which would wait for it: a command of a held group reacts to no cancellation.
        let reading = Task { await self.read(lines) }
        let signals = Signals.firstAndSecond {
            reading.cancel()
            Task {
                try? await Task.sleep(for: Self.drainTime)
                over.continuation.finish()
            }
        }
        defer { withExtendedLifetime(signals) {} }
        reporter.report(
            .ready(member: node.member, pid: getpid(), listen: node.listenAddress, metrics: node.metricsAddress))
        let printing = Task { [node, inbox, reporter] in
            var events = InboxReporter(node: node, inbox: inbox, reporter: reporter) { await self.forget($0) }
            await events.run()
        }
        Task {
            await reading.value
            let left = Array(tails.values)
            Task {
                await self.standstill()
                over.continuation.finish()
            }
            for task in left { await task.value }
            over.continuation.finish()
        }
        for await _ in over.stream {}
        isOver = true
        let lost = waiting
        if lost > 0 { reporter.report(.notCarriedOut(lost)) }
        let end = AsyncStream.makeStream(of: Void.self)
        Task {
            await node.stop()
            if !hasJoined { printing.cancel() }
            await printing.value
            end.continuation.finish()
        }
        if lost > 0 {
            // A group that held commands back may hold the leave back as well.
            Task {
                try? await Task.sleep(for: Self.leaveTime)
                end.continuation.finish()
            }
        }
        for await _ in end.stream {}
        return lost == 0
    }

    /// Returns when no command has got any further for `drainTime`.
    private func standstill() async {
        var before: Int?
        while before != progress {
            before = progress
            try? await Task.sleep(for: Self.drainTime)
        }
    }

    private func read(_ lines: LineReader) async {
        while let line = await lines.next(), !reporter.writer.isBroken {
            do {
                guard let request = try ShellRequest.parse(line) else { continue }
                if request == .quit { return }
                await perform(request)
            } catch {
                reporter.report(.error(code: "usage", message: error.reason, command: error.verb))
            }
        }
    }

    private func perform(_ request: ShellRequest) async {
        switch request {
        case .join(let names): await enqueue(names) { await self.join(names) }
        case .leave(let names): await enqueue(names) { await self.leave(names) }
        case .send(let name, let text, let order):
            await enqueue([name]) { await self.send(text, to: name, order: order) }
        case .sendTo(let member, let name, let text):
            await enqueue([name]) { await self.send(text, toMember: member, in: name) }
        case .burst(let name, let count, let size, let order):
            await enqueue([name]) { await self.burst(name, count: count, size: size, order: order) }
        case .flush(let name): await enqueue([name]) { await self.flush(name) }
        // The rest does not wait behind a group that is held: a Hold is answered, or looked at.
        case .holdOK(let name): holdOK(name)
        case .views:
            let views = await node.views().map { ShellView($0.view, of: $0.group, at: node) }
            reporter.report(.views(views))
        case .map:
            let entries = await node.mapping().map { ($0.group, $0.hwg.description, $0.version) }
            reporter.report(.map(entries))
        case .stats: reporter.report(.stats(await node.statistics().counters))
        case .why(let name): await why(name)
        case .switchMapping(let name, _):
            reporter.report(
                .error(
                    code: "notSupported", message: "switching ‘\(name.shortened)’ while it runs is not supported yet",
                    command: "switch"))
        case .help: reporter.report(.help(ShellRequest.helpLines))
        case .quit: break
        }
    }

    // MARK: The order of commands

    /// Runs `body` after everything that was enqueued before for any of the groups.
    private func enqueue(_ names: [String], _ body: @escaping @Sendable () async -> Void) async {
        let names = names.map { ExactName($0) }
        let before = names.compactMap { tails[$0] }
        while waiting >= Self.waitingCommands, let tail = tails.values.first {
            await tail.value
            await Task.yield()
        }
        waiting += 1
        let tail = Task {
            for task in before { await task.value }
            await body()
            self.waiting -= 1
            self.progress += 1
        }
        for name in names { tails[name] = tail }
        Task {
            await tail.value
            for name in names where tails[name] == tail { tails[name] = nil }
        }
    }

    // MARK: Commands

    private func join(_ names: [String]) async {
        do {
            for group in try await node.join(names, into: inbox) { groups[ExactName(group.name)] = group }
            hasJoined = true
        } catch {
            report(error, command: "join")
        }
    }

    private func leave(_ names: [String]) async {
        let (members, others) = (
            names.compactMap { groups[ExactName($0)] }, names.filter { groups[ExactName($0)] == nil }
        )
        for name in others { report(GroupError.notMember(group: name), command: "leave") }
        do {
            if !members.isEmpty { try await node.leave(members) }
        } catch {
            report(error, command: "leave")
        }
    }

    private func forget(_ group: Group) {
        if groups[ExactName(group.name)] === group { groups[ExactName(group.name)] = nil }
    }

    private func send(_ text: String, to name: String, order: Order) async {
        await with(name, command: "send") { group throws(GroupError) in
            let number = try await group.multicastNumbered(Array(text.utf8), order: order)
            let message = "\(self.node.text(group.member))#\(number)"
            self.reporter.report(.sent(group: name, message: message))
        }
    }

    private func send(_ text: String, toMember word: String, in name: String) async {
        await with(name, command: "sendto") { group throws(GroupError) in
            guard let member = group.view?.members.first(where: { self.node.text($0) == word }) else {
                let reason = "‘\(word.shortened)’ is not in the present view of ‘\(name)’; `views` lists its members"
                self.reporter.report(.error(code: "unknownMember", message: reason, command: "sendto"))
                return
            }
            try await group.send(Array(text.utf8), to: member)
        }
    }

    private func burst(_ name: String, count: Int, size: Int, order: Order) async {
        await with(name, command: "burst") { group throws(GroupError) in
            let start = Monotonic.nanoseconds
            let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: size)
            /// Messages that one hand-over carries: enough to fill packets, not so many that the loop stalls.
            let perBatch = max(1, min(512, (256 << 10) / size))
            var rest = count
            while rest > 0 {
                var batch = OutgoingBatch(reservingBytes: perBatch * size, messages: perBatch)
                for _ in 0..<min(rest, perBatch) { batch.append(bytes, order: order) }
                rest -= batch.count
                try await group.multicast(batch)
                self.progress += 1
            }
            self.reporter.report(.done(command: "burst", milliseconds: Monotonic.milliseconds(since: start)))
        }
    }

    private func flush(_ name: String) async {
        await with(name, command: "flush") { group throws(GroupError) in
            let start = Monotonic.nanoseconds
            try await group.flush()
            self.reporter.report(.done(command: "flush", milliseconds: Monotonic.milliseconds(since: start)))
        }
    }

    private func holdOK(_ name: String) {
        do throws(GroupError) {
            guard let group = groups[ExactName(name)] else { throw GroupError.notMember(group: name) }
            guard let view = group.hold else {
                let reason =
                    node.settings.explicitHolds
                    ? "‘\(name)’ is not held"
                    : "the library answers Holds here; start with --holds explicit to answer them"
                return reporter.report(.error(code: "noHold", message: reason, command: "holdok"))
            }
            try group.holdOK(view)
        } catch {
            reporter.report(error, command: "holdok")
        }
    }

    private func why(_ name: String) async {
        let present = await node.mapping().first { $0.group == name }?.hwg.description
        // In force now: a reload may have changed them since the group was joined.
        let (settings, shown) = (node.settings, name.shortened)
        let (rule, planned) = (settings.mappingRule(for: name), settings.plannedHWG(for: name))
        reporter.report(.why(group: shown, hwg: present, planned: planned, rule: rule))
    }

    private func with(
        _ name: String, command: String, _ body: (Group) async throws(GroupError) -> Void
    ) async {
        do throws(GroupError) {
            guard let group = groups[ExactName(name)] else { throw GroupError.notMember(group: name) }
            try await body(group)
        } catch {
            report(error, command: command)
        }
    }

    private func report(_ error: GroupError, command: String) {
        if !isOver { reporter.report(error, command: command) }
    }
}
