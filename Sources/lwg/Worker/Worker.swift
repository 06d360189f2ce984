import Foundation
import LightweightGroups
import Synchronization

/// Does a parent's orders at one node and reports.
final class Worker: Sendable {
    let node: GroupNode
    let inbox = Inbox()
    let tally: Mutex<Tally>
    let groups = Mutex<[Int: Group]>([:])
    let roamer = Mutex<Roamer?>(nil)
    private let latestFaults = Mutex(0)
    /// Ends what sends all the time.
    private let trickling = Mutex<(@Sendable () -> Void)?>(nil)

    init(node: GroupNode, names: [String], digests: Bool) {
        self.node = node
        var tally = Tally()
        for (number, name) in names.enumerated() { tally.nodeNumbers[NodeID(name: name)] = number }
        tally.keepsDigests = digests
        tally.ownSender = DeliveryDigest.mix(node.memberID.node.raw &+ UInt64(node.memberID.incarnation))
        self.tally = Mutex(tally)
    }

    static func report(_ report: WorkerReport) {
        guard let bytes = try? JSONEncoder().encode(report) else { return }
        LineWriter.output.write(String(decoding: bytes, as: UTF8.self))
    }

    /// Takes orders until the input ends, which it also does when the parent is killed. Orders that wait do not stop
    /// the next ones from being taken.
    func run(_ lines: LineReader) async {
        Self.report(WorkerReport(id: 0, answer: .ready(member: node.member, listen: node.listenAddress)))
        let reading = Task { await self.readInbox() }
        while let line = await lines.next() {
            guard let order = try? JSONDecoder().decode(WorkerOrder.self, from: Data(line.utf8)) else {
                Self.report(WorkerReport(id: 0, answer: .failed("not an order: \(line.prefix(200))")))
                continue
            }
            Task {
                do {
                    Self.report(WorkerReport(id: order.id, answer: try await self.perform(order.work)))
                } catch {
                    Self.report(WorkerReport(id: order.id, answer: .failed("\(error)")))
                }
            }
        }
        reading.cancel()
        replaceTrickle(nil)
        await node.stop()
    }

    private func perform(_ work: WorkerOrder.Work) async throws -> WorkerReport.Answer {
        let begin = Monotonic.nanoseconds
        switch work {
        case .table(let names, let members):
            tally.withLock { tally in
                tally.table.names = names
                tally.table.members = members
                tally.table.numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
                tally.places = Array(repeating: Tally.Place(), count: names.count)
            }
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .join(let numbers, let consumer):
            try await join(numbers, consumer: consumer)
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .leave(let numbers):
            let leaving = groups.withLock { groups in numbers.compactMap { groups.removeValue(forKey: $0) } }
            try await node.leave(leaving)
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .setMembers(let numbers, let members):
            tally.withLock { tally in
                for number in numbers { tally.setMembers(members, of: number, at: Monotonic.nanoseconds) }
            }
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .expectMembers(let alive, let seconds):
            return await wait(for: .members(alive: alive, missing: 0), seconds: seconds)
        case .expectDelivered(let count, let seconds):
            return await wait(for: .delivered(count), seconds: seconds)
        case .reset:
            tally.withLock { $0.reset() }
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .send(let numbers, let count, let size, let orders):
            return .sent(count: try await send(to: numbers, count: count, size: size, orders: orders))
        case .trickle(let numbers, let perSecond, let size, let orders):
            trickle(to: numbers, perSecond: perSecond, size: size, orders: orders)
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .status(let numbers, let period, let size):
            status(to: numbers, every: period, size: size)
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .flood(let numbers, let size, let order, let sending, let counting):
            return try await flood(numbers, size: size, order: order, sending: sending, counting: counting)
        case .timeDeliveries(let own):
            tally.withLock { $0.timing = own ? .own : .others }
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .report: return .report(await figures())
        case .inject(let faults, let serial):
            let isLatest = latestFaults.withLock { latest in
                defer { latest = max(latest, serial) }
                return serial > latest
            }
            if isLatest { node.inject(faults) }
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .roam(let roaming):
            await roam(roaming)
            return .done(from: begin, to: Monotonic.nanoseconds)
        case .speak: return .sent(count: try await speak())
        case .standing: return .standing(await standing())
        case .digests:
            return .digests(
                tally.withLock { tally in
                    tally.finished.map {
                        DigestRecord(
                            group: $0.group, view: $0.view.description, next: $0.next.description, digest: $0.digest)
                    }
                })
        }
    }

    func join(_ numbers: [Int], consumer: WorkerOrder.Consumer) async throws {
        let names = tally.withLock { tally in
            for number in numbers { tally.joining(number, at: Monotonic.nanoseconds) }
            return numbers.map { tally.table.names[$0] }
        }
        let joined: [Group]
        switch consumer {
        case .batches: joined = try await node.join(names, into: inbox)
        case .handler: joined = try await node.join(names) { [self] batch in take(batch) }
        }
        groups.withLock { groups in for (number, group) in zip(numbers, joined) { groups[number] = group } }
    }

    private func wait(for expectation: Tally.Expectation, seconds: Double) async -> WorkerReport.Answer {
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds))
            tally.withLock { tally in
                tally.waiter?.resume()
                tally.waiter = nil
            }
        }
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            tally.withLock { tally in
                tally.waiter?.resume()
                tally.waiter = waiter
                tally.expect(expectation, at: Monotonic.nanoseconds)
            }
        }
        deadline.cancel()
        return tally.withLock { tally in
            let standing = tally.standing()
            return .reached(at: tally.expectedAt, groups: standing.met, of: standing.of)
        }
    }

    private func figures() async -> WorkerReport.Figures {
        let statistics = await node.statistics()
        let process = ProcessFigures.now()
        let hwgs = Set(await node.mapping().map(\.hwg)).sorted().map(\.description)
        return tally.withLock { tally in
            var figures = WorkerReport.Figures()
            for counter in statistics.counters { figures.counters[counter.name] = counter.value }
            figures.suspectedAt = Int64(clamping: statistics.lastSuspicionNanoseconds)
            figures.processorSeconds = process.processorSeconds
            figures.residentBytes = process.residentBytes ?? 0
            figures.hwgs = hwgs
            figures.hwgViews = tally.hwgViews.map { "\($0.group) \($0.view)" }.sorted()
            figures.lwgViews = tally.lwgViews
            figures.delivered = tally.delivered
            figures.holds = tally.holds
            figures.deliveries = tally.deliveries
            return figures
        }
    }

    func replaceTrickle(_ next: (@Sendable () -> Void)?) {
        let before = trickling.withLock { trickling in
            defer { trickling = next }
            return trickling
        }
        before?()
    }

    // MARK: Consumers

    private func readInbox() async {
        for await batch in inbox { take(batch) }
    }

    private func take(_ batch: borrowing some DeliveredBatch & ~Copyable) {
        let now = Monotonic.nanoseconds
        tally.withLock { tally in
            if tally.keepsDigests || tally.timing != .off || tally.checksPayloads {
                batch.walk {
                    tally.message($0, $1)
                } event: {
                    event($1, of: $0, at: now, &tally)
                }
            } else {
                batch.forEachMessage { _, bytes in tally.read(bytes) }
                for case .event(let group, let what) in batch.steps { event(what, of: group, at: now, &tally) }
            }
            tally.batchEnded(messages: batch.count, at: now)
        }
    }

    private func event(_ event: GroupEvent, of group: Group, at now: Int64, _ tally: inout Tally) {
        switch event {
        case .view(let view): tally.view(view, of: group.name, seat: group.seat, at: now)
        case .hold(let view):
            if let number = tally.table.numbers[group.name] { tally.places[number].heldAt = now }
            // It fails only when the seat is gone, which its `left` tells.
            try? group.holdOK(view)
        case .left: tally.left(group.name, seat: group.seat, at: now)
        case .message(let message):
            guard tally.checksPayloads, let number = tally.table.numbers[group.name] else { break }
            message.withUnsafeBytes { tally.check($0, from: Tally.sender(message.sender), group: number) }
        case .writable, .mapped: break
        }
    }
}
