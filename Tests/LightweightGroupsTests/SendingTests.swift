import GroupModel
import Synchronization
import Testing

@testable import LightweightGroups

@Suite("Messages on their way to the loop", .timeLimit(.minutes(5)))
struct SendingTests {
    let key = SeatKey(index: 0, serial: 1)
    let other = SeatKey(index: 1, serial: 2)

    func outbox(seatBytes: Int = 1_000, wakes: Counter = Counter()) -> Outbox {
        let outbox = Outbox(seatBytes: seatBytes) { wakes.increment() }
        outbox.open(key)
        outbox.open(other)
        return outbox
    }

    func append(_ outbox: Outbox, _ key: SeatKey, _ bytes: [UInt8], remembers: Bool = false) -> Outbox.Outcome {
        bytes.withUnsafeBytes { outbox.append($0, seat: key, order: .fifo, ticket: 0, remembers: remembers) }
    }

    @Test("the loop is woken once for all that comes before its turn")
    func wakes() {
        let wakes = Counter()
        let outbox = outbox(wakes: wakes)
        for _ in 0..<5 { #expect(append(outbox, key, [1, 2]) == .taken) }
        #expect(wakes.value == 1)
        var load = Outbox.Load()
        outbox.take(into: &load)
        #expect(load.entries.count == 5 && load.bytes.count == 10)
        #expect(append(outbox, key, [3]) == .taken)
        #expect(wakes.value == 2)
    }

    @Test("a seat that is full does not keep another waiting (F3)")
    func fullSeat() {
        let outbox = outbox(seatBytes: 300)
        var taken = 0
        while append(outbox, key, [UInt8](repeating: 0, count: 100)) == .taken { taken += 1 }
        #expect(taken == 2)
        #expect(append(outbox, other, [1]) == .taken)
        #expect(outbox.credit([(seat: key, cost: 164)]).isEmpty)
        #expect(append(outbox, key, [1]) == .taken)
    }

    @Test("seats of any bound may be full before another waits (F3)", arguments: [64 << 20, 256 << 20])
    func fullSeatOfMany(seatBytes: Int) {
        let outbox = outbox(seatBytes: seatBytes)
        #expect(append(outbox, key, [UInt8](repeating: 0, count: seatBytes)) == .taken)
        #expect(append(outbox, key, [1]) == .full)
        #expect(append(outbox, other, [1]) == .taken)
    }

    @Test("the bound of all seats together does not overflow")
    func unbounded() {
        #expect(append(outbox(seatBytes: .max), key, [1]) == .taken)
    }

    @Test("a seat that is refused because all seats together are full is told once when they are not")
    func starved() async {
        let outbox = outbox(seatBytes: 1_000)
        #expect(append(outbox, key, [UInt8](repeating: 0, count: Outbox.leastTotalBytes)) == .taken)
        #expect(append(outbox, other, [1], remembers: true) == .full)
        #expect(append(outbox, other, [1], remembers: true) == .full)
        let waiting = Task { await outbox.waitForRoom(other) }
        #expect(outbox.credit([(seat: key, cost: Outbox.leastTotalBytes + Outbox.messageCost)]) == [other])
        await waiting.value
        #expect(append(outbox, other, [1]) == .taken)
        #expect(outbox.credit([(seat: other, cost: 65)]).isEmpty)
    }

    @Test("a seat that is gone is not told of room, and its successor hears of its own")
    func starvedAndGone() {
        let outbox = outbox(seatBytes: 1_000)
        let successor = SeatKey(index: other.index, serial: 9)
        #expect(append(outbox, key, [UInt8](repeating: 0, count: Outbox.leastTotalBytes)) == .taken)
        #expect(append(outbox, other, [1], remembers: true) == .full)
        outbox.close(other)
        outbox.open(successor)
        #expect(append(outbox, successor, [1], remembers: true) == .full)
        #expect(outbox.credit([(seat: key, cost: Outbox.leastTotalBytes + Outbox.messageCost)]) == [successor])
    }

    @Test("who waits for the number of a message whose seat is gone is told that it is, and why")
    func lost() async throws {
        try await withNodes(1) { nodes in
            let group = try await nodes[0].join("g")
            let answer = Answer<UInt64>()
            nodes[0].onLoop { [runtime = nodes[0].runtime] in
                let ticket = runtime.tickets.issue(answer, of: group)
                let outcome = [UInt8](repeating: 1, count: 3).withUnsafeBytes {
                    runtime.outbox.append($0, seat: group.key, order: .fifo, ticket: ticket, remembers: false)
                }
                #expect(outcome == .taken)
                if let seat = runtime.seat(group.key) { runtime.left(seat, .slow) }
                runtime.drainOutbox()
            }
            await #expect(throws: GroupError.notMember(group: "g", reason: .slow)) { try await answer.value() }
        }
    }

    @Test("a message larger than the bound passes when the seat has room")
    func large() {
        let outbox = outbox(seatBytes: 300)
        #expect(append(outbox, key, [UInt8](repeating: 0, count: 100_000)) == .taken)
        #expect(append(outbox, key, [1]) == .full)
    }

    @Test("a seat that was refused and asked for it is told once that there is room")
    func writable() {
        let outbox = outbox(seatBytes: 100)
        #expect(append(outbox, key, [UInt8](repeating: 0, count: 100)) == .taken)
        #expect(append(outbox, key, [1], remembers: true) == .full)
        #expect(outbox.credit([(seat: key, cost: 164)]) == [key])
        #expect(append(outbox, key, [1]) == .taken)
        #expect(outbox.credit([(seat: key, cost: 65)]).isEmpty)
    }

    @Test("who waits for room goes on when there is some, when the seat is gone, or when the task is cancelled")
    func waiting() async {
        let outbox = outbox(seatBytes: 100)
        #expect(append(outbox, key, [UInt8](repeating: 0, count: 100)) == .taken)
        let room = Task { await outbox.waitForRoom(key) }
        let cancelled = Task { await outbox.waitForRoom(key) }
        cancelled.cancel()
        await cancelled.value
        _ = outbox.credit([(seat: key, cost: 164)])
        await room.value
        #expect(append(outbox, key, [UInt8](repeating: 0, count: 100)) == .taken)
        let gone = Task { await outbox.waitForRoom(key) }
        outbox.close(key)
        await gone.value
        #expect(append(outbox, key, [1]) == .gone)
    }

    @Test("a handle that is used again does not take the messages of its former seat")
    func reused() {
        let outbox = outbox()
        outbox.close(key)
        outbox.open(SeatKey(index: 0, serial: 9))
        #expect(append(outbox, key, [1]) == .gone)
        #expect(append(outbox, SeatKey(index: 0, serial: 9), [1]) == .taken)
        // Late credit of the former seat is none of the new one's.
        #expect(outbox.credit([(seat: key, cost: 65)]).isEmpty)
    }

    @Test("an answer is given once, before or after it is waited for, and a cancelled wait ends")
    func answers() async throws {
        let early = Answer<Int>()
        early.resolve(.success(1))
        early.resolve(.success(2))
        #expect(try await early.value() == 1)
        let late = Answer<Int>()
        let waiting = Task { try await late.value() }
        late.resolve(.failure(.stopped))
        await #expect(throws: GroupError.stopped) { try await waiting.value }
        let never = Answer<Int>()
        let task = Task { try await never.value() }
        task.cancel()
        await #expect(throws: GroupError.cancelled) { try await task.value }
    }
}
