import GroupModel
import Synchronization

/// Which seat a message is for. The serial tells apart two seats that had the same handle.
struct SeatKey: Hashable, Sendable {
    let index: UInt32
    let serial: UInt64
}

/// The way of messages from other threads to the loop: gathered in one buffer under one lock, taken once per turn.
///
/// Bounded per seat, so that a held group keeps no other group waiting (F3), and as a whole.
final class Outbox: Sendable {
    /// What one message costs beside its bytes, so that empty messages are bounded too.
    static let messageCost = 64
    /// Seats that may be at their bound before any other waits for them.
    static let fullSeats = 64
    /// The least bound of all seats together.
    static let leastTotalBytes = 64 << 20

    enum Content: Sendable {
        /// A range of the load's bytes.
        case message(offset: Int, count: Int, order: Order, ticket: UInt64)
        /// An index into the load's batches.
        case batch(Int)
    }
    struct Entry: Sendable {
        var seat: SeatKey
        var content: Content
    }

    /// What was handed over since the last turn.
    struct Load {
        var entries: [Entry] = []
        var bytes: [UInt8] = []
        var batches: [OutgoingBatch] = []
        var isEmpty: Bool { entries.isEmpty }
        /// Above this a buffer is given back instead of being kept for the next turn.
        static let keptBytes = 4 << 20
        mutating func removeAll() {
            entries.removeAll(keepingCapacity: true)
            batches.removeAll(keepingCapacity: true)
            if bytes.capacity > Self.keptBytes { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        }
    }

    private struct Seat {
        var serial: UInt64
        var queued = 0
        var wantsWritable = false
        var isStarved = false
        var waiting: [(id: UInt64, continuation: UnsafeContinuation<Void, Never>)] = []
    }
    private struct State {
        var load = Load()
        var seats: [Seat] = []
        var total = 0
        var nextID: UInt64 = 0
        var isSignalled = false
        /// Seats that found the whole outbox full, not their own share, and have tasks that wait or want to know; each once.
        var starved: [SeatKey] = []
    }
    private let state = Mutex(State())
    private let seatBytes: Int
    /// Of all seats together.
    private let totalBytes: Int
    private let wake: @Sendable () -> Void

    init(seatBytes: Int, wake: @escaping @Sendable () -> Void) {
        self.seatBytes = seatBytes
        let (product, overflows) = seatBytes.multipliedReportingOverflow(by: Self.fullSeats)
        totalBytes = overflows ? .max : max(Self.leastTotalBytes, product)
        self.wake = wake
    }

    enum Outcome { case taken, full, gone }

    // MARK: Any thread

    /// Copies one message. When the seat has no room and `remembers`, the next credit says that it is writable.
    func append(
        _ bytes: UnsafeRawBufferPointer, seat key: SeatKey, order: Order, ticket: UInt64, remembers: Bool
    ) -> Outcome {
        let (outcome, wakes) = state.withLock { state -> (Outcome, Bool) in
            let cost = bytes.count + Self.messageCost
            let outcome = reserve(cost, key, remembers, &state)
            guard outcome == .taken else { return (outcome, false) }
            let offset = state.load.bytes.count
            state.load.bytes.append(contentsOf: bytes)
            state.load.entries.append(
                Entry(
                    seat: key,
                    content: .message(offset: offset, count: bytes.count, order: order, ticket: ticket)))
            return (.taken, Self.signal(&state))
        }
        if wakes { wake() }
        return outcome
    }

    /// Takes a whole batch without copying it.
    func append(_ batch: OutgoingBatch, seat key: SeatKey) -> Outcome {
        let (outcome, wakes) = state.withLock { state -> (Outcome, Bool) in
            let outcome = reserve(batch.cost, key, false, &state)
            guard outcome == .taken else { return (outcome, false) }
            state.load.entries.append(Entry(seat: key, content: .batch(state.load.batches.count)))
            state.load.batches.append(batch)
            return (.taken, Self.signal(&state))
        }
        if wakes { wake() }
        return outcome
    }

    /// Sleeps until the seat may have room, is gone, or the task is cancelled.
    func waitForRoom(_ key: SeatKey) async {
        let id = state.withLock { state in
            state.nextID &+= 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isThere = state.withLock { state -> Bool in
                    let index = Int(key.index)
                    guard index < state.seats.count, state.seats[index].serial == key.serial, !Task.isCancelled,
                        state.seats[index].queued >= seatBytes || state.total >= totalBytes
                    else { return true }
                    state.seats[index].waiting.append((id, continuation))
                    starve(key, &state)
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let found = state.withLock { state -> UnsafeContinuation<Void, Never>? in
                let index = Int(key.index)
                guard index < state.seats.count,
                    let place = state.seats[index].waiting.firstIndex(where: { $0.id == id })
                else { return nil }
                return state.seats[index].waiting.remove(at: place).continuation
            }
            found?.resume()
        }
    }

    // A seat below its bound takes any one message, so that a message larger than the bound passes at all.
    private func reserve(_ cost: Int, _ key: SeatKey, _ remembers: Bool, _ state: inout State) -> Outcome {
        let index = Int(key.index)
        guard index < state.seats.count, state.seats[index].serial == key.serial else { return .gone }
        guard state.seats[index].queued < seatBytes, state.total < totalBytes else {
            if remembers {
                state.seats[index].wantsWritable = true
                starve(key, &state)
            }
            return .full
        }
        state.seats[index].queued += cost
        state.total += cost
        return .taken
    }

    /// A seat at its own bound hears of its own credit.
    private func starve(_ key: SeatKey, _ state: inout State) {
        let index = Int(key.index)
        guard state.seats[index].queued < seatBytes, !state.seats[index].isStarved else { return }
        state.seats[index].isStarved = true
        state.starved.append(key)
    }

    private static func signal(_ state: inout State) -> Bool {
        defer { state.isSignalled = true }
        return !state.isSignalled
    }

    // MARK: The loop's side

    func open(_ key: SeatKey) {
        state.withLock { state in
            let index = Int(key.index)
            while state.seats.count <= index { state.seats.append(Seat(serial: 0)) }
            state.seats[index] = Seat(serial: key.serial)
        }
    }

    /// Nothing more is taken for the seat, and who waits is told.
    func close(_ key: SeatKey) {
        let waiting = state.withLock { state -> [(id: UInt64, continuation: UnsafeContinuation<Void, Never>)] in
            let index = Int(key.index)
            guard index < state.seats.count, state.seats[index].serial == key.serial else { return [] }
            if state.seats[index].isStarved { state.starved.removeAll { $0 == key } }
            defer { state.seats[index] = Seat(serial: 0) }
            return state.seats[index].waiting
        }
        for waiter in waiting { waiter.continuation.resume() }
    }

    /// Exchanges what was handed over for an emptied load.
    func take(into load: inout Load) {
        state.withLock { state in
            state.isSignalled = false
            swap(&state.load, &load)
        }
    }

    /// Gives room back, and wakes who waits for it. Returns the seats that wanted to know that they are writable.
    func credit(_ credits: [(seat: SeatKey, cost: Int)]) -> [SeatKey] {
        guard !credits.isEmpty else { return [] }
        var resumed: [UnsafeContinuation<Void, Never>] = []
        let writable = state.withLock { state -> [SeatKey] in
            var writable: [SeatKey] = []
            let wasFull = state.total >= totalBytes
            for (key, cost) in credits {
                state.total -= cost
                let index = Int(key.index)
                guard index < state.seats.count, state.seats[index].serial == key.serial else { continue }
                state.seats[index].queued -= cost
                Self.relieve(key, seatBytes, &state, &resumed, &writable)
            }
            if wasFull, state.total < totalBytes, !state.starved.isEmpty {
                let starved = state.starved
                state.starved.removeAll()
                for key in starved {
                    state.seats[Int(key.index)].isStarved = false
                    Self.relieve(key, seatBytes, &state, &resumed, &writable)
                }
            }
            return writable
        }
        for waiter in resumed { waiter.resume() }
        return writable
    }

    private static func relieve(
        _ key: SeatKey, _ seatBytes: Int, _ state: inout State,
        _ resumed: inout [UnsafeContinuation<Void, Never>], _ writable: inout [SeatKey]
    ) {
        let index = Int(key.index)
        guard index < state.seats.count, state.seats[index].serial == key.serial else { return }
        guard state.seats[index].queued < seatBytes else { return }
        for waiter in state.seats[index].waiting { resumed.append(waiter.continuation) }
        state.seats[index].waiting.removeAll(keepingCapacity: true)
        if state.seats[index].wantsWritable {
            state.seats[index].wantsWritable = false
            writable.append(key)
        }
    }
}
