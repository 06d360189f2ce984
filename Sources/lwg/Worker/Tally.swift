import LightweightGroups

/// What a node process counts of its deliveries and views. Changed once per batch, under one lock.
struct Tally {
    struct Table {
        var names: [String] = []
        var members: [NodeSet] = []
        var numbers: [String: Int] = [:]
    }

    /// One group of the table as this node sees it now.
    struct Place {
        var isJoined = false
        var view: ViewID?
        var members = NodeSet(bits: 0)
        /// By rank; the same at all members.
        var senders: [UInt64] = []
        var digest = DeliveryDigest()
        var heldAt: Int64?
    }

    enum Expectation {
        case members(alive: NodeSet, missing: Int)
        case delivered(Int)
    }

    var table = Table()
    var places: [Place] = []
    /// The group of each seat; -1 for none.
    var groupOfSeat: [Int] = []
    var nodeNumbers: [NodeID: Int] = [:]

    var keepsDigests = false
    var finished: [(group: Int, view: ViewID, next: ViewID, digest: DeliveryDigest)] = []

    var delivered = 0
    var checksum: UInt64 = 0
    var lwgViews = 0
    var hwgViews: Set<CarrierView> = []
    var holds: [Int64] = []
    var deliveries: [Int64] = []
    /// Samples that one report carries.
    static let samples = 200_000

    /// Whether messages begin with the time of their sending, and whose are measured.
    var timing: Timing = .off
    enum Timing { case off, own, others }

    /// Messages say who sent them in which group (`RoamingPayload`).
    var checksPayloads = false
    /// The first message that was not what its sender sent.
    var wrongPayload: String?
    /// Messages of `speak`.
    var spoken = 0

    var counting: WorkerOrder.Span?
    var counted = 0

    var expectation: Expectation?
    /// When the expectation was met, by the last event that counted for it.
    var expectedAt: Int64 = 0
    private var lastViewAt: Int64 = 0
    var waiter: CheckedContinuation<Void, Never>?

    struct CarrierView: Hashable {
        let group: HWGID
        let view: ViewID
    }

    mutating func reset() {
        delivered = 0
        checksum = 0
        lwgViews = 0
        hwgViews = []
        holds = []
        deliveries = []
    }

    // MARK: Deliveries

    /// Touches all bytes: a consumer that does not read them measures nothing.
    @inline(__always)
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var sum: UInt64 = 0
        var offset = 0
        while offset + 8 <= bytes.count {
            sum &+= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < bytes.count {
            sum &+= UInt64(bytes[offset])
            offset += 1
        }
        checksum &+= sum
        delivered += 1
    }

    /// One message with what is told of it in place: for digests and times.
    mutating func message(_ entry: BatchEntry, _ bytes: UnsafeRawBufferPointer) {
        read(bytes)
        guard groupOfSeat.indices.contains(entry.seat), groupOfSeat[entry.seat] >= 0 else { return }
        let group = groupOfSeat[entry.seat]
        guard places[group].senders.indices.contains(entry.senderRank) else { return }
        let sender = places[group].senders[entry.senderRank]
        if checksPayloads { check(bytes, from: sender, group: group) }
        if keepsDigests {
            places[group].digest.delivered(sender: sender, number: entry.number, order: entry.order, bytes: bytes)
        }
        if timing != .off, bytes.count >= 8, deliveries.count < Self.samples, (timing == .own) == (sender == ownSender)
        {
            let sent = bytes.loadUnaligned(as: Int64.self)
            deliveries.append(Monotonic.nanoseconds &- sent)
        }
    }

    mutating func check(_ bytes: UnsafeRawBufferPointer, from sender: UInt64, group: Int) {
        guard let payload = RoamingPayload(bytes), payload.sender == sender, payload.group == UInt64(group) else {
            if wrongPayload == nil { wrongPayload = "\(bytes.count) bytes in \(table.names[group])" }
            return
        }
        if payload.isSpoken { spoken += 1 }
    }

    var ownSender: UInt64 = 0

    static func sender(_ endpoint: EndpointID) -> UInt64 { sender(endpoint.member) }

    static func sender(_ member: MemberID) -> UInt64 {
        DeliveryDigest.mix(member.node.raw &+ UInt64(member.incarnation))
    }

    mutating func batchEnded(messages: Int, at now: Int64) {
        if let counting, now >= counting.from, now < counting.to { counted += messages }
        if case .delivered(let count) = expectation, delivered >= count { met(at: now) }
    }

    // MARK: Views

    mutating func view(_ view: GroupView, of name: String, seat: Int, at now: Int64) {
        guard let group = table.numbers[name] else { return }
        while groupOfSeat.count <= seat { groupOfSeat.append(-1) }
        groupOfSeat[seat] = group
        if keepsDigests, let before = places[group].view {
            finished.append((group, before, view.id, places[group].digest))
        }
        lwgViews += 1
        lastViewAt = now
        hwgViews.insert(CarrierView(group: view.hwg, view: view.hwgView))
        if let heldAt = places[group].heldAt, holds.count < Self.samples { holds.append(now - heldAt) }
        let was = isMet(group)
        places[group] = Place(
            isJoined: true, view: view.id,
            members: NodeSet(view.members.compactMap { nodeNumbers[$0.member.node] }),
            senders: view.members.map(Self.sender))
        changed(group, was: was, at: now)
    }

    mutating func left(_ name: String, seat: Int, at now: Int64) {
        guard let group = table.numbers[name] else { return }
        if groupOfSeat.indices.contains(seat) { groupOfSeat[seat] = -1 }
        let was = isMet(group)
        places[group] = Place()
        lastViewAt = now
        changed(group, was: was, at: now)
    }

    // MARK: Expectations

    /// This node will join the group: until it has a view there, expectations are not met.
    mutating func joining(_ group: Int, at now: Int64) {
        let was = isMet(group)
        places[group].isJoined = true
        changed(group, was: was, at: now)
    }

    mutating func setMembers(_ members: NodeSet, of group: Int, at now: Int64) {
        let was = isMet(group)
        table.members[group] = members
        changed(group, was: was, at: now)
    }

    mutating func expect(_ expectation: Expectation, at now: Int64) {
        expectedAt = now
        switch expectation {
        case .members(let alive, _):
            self.expectation = .members(alive: alive, missing: 0)
            let missing = places.indices.count { !isMet($0) }
            self.expectation = .members(alive: alive, missing: missing)
            // The last view may have come before the expectation did.
            if missing == 0 { met(at: lastViewAt) }
        case .delivered(let count):
            self.expectation = expectation
            if delivered >= count { met(at: now) }
        }
    }

    /// Groups that are joined here, and how many of them have the members expected.
    func standing() -> (met: Int, of: Int) {
        let joined = places.indices.filter { places[$0].isJoined }
        return (joined.count(where: isMet), joined.count)
    }

    private func isMet(_ group: Int) -> Bool {
        guard case .members(let alive, _) = expectation, places[group].isJoined else { return true }
        return places[group].members == table.members[group].intersection(alive)
    }

    private mutating func changed(_ group: Int, was: Bool, at now: Int64) {
        guard case .members(let alive, let missing) = expectation else { return }
        let left = missing + (was ? 1 : 0) - (isMet(group) ? 1 : 0)
        expectation = .members(alive: alive, missing: left)
        if left == 0 { met(at: now) }
    }

    private mutating func met(at now: Int64) {
        expectedAt = now
        waiter?.resume()
        waiter = nil
    }
}
