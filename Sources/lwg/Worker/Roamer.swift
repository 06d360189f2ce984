import Foundation
import GroupModel
import LightweightGroups
import Synchronization

/// How a node of `lwg chaos` goes about its groups.
struct Roaming: Codable, Sendable {
    /// Numbers of the groups that it joins and leaves.
    var groups: [Int]
    /// Messages a second, and steps of joining or leaving up to eight groups.
    var sendsPerSecond: Double
    var stepsPerSecond: Double
    var seed: UInt64
}

/// Joins, leaves and sends in all orders, at random from a seed. Several walks at once, each over groups of its own, so
/// that one that waits for a view does not stop the rest.
final class Roamer: Sendable {
    private static let walks = 3
    private static let stepGroups = 8
    /// Of the walk's groups it is in about so many, out of 100.
    private static let share = 70
    private let isEnded = Mutex(false)
    private let tasks = Mutex<[Task<Void, Never>]>([])
    /// What each walk is doing, for the report when it never ends.
    private let doing = Mutex<[Int: String]>([:])

    func start(_ worker: Worker, _ roaming: Roaming) {
        for walk in 0..<Self.walks {
            let groups = roaming.groups.filter { $0 % Self.walks == walk }
            guard !groups.isEmpty else { continue }
            let steps = Task { await self.step(worker, roaming, groups, walk) }
            let sends = Task { await self.send(worker, roaming, groups, walk) }
            tasks.withLock { $0 += [steps, sends] }
        }
    }

    /// Returns when nothing is on its way any more.
    func end() async {
        isEnded.withLock { $0 = true }
        for task in tasks.withLock({ $0 }) { await task.value }
    }

    var unfinished: [String] { doing.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

    private var goesOn: Bool { isEnded.withLock { !$0 } }

    private func during(_ key: Int, _ what: String, _ work: () async throws -> Void) async {
        doing.withLock { $0[key] = what }
        // A seat may be lost and a join refused meanwhile: chaos has that, and the next step sees it.
        try? await work()
        doing.withLock { $0[key] = nil }
    }

    private func step(_ worker: Worker, _ roaming: Roaming, _ groups: [Int], _ walk: Int) async {
        var random = SeededGenerator(seed: roaming.seed &+ UInt64(walk))
        let pause = Duration.seconds(Double(Self.walks) / max(roaming.stepsPerSecond, 0.01))
        while goesOn {
            let joined = worker.groups.withLock { seats in groups.filter { seats[$0]?.ended == nil && seats[$0] != nil }
            }
            let count = 1 + random.below(Self.stepGroups)
            if random.below(100) < (joined.count * 100 < groups.count * Self.share ? 75 : 25) {
                let others = groups.filter { !joined.contains($0) }.shuffled(using: &random).prefix(count)
                if !others.isEmpty {
                    await during(walk * 2, "joining \(others.count) groups") {
                        try await worker.join(Array(others), consumer: .batches)
                    }
                }
            } else {
                let some = joined.shuffled(using: &random).prefix(count)
                let leaving = worker.groups.withLock { seats in some.compactMap { seats.removeValue(forKey: $0) } }
                await during(walk * 2, "leaving \(leaving.map(\.name))") { try await worker.node.leave(leaving) }
            }
            try? await Task.sleep(for: pause)
        }
    }

    private static let orders: [Order] = [.fifo, .total, .safe]

    private func send(_ worker: Worker, _ roaming: Roaming, _ groups: [Int], _ walk: Int) async {
        var random = SeededGenerator(seed: roaming.seed &+ 1_000 &+ UInt64(walk))
        let pause = Duration.seconds(Double(Self.walks) / max(roaming.sendsPerSecond, 0.01))
        var number: UInt64 = 0
        while goesOn {
            let joined = worker.groups.withLock { seats in groups.compactMap { key in seats[key].map { (key, $0) } } }
            guard !joined.isEmpty else {
                try? await Task.sleep(for: .milliseconds(20))
                continue
            }
            let (key, group) = joined[random.below(joined.count)]
            let kind = random.below(200)
            let count = kind < 4 ? 20 : 1
            let size = RoamingPayload.headerBytes + (kind == 199 ? random.below(30_000) : random.below(300))
            let messages = (0..<count).map { _ in
                number += 1
                return RoamingPayload(sender: worker.sender, group: key, number: number).bytes(count: size)
            }
            let order = Self.orders[random.below(Self.orders.count)]
            let target = random.below(1_000)
            await during(walk * 2 + 1, "sending in \(group.name)") {
                if kind >= 180, kind < 190, let members = group.view?.members, !members.isEmpty {
                    return try await group.send(messages[0], to: members[target % members.count])
                }
                for message in messages { try await group.multicast(message, order: order) }
            }
            if kind == 190 { await during(walk * 2 + 1, "flushing \(group.name)") { try await group.flush() } }
            try? await Task.sleep(for: pause * count)
        }
    }
}

extension Worker {
    /// As receivers name this node's default endpoint; an incarnation may be raised at the start.
    var sender: UInt64 { Tally.sender(node.memberID) }

    func roam(_ roaming: Roaming?) async {
        if let roaming {
            tally.withLock { $0.checksPayloads = true }
            let fresh = Roamer()
            roamer.withLock { $0 = fresh }
            fresh.start(self, roaming)
        } else {
            await roamer.withLock { $0 }?.end()
        }
    }

    func speak() async throws -> Int {
        var sent = 0
        for (key, group) in groups.withLock({ $0 }).sorted(by: { $0.key < $1.key }) where group.ended == nil {
            for order in [Order.fifo, .total, .safe] {
                sent += 1
                let payload = RoamingPayload(sender: sender, group: key, number: UInt64(sent), isSpoken: true)
                try await group.multicast(payload.bytes(count: 64), order: order)
            }
        }
        return sent
    }

    func standing() async -> WorkerReport.Standing {
        var standing = WorkerReport.Standing()
        standing.member = node.member
        for seat in await node.views() {
            standing.seats.append(
                .init(
                    group: seat.group, view: node.text(seat.view.id), members: seat.view.members.map(node.text),
                    hwg: seat.view.hwg.description, hwgView: node.text(seat.view.hwgView)))
        }
        standing.unfinished = roamer.withLock { $0 }?.unfinished ?? []
        standing.tables = await node.tableSizes()
        standing.tables["descriptors"] = Self.descriptors
        standing.residentBytes = ProcessFigures.now().residentBytes ?? 0
        let statistics = await node.statistics()
        for counter in statistics.counters { standing.counters[counter.name] = counter.value }
        tally.withLock { tally in
            standing.delivered = tally.delivered
            standing.spoken = tally.spoken
            standing.wrongPayload = tally.wrongPayload
            // Samples that nobody asks for here.
            tally.holds = []
            tally.hwgViews = []
        }
        return standing
    }

    private static var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}

extension WorkerReport {
    /// Where a node stands, at one moment.
    struct Standing: Codable, Sendable {
        struct Seat: Codable, Hashable, Sendable {
            var group: String
            var view: String
            /// `name.incarnation/endpoint`, by rank.
            var members: [String]
            var hwg: String
            var hwgView: String
        }
        /// `name.incarnation`.
        var member = ""
        var seats: [Seat] = []
        /// What its roaming waits for.
        var unfinished: [String] = []
        var delivered = 0
        /// Messages of `speak` that were delivered here.
        var spoken = 0
        /// A message that was not what its sender sent.
        var wrongPayload: String?
        /// Entries of the node's tables.
        var tables: [String: Int] = [:]
        var counters: [String: UInt64] = [:]
        var residentBytes = 0
    }
}
