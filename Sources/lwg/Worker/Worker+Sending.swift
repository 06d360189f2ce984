import Foundation
import LightweightGroups

extension Worker {
    /// A message of `size` bytes that begins with the time; at least the eight bytes of that.
    static func message(size: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: max(size, 8))
        withUnsafeBytes(of: Monotonic.nanoseconds) { bytes.replaceSubrange(0..<8, with: $0) }
        return bytes
    }

    private func groups(_ numbers: [Int]) -> [Group] {
        groups.withLock { groups in numbers.compactMap { groups[$0] } }
    }

    /// `count` messages to each group, the orders in turn; waits where the window is full.
    func send(to numbers: [Int], count: Int, size: Int, orders: [Order]) async throws -> Int {
        var sent = 0
        for group in groups(numbers) {
            var batch = OutgoingBatch(reservingBytes: count * size, messages: count)
            for index in 0..<count { batch.append(Self.message(size: size), order: orders[index % orders.count]) }
            try await group.multicast(batch)
            sent += count
        }
        return sent
    }

    /// Begins to send `perSecond` messages to one group after the other, or ends that.
    func trickle(to numbers: [Int], perSecond: Double, size: Int, orders: [Order]) {
        let groups = groups(numbers)
        guard perSecond > 0, !groups.isEmpty else { return replaceTrickle(nil) }
        let trickle = Trickle()
        replaceTrickle { trickle.end() }
        trickle.start(groups, perSecond: perSecond, size: size, orders: orders)
    }

    /// How often status messages leave: what is due by then leaves together, as from a program with one timer.
    private static let statusTick = Duration.milliseconds(20)

    /// Begins to send one message to each group in every period, or ends that.
    func status(to numbers: [Int], every seconds: Double, size: Int) {
        let groups = groups(numbers)
        guard seconds > 0, !groups.isEmpty else { return replaceTrickle(nil) }
        let task = Task {
            let start = Monotonic.nanoseconds
            var sent = 0
            while !Task.isCancelled {
                let due = Int(Double(Monotonic.nanoseconds - start) / 1e9 / seconds * Double(groups.count))
                while sent < due, !Task.isCancelled {
                    try? await groups[sent % groups.count].multicast(Self.message(size: size))
                    sent += 1
                }
                try? await Task.sleep(for: Self.statusTick)
            }
        }
        replaceTrickle { task.cancel() }
    }

    /// Sends and counts between two pairs of points of time.
    func flood(
        _ numbers: [Int], size: Int, order: Order, sending: WorkerOrder.Span?, counting: WorkerOrder.Span
    ) async throws -> WorkerReport.Answer {
        tally.withLock { tally in
            tally.counting = counting
            tally.counted = 0
        }
        var sent = 0
        if let sending {
            let groups = groups(numbers)
            let message = Self.message(size: size)
            /// One hand-over fills some packets; more would only wait in the queue.
            let perBatch = max(1, min(1_024, (64 << 10) / message.count))
            try await Task.sleep(for: .nanoseconds(max(0, sending.from - Monotonic.nanoseconds)))
            var turn = 0
            while Monotonic.nanoseconds < sending.to, !groups.isEmpty {
                var batch = OutgoingBatch(reservingBytes: perBatch * message.count, messages: perBatch)
                message.withUnsafeBytes { bytes in
                    for _ in 0..<perBatch { batch.append(bytes, order: order) }
                }
                try await groups[turn % groups.count].multicast(batch)
                sent += perBatch
                turn += 1
            }
        }
        try await Task.sleep(for: .nanoseconds(max(0, counting.to - Monotonic.nanoseconds)))
        return tally.withLock { tally in
            tally.counting = nil
            return .flooded(sent: sent, delivered: tally.counted, checksum: tally.checksum)
        }
    }
}
