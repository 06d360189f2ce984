import GroupModel

/// The light-weight group layer of one node: many LWGs over few HWGs, with an LWG's interface and guarantees those of an HWG
/// (Rodrigues, Guo et al., SRDS 1996; Guo and Rodrigues, ICDCS 1997; protocol page `LWG.md`).
///
/// A value without I/O: requests and HWG indications come in, HWG requests and indications for seats go out.
public struct LWGLayer: Sendable {
    private var mapping: StaticMapping
    private var node: Node
    private var carriers: [Carrier] = []
    private var indices: [HWGID: Int] = [:]
    private var explicitEndpoints: Set<ShortName> = []
    private var isStopping = false

    /// `reportsHolds`: emit `hold` and `holdAnswered` for seats that the layer answers for, too (traces). `hash` makes
    /// ids of names; tests provoke collisions with it.
    public init(
        me: MemberID, mapping: StaticMapping, reportsHolds: Bool, limits: LWGLimits = LWGLimits(),
        hash: @escaping @Sendable (String) -> LWGID = { LWGID(name: $0) }
    ) {
        self.mapping = mapping
        node = Node(
            me: me, reportsHolds: reportsHolds, hash: hash, limits: limits,
            seats: SeatTable(idleLimit: limits.idleHandles), holds: HoldDeadlines(limit: limits.holdDeadline))
    }

    public var counters: Counters {
        get { node.counters }
        set { node.counters = newValue }
    }

    // MARK: the data path down

    public enum Route: Hashable, Sendable {
        /// Multicast on `hwg`, this layer's carrier number `group`, with this label.
        case send(group: Int, hwg: HWGID, label: UInt32)
        /// Between HoldOK and the next view, or before the first: ask again after the view.
        case held
        case notMember
    }

    /// The same as `route`. A caller in another module copies the whole layer for a call that does not mutate it.
    public mutating func routeInPlace(_ seat: SeatHandle) -> Route { route(seat) }

    /// Whether the seat may send now, and how. A look-up: no allocation, no change.
    @inline(__always)
    public func route(_ seat: SeatHandle) -> Route {
        let index = Int(seat.index)
        guard index < node.seats.doors.count else { return .notMember }
        let door = node.seats.doors[index]
        let group = Int(door.carrier)
        switch door.state {
        case .gone: return .notMember
        case .closed: return node.seats.seats[index].leaving == nil ? .held : .notMember
        case .raised: return .send(group: group, hwg: carriers[group].id, label: door.label)
        case .open:
            return carriers[group].isHeld
                ? .held : .send(group: group, hwg: carriers[group].id, label: door.label)
        }
    }

    /// The HWG accepted a message of this seat without a number. Until `sent`, the seat's flushOK and leave wait for it.
    public mutating func unnumbered(_ seat: SeatHandle) {
        guard node.seats.isLive(seat) else { return }
        node.seats.seats[Int(seat.index)].unnumbered += 1
    }

    // MARK: from a heavyweight group

    public mutating func handle(
        _ indications: HWGIndications, from hwg: HWGID, at now: Instant, into out: inout LWGOutput
    ) {
        node.holds.looked(at: now)
        guard let index = indices[hwg] else { return }
        carriers[index].handle(indications, &node, into: &out)
    }

    // MARK: time

    /// When `deadlineReached` is due; nil while no application owes an answer. Mutating, so that it is read in place: elsewhere
    /// the caller copies the whole value first.
    public var nextDeadline: Instant? { mutating get { node.holds.nextLook } }

    /// Seats whose application has not answered a Hold in time leave: that is their answer, and the group goes on (F2).
    public mutating func deadlineReached(at now: Instant, into out: inout LWGOutput) {
        node.holds.looked(at: now)
        var touched: [Int] = []
        while let seat = node.holds.popExpired() {
            node.counters.holdsExpired += 1
            let carrier = node.seats.seats[seat].carrier
            carriers[carrier].leave(seat, .holdExpired, &node, into: &out)
            if !touched.contains(carrier) { touched.append(carrier) }
        }
        for carrier in touched { carriers[carrier].turnEnded(&node, into: &out) }
    }

    /// Another deadline, for Holds raised from now on.
    public mutating func retime(holdDeadline: Interval) { node.holds.retime(holdDeadline) }

    /// Another mapping, for groups that are joined from now on. One that this node is in already stays on its HWG, also
    /// for further endpoints (L3).
    public mutating func remap(_ fresh: StaticMapping) { mapping = fresh }

    private func home(of group: String, _ lwg: LWGID) -> HWGID {
        node.seats.head(of: lwg).map { carriers[node.seats.seats[$0].carrier].id } ?? mapping.group(for: group)
    }

    // MARK: requests of applications

    /// Seats `endpoint` in all `groups`: one batched record per HWG. Answers: `seated` or `refused` for each, in order.
    public mutating func join(endpoint: ShortName, groups: [String], into out: inout LWGOutput) {
        var touched: [Int] = []
        for group in groups {
            guard (1...Limits.groupNameBytes).contains(group.utf8.count) else {
                out.up.events.append(.refused(endpoint: endpoint, group: group, .badName))
                continue
            }
            let lwg = node.hash(group)
            if let refusal = refusal(endpoint: endpoint, group: group, lwg) {
                out.up.events.append(.refused(endpoint: endpoint, group: group, refusal))
                continue
            }
            guard let carrier = carrier(for: home(of: group, lwg)) else {
                out.up.events.append(.refused(endpoint: endpoint, group: group, .tooManyGroups))
                continue
            }
            let isExplicit = explicitEndpoints.contains(endpoint)
            let seat = node.seats.add(
                Seat(
                    endpoint: EndpointID(member: node.me, name: endpoint), group: group, lwg: lwg, carrier: carrier,
                    explicit: isExplicit))
            carriers[carrier].seatCount += 1
            if isExplicit { carriers[carrier].explicitSeats += 1 }
            out.up.events.append(.seated(SeatHandle(index: UInt32(seat)), endpoint: endpoint, group: group))
            if isStopping {
                carriers[carrier].retire(seat, .stopped, &node, into: &out)
                continue
            }
            node.seats.seats[seat].operations += 1
            carriers[carrier].outbox.append(.init(seat: seat, isJoin: true))
            if touched.last != carrier { touched.append(carrier) }
        }
        for carrier in touched {
            if !carriers[carrier].isJoinRequested {
                carriers[carrier].isJoinRequested = true
                out.requests.append(.join(carriers[carrier].id))
            }
            carriers[carrier].turnEnded(&node, into: &out)
        }
    }

    /// Joins the HWG without a seat: in the mode `primary` every node is in the control group.
    public mutating func attend(_ hwg: HWGID, into out: inout LWGOutput) {
        guard let index = carrier(for: hwg), !carriers[index].isJoinRequested else { return }
        carriers[index].isJoinRequested = true
        out.requests.append(.join(hwg))
    }

    private func refusal(endpoint: ShortName, group: String, _ lwg: LWGID) -> LWGRefusal? {
        var seats = 0
        var at = node.seats.head(of: lwg)
        while let seat = at {
            let state = node.seats.seats[seat]
            if state.group != group { return .nameCollision(with: state.group) }
            if state.endpoint.name == endpoint { return .alreadyJoined }
            seats += 1
            at = state.next
        }
        return seats < Limits.seatsPerNode ? nil : .tooManySeats
    }

    private mutating func carrier(for hwg: HWGID) -> Int? {
        if let index = indices[hwg] { return index }
        guard carriers.count < node.limits.heavyweightGroups else { return nil }
        indices[hwg] = carriers.count
        carriers.append(Carrier(id: hwg, index: carriers.count))
        return carriers.count - 1
    }

    /// Answered by `left(reason)`, after the view without the seat is computed.
    public mutating func leave(
        seats: [SeatHandle], reason: LeftReason = .requested, into out: inout LWGOutput
    ) {
        var touched: [Int] = []
        for seat in seats where node.seats.isLive(seat) {
            let index = Int(seat.index)
            let carrier = node.seats.seats[index].carrier
            carriers[carrier].leave(index, reason, &node, into: &out)
            if touched.last != carrier { touched.append(carrier) }
        }
        for carrier in touched { carriers[carrier].turnEnded(&node, into: &out) }
    }

    /// Seats whose application does not take its messages: `left(reason)` comes at once, and nothing after it.
    public mutating func evict(seats: [SeatHandle], reason: LeftReason, into out: inout LWGOutput) {
        var touched: [Int] = []
        for seat in seats where node.seats.isLive(seat) {
            let index = Int(seat.index)
            let carrier = node.seats.seats[index].carrier
            carriers[carrier].evict(index, reason, &node, into: &out)
            if !touched.contains(carrier) { touched.append(carrier) }
        }
        for carrier in touched { carriers[carrier].turnEnded(&node, into: &out) }
    }

    /// Leaves every HWG, and so all LWGs, in one cut each (L2).
    public mutating func leaveAll(into out: inout LWGOutput) {
        isStopping = true
        for index in carriers.indices where carriers[index].isJoinRequested && !carriers[index].isLeaveRequested {
            carriers[index].isLeaveRequested = true
            out.requests.append(.leave(carriers[index].id))
        }
    }

    /// An explicit seat's promise not to send again in `view`.
    public mutating func holdOK(_ seat: SeatHandle, _ view: ViewID, into out: inout LWGOutput) {
        let index = Int(seat.index)
        guard node.seats.isLive(seat), node.seats.seats[index].hold == .raised,
            node.seats.seats[index].view?.id == view
        else { return }
        let carrier = node.seats.seats[index].carrier
        carriers[carrier].seatAnswered(index, &node, into: &out)
        carriers[carrier].turnEnded(&node, into: &out)
    }

    /// Whether seats of this endpoint answer Holds themselves (`true`) or the layer does (`false`, the default).
    /// A Hold already raised still awaits the application's answer, or its deadline.
    public mutating func explicitHolds(endpoint: ShortName, _ on: Bool) {
        if on { explicitEndpoints.insert(endpoint) } else { explicitEndpoints.remove(endpoint) }
        for index in node.seats.seats.indices {
            let seat = node.seats.seats[index]
            guard seat.stage != .gone, seat.endpoint.name == endpoint, seat.explicit != on else { continue }
            node.seats.seats[index].explicit = on
            carriers[seat.carrier].explicitSeats += on ? 1 : -1
        }
    }

    /// Answered by `flushed(token)` when everything that this node has sent on the seat's HWG is stable.
    public mutating func flush(_ seat: SeatHandle, token: UInt64, into out: inout LWGOutput) {
        guard node.seats.isLive(seat) else { return }
        carriers[node.seats.seats[Int(seat.index)].carrier].flush(seat, token: token, into: &out)
    }

    /// Point-to-point within the seat's view. `held`: nothing was taken, ask again after the view (F1).
    @discardableResult
    public mutating func direct(
        _ seat: SeatHandle, to target: EndpointID, bytes: [UInt8], into out: inout LWGOutput
    ) -> SendOutcome {
        guard bytes.count <= Limits.directBytes else { return .refused(.messageTooLarge) }
        switch route(seat) {
        case .held: return .held
        case .notMember: return .notMember
        case .send(let group, _, _):
            let index = Int(seat.index)
            if carriers[group].sendDirect(index, to: target, bytes, node, into: &out) { return .accepted(number: nil) }
            let state = node.seats.seats[index]
            out.up.events.append(.refused(endpoint: state.endpoint.name, group: state.group, .notAMember))
            return .notMember
        }
    }

    // MARK: what tools ask

    /// LWGs that this node has a seat in.
    public var seatedGroups: Int { node.seats.groupCount }

    /// LWGs with members on the HWGs that this node is in. It looks at each.
    public var carriedGroups: Int {
        carriers.reduce(0) { $0 + $1.table.entries.lazy.filter { !$0.members.isEmpty }.count }
    }

    /// The seat's view; nil before its first.
    public func view(of seat: SeatHandle) -> View<EndpointID>? {
        node.seats.isLive(seat) ? node.seats.seats[Int(seat.index)].view : nil
    }

    /// The HWG that carries the seat's LWG.
    public func carrier(of seat: SeatHandle) -> HWGID? {
        node.seats.isLive(seat) ? carriers[node.seats.seats[Int(seat.index)].carrier].id : nil
    }
}
