import GroupModel

/// One LWG in the table that all members of an HWG view share.
struct Entry: Sendable {
    let id: LWGID
    let name: String
    var era: UInt32
    var count: UInt32
    /// The coordinator of the HWG view in which the era began. Not this LWG's: the oldest member of an LWG may have had
    /// no part in the HWG view that names it, and name another view of the same era and count by itself (M4).
    var coordinator: MemberID
    /// The members of the installed view, oldest first.
    var members: [EndpointID]
    /// The ranks of their nodes in the HWG view.
    var ranks: [UInt16]
    var flush: FlushRound?
    /// Changes ordered while a flush is open: they open the next.
    var queue: [Change] = []
    /// This node has said flushOK, or is about to, in the open flush.
    var hasAnswered = false
    /// It had ended when a sweep was asked for, and has not been joined since.
    var isMarked = false
    /// Its number waits for another LWG.
    var isFree = false
    /// The view before, and how many of `members`, which come first, were in it.
    var previous: ViewID?
    var survivors = 0

    var isQuiet: Bool { flush == nil && queue.isEmpty }
    var epoch: UInt64 { UInt64(era) << 32 | UInt64(count) }
    var viewID: ViewID? { members.isEmpty ? nil : ViewID(epoch: epoch, coordinator: coordinator) }

    /// Whether `endpoint` will be a member when all that is ordered has been done.
    func isFinallyMember(_ endpoint: EndpointID) -> Bool {
        if let last = queue.last(where: { $0.endpoint == endpoint }) { return last.isJoin }
        if let last = flush?.changes.last(where: { $0.endpoint == endpoint }) { return last.isJoin }
        return members.contains(endpoint)
    }

    /// Whether all members on the node of this rank have left, by what is ordered.
    func isLeft(by node: UInt16) -> Bool {
        for (member, rank) in zip(members, ranks) where rank == node {
            let leaves = { (change: Change) in !change.isJoin && change.endpoint == member }
            if !queue.contains(where: leaves), flush?.changes.contains(where: leaves) != true { return false }
        }
        return true
    }

    /// Without joins and leaves that undo each other: one change at most for each endpoint.
    func net(_ changes: [Change]) -> [Change] {
        if changes.count == 1 { return changes }
        return changes.indices.filter { index in
            let change = changes[index]
            let isLast = !changes[(index + 1)...].contains { $0.endpoint == change.endpoint }
            return isLast && members.contains(change.endpoint) != change.isJoin
        }.map { changes[$0] }
    }

    func finalSeats(of rank: UInt16) -> Int {
        var count = 0
        for each in ranks where each == rank { count += 1 }
        for change in (flush?.changes ?? []) + queue where change.rank == rank { count += change.isJoin ? 1 : -1 }
        return count
    }

    /// Members after `changes`: survivors in their order, then joiners in record order.
    static func applying(
        _ changes: [Change], to members: [EndpointID], _ ranks: [UInt16]
    ) -> (members: [EndpointID], ranks: [UInt16], survivors: Int) {
        var nextMembers = members
        var nextRanks = ranks
        var survivors = members.count
        for change in changes {
            if change.isJoin {
                guard !nextMembers.contains(change.endpoint) else { continue }
                nextMembers.append(change.endpoint)
                nextRanks.append(change.rank)
            } else if let index = nextMembers.firstIndex(of: change.endpoint) {
                nextMembers.remove(at: index)
                nextRanks.remove(at: index)
                if index < survivors { survivors -= 1 }
            }
        }
        return (nextMembers, nextRanks, survivors)
    }
}

/// The LWGs of one HWG view. An entry's index is its number on the wire: sorted by id at the HWG view, then in order of
/// creation; reused within the view only after a sweep.
struct Table: Sendable {
    var entries: [Entry] = []
    /// Entries below this are sorted by id.
    private var sorted = 0
    /// Numbers of those created since. Looked up, never iterated.
    private var created: [LWGID: Int] = [:]
    /// How many of those created since have members.
    private var livelyCreated = 0
    /// Numbers that a sweep has freed, all of entries created since the HWG view.
    private var free: [Int] = []
    /// The highest count of an LWG whose number was freed: it may come again, and its views' IDs grow (M2).
    private var floor: UInt32 = 0

    func number(of id: LWGID) -> Int? {
        var low = 0
        var high = sorted
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        if low < sorted, entries[low].id == id { return low }
        return created[id]
    }

    /// Nil when the numbers of this HWG view are used up.
    mutating func create(_ entry: Entry, limit: Int) -> Int? {
        guard entries.count - free.count < limit else { return nil }
        if Mutant.reusedNumber.isOn, let number = entries.firstIndex(where: { $0.members.isEmpty && $0.isQuiet }) {
            created[entry.id] = number
            entries[number] = entry
            return number
        }
        var entry = entry
        entry.count = max(entry.count, floor)
        guard let number = free.popLast() else {
            created[entry.id] = entries.count
            entries.append(entry)
            return entries.count - 1
        }
        // Point-to-point messages of the LWG before are known by a lower count.
        entry.count = max(entry.count, entries[number].count)
        created[entry.id] = number
        entries[number] = entry
        return number
    }

    mutating func setMembers(_ members: [EndpointID], _ ranks: [UInt16], of number: Int) {
        if number >= sorted, members.isEmpty != entries[number].members.isEmpty {
            livelyCreated += members.isEmpty ? -1 : 1
        }
        // An array whose elements were removed keeps its room.
        entries[number].members = members.isEmpty ? [] : members
        entries[number].ranks = members.isEmpty ? [] : ranks
    }

    /// More LWGs created since the HWG view have ended than there are others, and `limit`: a sweep is worth looking at all.
    func hasManyEnded(beyond limit: Int) -> Bool {
        created.count - livelyCreated > limit + livelyCreated + sorted
    }

    mutating func markEnded() {
        for number in sorted..<entries.count where !entries[number].isFree {
            entries[number].isMarked = entries[number].members.isEmpty && entries[number].isQuiet
        }
    }

    /// How many numbers became free.
    mutating func freeMarked() -> Int {
        let before = free.count
        for number in sorted..<entries.count where entries[number].isMarked {
            let ended = entries[number]
            created[ended.id] = nil
            floor = max(floor, ended.count)
            entries[number] = Entry(
                id: LWGID(raw: 0), name: "", era: ended.era, count: ended.count, coordinator: ended.coordinator,
                members: [], ranks: [])
            entries[number].isFree = true
            free.append(number)
        }
        return free.count - before
    }

    /// Numbers for a new HWG view: without empty LWGs, sorted by id.
    mutating func renumber() {
        if entries.contains(where: { $0.members.isEmpty }) { entries.removeAll { $0.members.isEmpty } }
        var isSorted = true
        for index in entries.indices.dropFirst() where entries[index].id < entries[index - 1].id {
            isSorted = false
            break
        }
        if !isSorted { entries.sort { $0.id < $1.id } }
        sorted = entries.count
        created.removeAll()
        livelyCreated = 0
        free.removeAll()
        floor = 0
    }

    /// No member, and no join ordered: nothing that a merge would have to reconcile.
    var isVacant: Bool { entries.allSatisfy { $0.members.isEmpty && $0.isQuiet } }
}
