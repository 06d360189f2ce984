import GroupCore
import GroupModel

/// What may happen at one node of a small world.
enum SmallEvent: Hashable {
    /// Packet of that number, in the table of the search.
    case arrival(Int32, from: Int)
    /// The next one that its application asks for.
    case request
    case crash
    case suspect(Int)
    /// A deadline is reached.
    case wake
}

/// One node of a small world: a core, what it has told, and what its application has asked for. A value: a copy is a branch.
///
/// Clocks stand still while datagrams are on their way, so that only their order counts; each event ends its turn, so that no
/// packet is open when the node is copied.
struct SmallNode {
    /// Trace lines, newest first; shared by all branches that have them.
    final class Line: Sendable {
        let record: TraceRecord
        let earlier: Line?
        init(_ record: TraceRecord, after earlier: Line?) {
            self.record = record
            self.earlier = earlier
        }
    }

    let card: NodeCard
    var core: NodeCore
    var isAlive = true
    private(set) var lines: Line?
    /// A hash of the lines.
    private(set) var told: UInt64 = 0
    private(set) var seats: [(group: String, handle: SeatHandle)] = []
    var requested = 0
    /// Whom it has suspected.
    var suspects: Set<Int> = []
    /// By sender, the number of the packet that came last; -1 before the first.
    var last: [Int32] = []

    init(card: NodeCard, core: NodeCore) {
        self.card = card
        self.core = core
    }

    mutating func handle(_ event: NodeEvent, at now: Int64, into effects: inout Effects) {
        core.handle(event, at: Instant(nanoseconds: now), into: &effects)
        endTurn(at: now, into: &effects)
    }

    mutating func arrive(_ packet: Packet, at now: Int64, into effects: inout Effects) {
        core.datagramArrived(packet.contents, memory: packet, at: Instant(nanoseconds: now), into: &effects)
        endTurn(at: now, into: &effects)
    }

    mutating func wake(at now: Int64, into effects: inout Effects) {
        guard let deadline = core.nextDeadline, deadline.nanoseconds <= now else { return }
        handle(.deadlineReached, at: now, into: &effects)
    }

    mutating func ask(_ request: SmallWorldPlan.Request, at now: Int64, into effects: inout Effects) {
        switch request {
        case .join(let group): handle(.join(endpoint: SmallWorld.endpoint, groups: [group]), at: now, into: &effects)
        case .leave(let group):
            handle(.leave(seats: seats.filter { $0.group == group }.map(\.handle)), at: now, into: &effects)
        case .send(let group, let order):
            guard let seat = seats.first(where: { $0.group == group }) else { return }
            // A Hold refuses it; an application would wait, which is another order of the same choices.
            _ = Array(card.name.utf8).withUnsafeBytes {
                core.multicast(
                    seat.handle, order: order, bytes: $0, at: Instant(nanoseconds: now), into: &effects)
            }
            endTurn(at: now, into: &effects)
        }
    }

    /// What is due at once happens at once, then the turn ends. The effects are left with what the node sends.
    private mutating func endTurn(at now: Int64, into effects: inout Effects) {
        let time = Instant(nanoseconds: now)
        core.handle(.turnEnded, at: time, into: &effects)
        var rounds = 0
        while let deadline = core.nextDeadline, deadline <= time, rounds < 16 {
            rounds += 1
            core.handle(.deadlineReached, at: time, into: &effects)
            core.handle(.turnEnded, at: time, into: &effects)
        }
        for record in effects.trace { self.record(record) }
        for event in effects.lwg.events {
            switch event {
            case .seated(let handle, _, let group): seats.append((group, handle))
            case .indication(let handle, .left): seats.removeAll { $0.handle == handle }
            default: break
            }
        }
        effects.trace.removeAll(keepingCapacity: true)
        effects.lwg.removeAll()
    }

    mutating func record(_ record: TraceRecord) {
        lines = Line(record, after: lines)
        var hasher = Hasher()
        hasher.combine(told)
        hasher.combine(record)
        told = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// All that its future hangs on, and what it has told. Of the dead, only the latter.
    func digest(_ shapes: StateShapes, countingLast: Bool) -> UInt64 {
        var digest = StateDigest(shapes)
        digest.add(told)
        digest.add(isAlive)
        if isAlive {
            digest.add(requested)
            digest.add(suspects)
            if countingLast { digest.add(last) }
            for seat in seats {
                digest.add(seat.group)
                digest.add(seat.handle)
            }
            digest.add(core)
        }
        return digest.value
    }
}
