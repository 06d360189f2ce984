import GroupCore
import GroupModel

// What applications do.
extension World {
    mutating func scheduleAct(_ node: Int) {
        let interval = Int(plan.actInterval)
        heap.push(
            .act, at: now + Int64(interval / 2 + random.below(interval)), a: node, life: nodes[node].life)
    }

    mutating func act(_ node: Int) {
        guard isBusy else { return }
        scheduleAct(node)
        if plan.isOdd > 0, random.below(100) < Self.oddActs {
            drawOddAct(node)
            return markLuck()
        }
        let draw = random.below(100)
        let members = nodes[node].applications.members
        if members.isEmpty || draw < 10 {
            drawJoin(node)
        } else {
            let seat = members[random.below(members.count)]
            switch draw {
            case 10..<13: drawLeave(node)
            case 13..<16: if let seat = self.seat(node, seat), mayLeave(seat) { perform(.flush(seat)) }
            case 16..<26: drawDirect(node, seat)
            default: drawBurst(node, seat, count: 1 + (draw == 99 ? random.below(200) : random.below(4)))
            }
        }
        markLuck()
    }

    /// A few groups at once, as a program does that starts.
    private mutating func drawJoin(_ node: Int) {
        guard !nodes[node].isStopping else { return }
        let endpoint = random.below(plan.endpoints)
        var groups: [Int] = []
        for _ in 0..<(1 + random.below(min(options.groups, 8))) {
            let group = random.below(options.groups)
            let place = endpoint * options.groups + group
            if nodes[node].applications.memberships[place] == .out, !groups.contains(group) { groups.append(group) }
        }
        if !groups.isEmpty { perform(.join(node, endpoint: endpoint, groups: groups)) }
    }

    mutating func join(_ node: Int, _ endpoint: Int, _ groups: [Int]) {
        guard nodes[node].isAlive, !nodes[node].isStopping else { return }
        var names: [String] = []
        for group in groups {
            let place = endpoint * options.groups + group
            guard nodes[node].applications.memberships[place] == .out else { continue }
            nodes[node].applications.memberships[place] = .joining
            names.append(groupNames[group])
        }
        if names.isEmpty { return }
        handle(.join(endpoint: endpointNames[endpoint], groups: names), node)
    }

    private mutating func drawLeave(_ node: Int) {
        var seats: [WorldSeat] = []
        let members = nodes[node].applications.members
        for _ in 0..<(1 + random.below(4)) {
            let handle = members[random.below(members.count)]
            if let seat = seat(node, handle), mayLeave(seat), !seats.contains(seat) { seats.append(seat) }
        }
        if !seats.isEmpty { perform(.leave(seats)) }
    }

    /// A member that waits for nothing.
    func mayLeave(_ seat: WorldSeat) -> Bool {
        guard let handle = handle(of: seat) else { return false }
        return membership(seat) == .member && nodes[seat.node].applications.seat(handle)?.flushTokens.isEmpty == true
    }

    func membership(_ seat: WorldSeat) -> Applications.Membership {
        nodes[seat.node].applications.memberships[seat.endpoint * options.groups + seat.group]
    }

    mutating func leave(_ seats: [WorldSeat]) {
        let leaving = seats.filter { handle(of: $0) != nil && [.joining, .member].contains(membership($0)) }
        guard let node = leaving.first?.node else { return }
        for seat in leaving {
            nodes[node].applications.memberships[seat.endpoint * options.groups + seat.group] = .leaving
        }
        handle(.leave(seats: leaving.compactMap { handle(of: $0) }), node)
    }

    mutating func flush(_ place: WorldSeat) {
        let node = place.node
        guard let handle = handle(of: place), membership(place) == .member else { return }
        let token = nodes[node].applications.nextToken
        nodes[node].applications.nextToken += 1
        nodes[node].applications.seats[Int(handle.index)]?.flushTokens.append(token)
        self.handle(.flush(handle, token: token), node)
    }

    private mutating func drawDirect(_ node: Int, _ handle: SeatHandle) {
        let bytes = 24 + random.below(200)
        guard payload(node, handle, bytes: bytes) != nil, let seat = nodes[node].applications.seat(handle),
            let view = seat.view, seat.held == nil
        else { return }
        let to = view.members[random.below(view.members.count)]
        guard let other = index(of: to.member.node), let endpoint = endpointNames.firstIndex(of: to.name),
            let place = self.seat(node, handle)
        else { return }
        perform(.direct(place, to: other, incarnation: to.member.incarnation, endpoint: endpoint, bytes: bytes))
    }

    mutating func direct(_ place: WorldSeat, to other: Int, _ incarnation: UInt32?, _ endpoint: Int, bytes: Int) {
        guard let handle = handle(of: place), let seat = nodes[place.node].applications.seat(handle), seat.held == nil,
            let to = seat.view?.members.last(where: {
                $0.member.node == nodes[other].id && $0.name == endpointNames[endpoint]
                    && (incarnation == nil || $0.member.incarnation == incarnation)
            }), let payload = payload(place.node, handle, bytes: bytes)
        else { return }
        addressee = to
        self.handle(.direct(handle, to: to, bytes: payload), place.node)
        addressee = nil
    }

    /// Messages of one size and order; stops where the core takes no more.
    private mutating func drawBurst(_ node: Int, _ handle: SeatHandle, count: Int) {
        let order = plan.orders[random.below(plan.orders.count)]
        // One burst in fifty is of messages that take several packets.
        let size =
            random.below(50) == 0 ? plan.packetBytes + random.below(3 * plan.packetBytes) : 24 + random.below(100)
        if let seat = seat(node, handle) { perform(.send(seat, order, count: count, bytes: size)) }
    }

    /// Whether the core took it.
    mutating func send(_ node: Int, _ handle: SeatHandle, _ order: Order, bytes count: Int) -> Bool {
        if count > Limits.messageBytes { return sendTooMuch(node, handle, order, bytes: count) }
        guard let bytes = payload(node, handle, bytes: count), !nodes[node].isStopping else { return false }
        let time = clock(node)
        let outcome =
            cores[node].isEmpty
            ? .notMember
            : bytes.withUnsafeBytes {
                cores[node][0].multicast(handle, order: order, bytes: $0, at: time, into: &effects)
            }
        settle(node, opensTurn: true)
        switch outcome {
        case .accepted:
            nodes[node].applications.seats[Int(handle.index)]?.sent += 1
            return true
        case .full:
            nodes[node].applications.seats[Int(handle.index)]?.isFull = true
            refused(node, handle, "full")
        case .held: refused(node, handle, "held")
        case .notMember: refused(node, handle, "notMember")
        case .refused(let reason): violate("interface", node, "refuses a proper message: \(reason)")
        }
        return false
    }

    private mutating func refused(_ node: Int, _ handle: SeatHandle, _ why: String) {
        count(why)
        guard let seat = seat(node, handle) else { return }
        happened(.detail) {
            "\($0.text(node: node, endpoint: seat.endpoint)) send \($0.groupNames[seat.group]) is refused: \(why)"
        }
    }

    func payload(_ node: Int, _ handle: SeatHandle, bytes count: Int) -> [UInt8]? {
        guard let seat = nodes[node].applications.seat(handle), seat.view != nil, seat.flushTokens.isEmpty else {
            return nil
        }
        let membership = nodes[node].applications.memberships[seat.endpoint * options.groups + seat.group]
        // Who is leaving is refused.
        guard membership == .member || membership == .leaving && plan.isOdd > 0 else { return nil }
        return Payload(
            sender: Payload.sender(node: node, incarnation: nodes[node].incarnation, endpoint: seat.endpoint),
            group: UInt64(seat.group), number: seat.sent
        ).bytes(count)
    }

    mutating func answerHold(_ node: Int, seat index: Int) {
        let handle = SeatHandle(index: UInt32(index))
        guard let seat = nodes[node].applications.seat(handle), let view = seat.held else { return }
        nodes[node].applications.seats[index]?.held = nil
        self.handle(.holdOK(handle, view), node)
    }
}
