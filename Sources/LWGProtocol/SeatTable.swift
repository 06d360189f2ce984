import GroupModel

/// One endpoint's seat in one LWG, as this node sees it.
struct Seat: Sendable {
    /// Where the seat's membership stands; each case goes to the next or to `gone`.
    enum Stage: Sendable {
        /// Its join has not been sent, or its record was void.
        case queued
        /// Its join is in flight.
        case sent
        /// Its join was delivered; its first view is computed by an open or the next flush.
        case pending
        /// It has a view.
        case member
        /// `left` was emitted; the slot is freed when no operation names it any more.
        case gone
    }

    /// F2: a Hold is raised once per view and ends with it.
    enum Hold: Sendable { case open, raised, answered }

    var endpoint: EndpointID
    var group: String
    var lwg: LWGID
    var carrier: Int
    var stage = Stage.queued
    var hold = Hold.open
    var explicit: Bool
    /// Why the seat leaves; nil while it stays.
    var leaving: LeftReason?
    /// `left` was told before the others agreed (its messages were lost).
    var told = false
    /// Operations in the outbox or in flight that name this seat.
    var operations = 0
    /// Messages accepted without a number: flushOK waits for them.
    var unnumbered = 0
    /// The next seat of the same LWG on this node.
    var next: Int?
    /// The installed view; meaningful from `member` on.
    var view: View<EndpointID>?

    var isListening: Bool { stage == .member && !told }
    /// Whether a Hold of this seat is done with.
    var hasAnswered: Bool {
        (hold == .answered || leaving != nil) && (unnumbered == 0 || Mutant.overtakingFlushOK.isOn)
    }
}

/// All seats of the node. Handles are indices; a freed one rests before it is used again.
struct SeatTable: Sendable {
    /// The data path down reads only this: 8 bytes per seat.
    struct Door: Sendable {
        enum State: UInt8, Sendable {
            case gone, closed, open
            /// Held, and open all the same until the application answers.
            case raised
        }
        var label: UInt32 = 0
        var carrier: UInt16 = 0
        var state = State.gone
    }

    var seats: [Seat] = []
    var doors: [Door] = []
    /// The first seat of each LWG; the rest are linked. Looked up, never iterated.
    private(set) var heads: [LWGID: Int] = [:]
    private var idle: [Int] = []
    private var idleHead = 0
    private let idleLimit: Int

    init(idleLimit: Int) { self.idleLimit = idleLimit }

    /// The first seat of the LWG, whichever carrier it is on.
    func head(of lwg: LWGID) -> Int? { heads[lwg] }
    /// The same for what a carrier does to its seats.
    ///
    /// ▸ All seats of an LWG at a node are on one (L3). Where nodes map it in different ways, another carrier of this node may have an LWG
    /// of that name, which these seats are not in.
    func head(of lwg: LWGID, on carrier: Int) -> Int? {
        guard let head = heads[lwg], seats[head].carrier == carrier else { return nil }
        return head
    }
    var groupCount: Int { heads.count }

    mutating func add(_ seat: Seat) -> Int {
        var seat = seat
        seat.next = nil
        let door = Door(label: 0, carrier: UInt16(truncatingIfNeeded: seat.carrier), state: .closed)
        var index = seats.count
        if idle.count - idleHead > idleLimit {
            index = idle[idleHead]
            idleHead += 1
            if idleHead > idleLimit { idle.removeFirst(idleHead); idleHead = 0 }
            seats[index] = seat
            doors[index] = door
        } else {
            seats.append(seat)
            doors.append(door)
        }
        guard var last = heads[seat.lwg] else { heads[seat.lwg] = index; return index }
        while let next = seats[last].next { last = next }
        seats[last].next = index
        return index
    }

    /// Takes the seat out of its LWG; the slot is freed by `release`.
    mutating func retire(_ index: Int) {
        guard seats[index].stage != .gone else { return }
        let lwg = seats[index].lwg
        if heads[lwg] == index {
            heads[lwg] = seats[index].next
        } else {
            var at = heads[lwg]
            while let here = at {
                if seats[here].next == index { seats[here].next = seats[index].next; break }
                at = seats[here].next
            }
        }
        seats[index].next = nil
        seats[index].stage = .gone
        seats[index].view = nil
        doors[index].state = .gone
        release(index)
    }

    mutating func operationEnded(_ index: Int) {
        seats[index].operations -= 1
        release(index)
    }

    private mutating func release(_ index: Int) {
        guard seats[index].stage == .gone, seats[index].operations == 0 else { return }
        idle.append(index)
    }

    func isLive(_ handle: SeatHandle) -> Bool {
        Int(handle.index) < seats.count && seats[Int(handle.index)].stage != .gone
    }

    func seat(of lwg: LWGID, endpoint: ShortName, on carrier: Int) -> Int? {
        var at = head(of: lwg, on: carrier)
        while let here = at {
            if seats[here].endpoint.name == endpoint { return here }
            at = seats[here].next
        }
        return nil
    }
}
