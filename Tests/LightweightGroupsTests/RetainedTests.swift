import GroupModel
import Testing

@testable import LightweightGroups

@Suite("What waits is bounded by what is in it")
struct RetainedTests {
    private func append(_ bytes: [UInt8], order: Order = .fifo, ticket: UInt64 = 0, to retained: inout Retained) {
        bytes.withUnsafeBytes { retained.append($0, order: order, ticket: ticket) }
    }

    /// What `retained` keeps in memory, taken or not.
    private func held(_ retained: Retained) -> Int {
        retained.items.reduce(0) { sum, item in
            if case .messages(let batch, _) = item { sum + batch.cost } else { sum }
        }
    }

    /// As a window does that takes one message.
    private func takeOne(_ retained: inout Retained) -> UInt64? {
        guard case .messages(let batch, let next)? = retained.first else { return nil }
        if next + 1 == batch.count { retained.removeFirst() } else { retained.advance(to: next + 1) }
        return batch.entries[next].ticket
    }

    @Test("what a seat retains keeps its order, messages and requests alike")
    func order() {
        var retained = Retained()
        var batch = OutgoingBatch()
        for number: UInt8 in 0..<4 { batch.append([number]) }
        retained.append(batch, from: 2)
        append([9], order: .total, ticket: 5, to: &retained)
        append([10], ticket: 6, to: &retained)
        retained.append(for: nil) { _ in }
        append([11], ticket: 7, to: &retained)
        guard case .messages(let first, 2)? = retained.first else {
            Issue.record("messages come first")
            return
        }
        #expect(first.count == 4)
        retained.advance(to: 3)
        guard case .messages(_, 3)? = retained.first else {
            Issue.record("three were taken")
            return
        }
        retained.removeFirst()
        guard case .messages(let second, 0)? = retained.first else {
            Issue.record("then those that came one by one")
            return
        }
        #expect(second.entries.map(\.ticket) == [5, 6] && second.entries.map(\.order) == [.total, .fifo])
        retained.removeFirst()
        guard case .request? = retained.first else {
            Issue.record("then the request")
            return
        }
        retained.removeFirst()
        #expect(takeOne(&retained) == 7)
        #expect(retained.isEmpty && retained.items.length == 0)
    }

    @Test(
        "a sender that always has something to send keeps what is not sent, and a batch",
        arguments: [(waiting: 1, size: 8_192), (waiting: 128, size: 8_192), (waiting: 1_000, size: 0)])
    func saturated(waiting: Int, size: Int) {
        let message = [UInt8](repeating: 1, count: size)
        let cost = size + Outbox.messageCost
        var retained = Retained()
        var sent: UInt64 = 0
        var most = (bytes: 0, places: 0)
        for number in 0..<UInt64(20_000) {
            append(message, ticket: number, to: &retained)
            guard number >= waiting else { continue }
            #expect(takeOne(&retained) == sent)
            sent += 1
            most = (max(most.bytes, held(retained)), max(most.places, retained.items.length))
        }
        #expect(most.bytes <= (waiting + 2) * cost + Retained.batchBytes)
        #expect(most.places <= 2 * Fifo<Int>.slack + 2 * (waiting * cost / Retained.batchBytes + 2))
    }

    @Test("a queue that is never quite empty holds twice what is in it at most, and keeps its order")
    func queue() {
        var queue = Fifo<Int>(keepsMemory: true)
        for number in 0..<100 { queue.append(number) }
        var longest = 0
        for number in 0..<10_000 {
            #expect(queue.popFirst() == number)
            queue.append(number + 100)
            #expect(queue.count == 100)
            longest = max(longest, queue.length)
        }
        #expect(longest <= 2 * queue.count)
        #expect(queue.popLast() == 10_099)
        #expect(Array(queue) == Array(10_000..<10_099))
        while queue.popFirst() != nil {}
        #expect(queue.isEmpty && queue.length == 0 && queue.popLast() == nil)
    }

    @Test("an inbox that is never quite empty does not grow")
    func inbox() async {
        let inbox = Inbox()
        _ = inbox.push(TurnBatch())
        for _ in 0..<10_000 {
            _ = inbox.push(TurnBatch())
            #expect(await inbox.nextBatch() != nil)
        }
        #expect(inbox.length <= 2 * Fifo<Int>.slack)
    }

    @Test("what cancelled tasks asked for is dropped, and nothing else")
    func cancelled() {
        var retained = Retained()
        let answers = (0..<4).map { _ in Answer<Void>() }
        append([1], ticket: 1, to: &retained)
        retained.append(for: answers[0]) { _ in false }
        retained.append(for: answers[1]) { _ in false }
        retained.append(for: nil) { _ in }
        retained.append(for: answers[2]) { _ in }
        retained.append(for: answers[3]) { _ in }
        for answer in [answers[0], answers[2]] { answer.resolve(.failure(.cancelled)) }
        retained.dropCancelled()
        let kinds = retained.items.map { item in
            switch item {
            case .messages: "messages"
            case .attempt(let answer, _): answer === answers[1] ? "open attempt" : "?"
            case .request(let answer, _): answer == nil ? "leave" : answer === answers[3] ? "open request" : "?"
            }
        }
        #expect(kinds == ["messages", "open attempt", "leave", "open request"])
    }
}
