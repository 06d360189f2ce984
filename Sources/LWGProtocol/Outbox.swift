import GroupModel

/// Joins and leaves of this node on one HWG. At most one record is in flight; what comes meanwhile goes into the next.
struct Outbox: Sendable {
    struct Operation: Sendable {
        let seat: Int
        let isJoin: Bool
    }

    private(set) var inFlight: [Operation] = []
    private var waiting: [Operation] = []
    private var head = 0

    var isIdle: Bool { head == waiting.count }
    var mayTake: Bool { inFlight.isEmpty && !isIdle }

    mutating func append(_ operation: Operation) { waiting.append(operation) }

    mutating func peek() -> Operation? { head < waiting.count ? waiting[head] : nil }

    mutating func skip() {
        head += 1
        compact()
    }

    /// The next operation joins the record that is about to be sent.
    mutating func take() {
        inFlight.append(waiting[head])
        skip()
    }

    mutating func recordDelivered() { inFlight.removeAll(keepingCapacity: true) }

    /// The HWG view ended first: the record is void and is sent again in the next.
    mutating func recordVoid() {
        guard !inFlight.isEmpty else { return }
        waiting = inFlight + waiting[head...]
        head = 0
        inFlight.removeAll()
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
