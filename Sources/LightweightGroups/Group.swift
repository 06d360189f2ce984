import GroupModel
import Synchronization

/// One seat in one light-weight group.
///
/// Safe to use from any thread. On the node's loop (in a handler) `tryMulticast` reaches the protocol core at once;
/// elsewhere messages are gathered and handed over once per turn of the loop.
public final class Group: Sendable {
    /// 1 to 255 bytes of UTF-8.
    public let name: String
    /// This seat, as others see it in views.
    public let member: EndpointID

    let key: SeatKey
    let runtime: NodeRuntime
    private let queue: EventQueue
    private struct Standing {
        var view: GroupView?
        var hold: ViewID?
        var ended: LeftReason?
    }
    private let standing = Mutex(Standing())

    init(name: String, member: EndpointID, key: SeatKey, runtime: NodeRuntime, queue: EventQueue) {
        self.name = name
        self.member = member
        self.key = key
        self.runtime = runtime
        self.queue = queue
    }

    /// The seat's number on this node, as in `BatchEntry.seat`; another group's after this one's `left`.
    public var seat: Int { Int(key.index) }

    /// The endpoint's name; `0` is the default.
    public var endpoint: String { member.name.description }

    /// The seat's present view; nil before the first and after `left`. It may be newer than what a consumer has read.
    public var view: GroupView? { standing.withLock { $0.view } }

    /// The view whose Hold awaits this application's `holdOK`; nil when none does. Only where Holds are explicit.
    public var hold: ViewID? { standing.withLock { $0.hold } }

    /// Why the seat is gone; nil while it is there.
    public var ended: LeftReason? { standing.withLock { $0.ended } }

    func install(_ view: GroupView) {
        standing.withLock { standing in
            standing.view = view
            standing.hold = nil
        }
    }

    func held(_ view: ViewID) { standing.withLock { $0.hold = view } }

    func end(_ reason: LeftReason) { standing.withLock { $0 = Standing(ended: reason) } }

    var notMember: GroupError { .notMember(group: name, reason: ended) }

    /// View, messages and the rest, in order. Ended from the start for a seat that joined into an inbox or with a
    /// handler.
    public var events: GroupEvents { GroupEvents(queue: queue) }

    // MARK: Sending

    /// Sends to all members, this seat included. Suspends while the window is full or the group is held, and returns
    /// when the node has taken the bytes; what is taken after HoldOK is sent in the next view (F1). A seat that is lost
    /// meanwhile does not send what it had not sent.
    /// - Parameters:
    ///   - bytes: at most 16 MiB, copied.
    ///   - order: `fifo`, `total` or `safe`; all orders of one seat keep the order in which it sent (O1).
    /// - Throws: `notMember`, `messageTooLarge`, `orderNotSupported`, `cancelled`.
    public func multicast(_ bytes: some Collection<UInt8>, order: Order = .fifo) async throws(GroupError) {
        let contiguous = bytes.withContiguousStorageIfAvailable { buffer in
            tryAppend(UnsafeRawBufferPointer(buffer), order, ticket: 0)
        }
        if let contiguous {
            switch try contiguous.get() {
            case .taken: return
            case .gone: throw notMember
            case .full: break
            }
        }
        try await append(Array(bytes), order, ticket: 0)
    }

    /// Many messages with one hand-over, in their order. All are taken or, on an error, none.
    /// - Throws: as `multicast`.
    public func multicast(_ batch: consuming OutgoingBatch) async throws(GroupError) {
        let batch = batch
        guard batch.count > 0 else { return }
        for entry in batch.entries { try check(entry.count, entry.order) }
        while true {
            switch runtime.outbox.append(batch, seat: key) {
            case .taken: return
            case .gone: throw notMember
            case .full: try await waitForRoom()
            }
        }
    }

    /// The same as `multicast`, and waits until the message has its view and number: `member#number` names it for
    /// ever. One trip to the loop and back.
    /// - Returns: the number, which grows with each message of this node and never restarts within an incarnation.
    /// - Throws: as `multicast`; `notMember` when the seat is gone before the message got its view.
    public func multicastNumbered(
        _ bytes: some Collection<UInt8>, order: Order = .fifo
    ) async throws(GroupError) -> UInt64 {
        let answer = Answer<UInt64>()
        let ticket = runtime.tickets.issue(answer, of: self)
        do {
            try await append(Array(bytes), order, ticket: ticket)
        } catch {
            runtime.tickets.withdraw(ticket)
            throw error
        }
        return try await answer.value()
    }

    /// Takes the bytes or throws `wouldBlock`; never suspends. An event `.writable` or `.view` says when to try again.
    /// - Throws: `wouldBlock`, `notMember`, `messageTooLarge`, `orderNotSupported`.
    public func tryMulticast(_ bytes: UnsafeRawBufferPointer, order: Order = .fifo) throws(GroupError) {
        try check(bytes.count, order)
        if runtime.loop.isOnLoop {
            switch runtime.multicastOnLoop(key, bytes, order) {
            case .taken: return
            case .full: throw .wouldBlock(group: name)
            case .gone: throw notMember
            }
        }
        switch runtime.outbox.append(bytes, seat: key, order: order, ticket: 0, remembers: true) {
        case .taken: return
        case .full: throw .wouldBlock(group: name)
        case .gone: throw notMember
        }
    }

    /// The same with an array.
    public func tryMulticast(_ bytes: [UInt8], order: Order = .fifo) throws(GroupError) {
        let outcome = bytes.withUnsafeBytes { raw in
            Result { () throws(GroupError) in try tryMulticast(raw, order: order) }
        }
        try outcome.get()
    }

    /// Point-to-point: FIFO per pair, outside the order and the cut of multicasts, delivered in the view it is sent in or not at
    /// all. Suspends while the group is held or much waits for this member, and returns when the node has taken the bytes.
    /// - Parameter member: a member of the seat's present view; this seat itself is one.
    /// - Throws: `unknownMember`, `notMember`, `messageTooLarge` (over 64 bytes less than 16 MiB), `stopped`, `cancelled`.
    public func send(_ bytes: [UInt8], to member: EndpointID) async throws(GroupError) {
        guard bytes.count <= Limits.directBytes else {
            throw .messageTooLarge(bytes: bytes.count, limit: Limits.directBytes)
        }
        try await runtime.request(self) { runtime, seat, answer in
            runtime.direct(seat, to: member, bytes, answer)
        }
    }

    // MARK: Flush and membership

    /// Returns when everything that this seat sent before is stable: received by every member (S2). A view change ends the
    /// waiting, too: then who is still there has it.
    /// - Throws: `notMember`, `stopped`, `cancelled`.
    public func flush() async throws(GroupError) {
        try await runtime.request(self) { runtime, seat, answer in runtime.flush(seat, answer) }
    }

    /// The promise not to send again in `view`, in answer to `.hold(view)`, before `holdDeadline` is over.
    ///
    /// Until then the seat may send in the view, as far as the window has room; what is multicast from now on goes in the next.
    /// Who must know that a message is in the view waits for `multicastNumbered` first. Never suspends; an answer to a Hold that
    /// is over changes nothing.
    /// - Throws: `stopped`.
    public func holdOK(_ view: ViewID) throws(GroupError) {
        standing.withLock { if $0.hold == view { $0.hold = nil } }
        guard runtime.holdOK(key, view) else { throw .stopped }
    }

    /// Returns when the seat is gone and its last event is queued. What was multicast before is sent before. Of a seat that is
    /// gone already, at once.
    /// - Throws: `cancelled`.
    public func leave() async throws(GroupError) {
        try await runtime.leave([self])
    }

    // MARK: Steps

    private func check(_ count: Int, _ order: Order) throws(GroupError) {
        guard count <= Limits.messageBytes else {
            throw .messageTooLarge(bytes: count, limit: Limits.messageBytes)
        }
        guard order != .causal else { throw .orderNotSupported(order) }
    }

    private func tryAppend(
        _ bytes: UnsafeRawBufferPointer, _ order: Order, ticket: UInt64
    ) -> Result<Outbox.Outcome, GroupError> {
        Result { () throws(GroupError) in
            try check(bytes.count, order)
            return runtime.outbox.append(bytes, seat: key, order: order, ticket: ticket, remembers: false)
        }
    }

    private func append(_ bytes: [UInt8], _ order: Order, ticket: UInt64) async throws(GroupError) {
        while true {
            let outcome = bytes.withUnsafeBytes { tryAppend($0, order, ticket: ticket) }
            switch try outcome.get() {
            case .taken: return
            case .gone: throw notMember
            case .full: try await waitForRoom()
            }
        }
    }

    private func waitForRoom() async throws(GroupError) {
        if Task.isCancelled { throw .cancelled }
        await runtime.outbox.waitForRoom(key)
        if Task.isCancelled { throw .cancelled }
    }
}
