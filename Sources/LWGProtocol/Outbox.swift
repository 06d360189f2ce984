import GroupModel

/// Joins and leaves of this node on one HWG. At most one record is in flight, and what comes meanwhile goes into the next;
/// before a HoldOK, which ends all sending in the HWG view, a second one may follow.
struct Outbox: Sendable {
    struct Operation: Sendable {
        let seat: Int
        let isJoin: Bool
    }

    /// Records in flight, oldest first.
    private var records: [[Operation]] = []
    private var waiting: [Operation] = []
    private var head = 0

    var isIdle: Bool { head == waiting.count }
    var isInFlight: Bool { !records.isEmpty }
    var operationsInFlight: [Operation] { records.flatMap { $0 } }

    func mayTake(isLast: Bool) -> Bool { !isIdle && records.count < (isLast ? 2 : 1) }

    mutating func append(_ operation: Operation) { waiting.append(operation) }

    mutating func peek() -> Operation? { head < waiting.count ? waiting[head] : nil }

    mutating func skip() {
        head += 1
        compact()
    }

    mutating func beginRecord() { records.append([]) }

    /// Nothing was left to say.
    mutating func dropRecord() { records.removeLast() }

    /// The next operation joins the record that is about to be sent.
    mutating func take() {
        records[records.count - 1].append(waiting[head])
        skip()
    }

    /// What the oldest record in flight said.
    mutating func recordDelivered() -> [Operation] { records.isEmpty ? [] : records.removeFirst() }

    /// The HWG view ended first: the records are void and are sent again in the next.
    mutating func recordVoid() {
        guard !records.isEmpty else { return }
        waiting = operationsInFlight + waiting[head...]
        head = 0
        records.removeAll()
    }

    mutating func removeAll() { self = Outbox() }

    private mutating func compact() {
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 4_096, head * 2 >= waiting.count {
            waiting.removeFirst(head)
            head = 0
        }
    }
}
