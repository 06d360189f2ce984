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
        let draw = random.below(100)
        let members = nodes[node].applications.members
        if members.isEmpty || draw < 10 { return join(node) }
        let seat = members[random.below(members.count)]
        switch draw {
        case 10..<13: leave(node)
        case 13..<16: flush(node, seat)
        case 16..<26: direct(node, seat)
        default: burst(node, seat, count: 1 + (draw == 99 ? random.below(200) : random.below(4)))
        }
    }

    /// A few groups at once, as a program does that starts.
    mutating func join(_ node: Int) {
        guard !nodes[node].isStopping else { return }
        let endpoint = random.below(plan.endpoints)
        var names: [String] = []
        for _ in 0..<(1 + random.below(min(options.groups, 8))) {
            let group = random.below(options.groups)
            let place = endpoint * options.groups + group
            guard nodes[node].applications.memberships[place] == .out else { continue }
            nodes[node].applications.memberships[place] = .joining
            names.append(groupNames[group])
        }
        if names.isEmpty { return }
        say("\(nodes[node].name): joins \(names.joined(separator: " ")) at \(endpointNames[endpoint])")
        handle(.join(endpoint: endpointNames[endpoint], groups: names), node)
    }

    private mutating func leave(_ node: Int) {
        var handles: [SeatHandle] = []
        let members = nodes[node].applications.members
        for _ in 0..<(1 + random.below(4)) {
            let handle = members[random.below(members.count)]
            guard let seat = nodes[node].applications.seat(handle), seat.flushToken == 0 else { continue }
            let place = seat.endpoint * options.groups + seat.group
            guard nodes[node].applications.memberships[place] == .member else { continue }
            nodes[node].applications.memberships[place] = .leaving
            handles.append(handle)
        }
        if handles.isEmpty { return }
        say("\(nodes[node].name): leaves seats \(handles.map(\.index))")
        handle(.leave(seats: handles), node)
    }

    private mutating func flush(_ node: Int, _ handle: SeatHandle) {
        guard let seat = nodes[node].applications.seat(handle), seat.flushToken == 0 else { return }
        guard nodes[node].applications.memberships[seat.endpoint * options.groups + seat.group] == .member else {
            return
        }
        let token = nodes[node].applications.nextToken
        nodes[node].applications.nextToken += 1
        nodes[node].applications.seats[Int(handle.index)]?.flushToken = token
        self.handle(.flush(handle, token: token), node)
    }

    private mutating func direct(_ node: Int, _ handle: SeatHandle) {
        guard let payload = payload(node, handle, bytes: 24 + random.below(200)),
            let seat = nodes[node].applications.seat(handle), let view = seat.view, seat.held == nil
        else { return }
        let to = view.members[random.below(view.members.count)]
        self.handle(.direct(handle, to: to, bytes: payload), node)
    }

    /// Messages of one size and order; stops where the core takes no more.
    mutating func burst(_ node: Int, _ handle: SeatHandle, count: Int) {
        let order = plan.orders[random.below(plan.orders.count)]
        // One burst in fifty is of messages that take several packets.
        let size =
            random.below(50) == 0 ? plan.packetBytes + random.below(3 * plan.packetBytes) : 24 + random.below(100)
        for _ in 0..<count where !send(node, handle, order, bytes: size) { return }
    }

    /// Whether the core took it.
    mutating func send(_ node: Int, _ handle: SeatHandle, _ order: Order, bytes count: Int) -> Bool {
        guard let bytes = payload(node, handle, bytes: count), !nodes[node].isStopping else { return false }
        let outcome =
            bytes.withUnsafeBytes { raw in
                cores[node]?.multicast(
                    handle, order: order, bytes: raw, at: Instant(nanoseconds: now), into: &effects)
            } ?? .notMember
        settle(node, opensTurn: true)
        switch outcome {
        case .accepted:
            nodes[node].applications.seats[Int(handle.index)]?.sent += 1
            return true
        case .full: self.count("full")
        case .held: self.count("held")
        case .notMember: self.count("notMember")
        case .refused(let reason): violate("interface", node, "refuses a proper message: \(reason)")
        }
        return false
    }

    private func payload(_ node: Int, _ handle: SeatHandle, bytes count: Int) -> [UInt8]? {
        guard let seat = nodes[node].applications.seat(handle), seat.view != nil, seat.flushToken == 0,
            nodes[node].applications.memberships[seat.endpoint * options.groups + seat.group] == .member
        else { return nil }
        let payload = Payload(
            sender: Payload.sender(node: node, incarnation: nodes[node].incarnation, endpoint: seat.endpoint),
            group: UInt64(seat.group), number: seat.sent)
        var bytes: [UInt8] = []
        payload.write(count: count, into: &bytes)
        return bytes
    }

    mutating func answerHold(_ node: Int, seat index: Int) {
        let handle = SeatHandle(index: UInt32(index))
        guard let seat = nodes[node].applications.seat(handle), let view = seat.held else { return }
        nodes[node].applications.seats[index]?.held = nil
        self.handle(.holdOK(handle, view), node)
    }
}
