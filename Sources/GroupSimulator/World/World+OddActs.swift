import GroupCore
import GroupModel

// What applications may do and few do: at bad times, twice, too soon, too late, too much.
extension World {
    /// Out of a hundred acts of an odd world.
    static var oddActs: Int { 35 }

    mutating func drawOddAct(_ node: Int) {
        guard !nodes[node].isStopping else { return }
        let members = nodes[node].applications.members
        let draw = random.below(16)
        switch draw {
        case 0: return joinAndLeave(node)
        case 1: return drawReload(node)
        case 2: return drawHolds(node)
        case 3: if mayFail, options.faults.contains(.stops), random.below(8) == 0 { return stopAmid(node) }
        case 4: return joinTwice(node)
        default: break
        }
        guard !members.isEmpty, let seat = seat(node, members[random.below(members.count)]), membership(seat) == .member
        else { return joinAndLeave(node) }
        switch draw {
        case 5: leaveAtOnce(seat, returns: false)
        case 6, 7: leaveAtOnce(seat, returns: true)
        case 8: leaveHeld(node)
        case 9: flushTwice(seat)
        case 10: answerAgain(node)
        case 11: sendAllOrders(seat)
        case 12, 13: sendOddSize(seat)
        case 14: leaveTwins(seat)
        default:
            perform(
                .send(seat, plan.orders[random.below(plan.orders.count)], count: 100 + random.below(400), bytes: 40))
        }
    }

    private func areOut(_ node: Int, _ endpoint: Int, _ group: Int) -> Bool {
        membership(WorldSeat(node: node, endpoint: endpoint, group: group)) == .out
    }

    /// In one turn, or as long as the join is on its way.
    private mutating func joinAndLeave(_ node: Int) {
        let endpoint = random.below(plan.endpoints)
        let group = random.below(options.groups)
        let seat = WorldSeat(node: node, endpoint: endpoint, group: group)
        if membership(seat) == .out { perform(.join(node, endpoint: endpoint, groups: [group])) }
        guard membership(seat) == .joining, random.below(3) > 0 else { return }
        count("earlyLeave")
        perform(.leave([seat]))
        if membership(seat) == .out, random.below(2) == 0 { perform(.join(node, endpoint: endpoint, groups: [group])) }
    }

    /// Two endpoints of one node, in one turn.
    private mutating func joinTwice(_ node: Int) {
        let group = random.below(options.groups)
        for endpoint in 0..<plan.endpoints where areOut(node, endpoint, group) {
            perform(.join(node, endpoint: endpoint, groups: [group]))
        }
    }

    /// After its last words, with a flush on the way or not; and back as soon as it is out.
    private mutating func leaveAtOnce(_ seat: WorldSeat, returns: Bool) {
        if random.below(2) == 0 { perform(.send(seat, plan.orders[0], count: 1 + random.below(20), bytes: 40)) }
        if random.below(4) == 0 { perform(.flush(seat)) }
        perform(.leave([seat]))
        if random.below(2) == 0, membership(seat) == .leaving {
            count("sendWhileLeaving")
            perform(.send(seat, plan.orders[0], count: 1, bytes: 40))
        }
        guard returns else { return }
        if membership(seat) == .out { return perform(.join(seat.node, endpoint: seat.endpoint, groups: [seat.group])) }
        nodes[seat.node].applications.returning.append(seat.endpoint * options.groups + seat.group)
    }

    private mutating func leaveHeld(_ node: Int) {
        for handle in nodes[node].applications.members {
            guard let seat = seat(node, handle), membership(seat) == .member,
                nodes[node].applications.seat(handle)?.held != nil
            else { continue }
            count("heldLeave")
            return perform(.leave([seat]))
        }
    }

    private mutating func flushTwice(_ seat: WorldSeat) {
        perform(.send(seat, plan.orders[random.below(plan.orders.count)], count: 1 + random.below(10), bytes: 40))
        count("twoFlushes")
        perform(.flush(seat))
        perform(.flush(seat))
    }

    /// A Hold that has been answered, by the application or for it, or has ended.
    private mutating func answerAgain(_ node: Int) {
        for handle in nodes[node].applications.members {
            guard let seat = seat(node, handle), nodes[node].applications.seat(handle)?.lastHeld != nil,
                random.below(2) == 0
            else { continue }
            count("holdOKAgain")
            if random.below(2) == 0 { perform(.holdOK(seat)) }
            perform(.holdOKAgain(seat))
        }
    }

    private mutating func drawHolds(_ node: Int) {
        count("toggledHolds")
        perform(.explicitHolds(node, endpoint: random.below(plan.endpoints), random.below(2) == 0))
    }

    private mutating func drawReload(_ node: Int) {
        let times = ReloadedTimes.allCases[random.below(ReloadedTimes.allCases.count)]
        // Half of the time at all nodes, one after the other in one instant.
        let isForAll = random.below(2) == 0
        for other in nodes.indices where (isForAll || other == node) && nodes[other].isAlive && !nodes[other].isPaused {
            perform(.reload(other, times))
        }
    }

    mutating func reload(_ node: Int, _ times: ReloadedTimes) {
        guard nodes[node].isAlive else { return }
        count("reload")
        handle(.configurationChanged(WorldTuning.retimed(configuration(node, seed: 0), times)), node)
    }

    /// With joins, messages, flushes and leaves of the same turn on their way.
    private mutating func stopAmid(_ node: Int) {
        count("stopAmid")
        drawMany(node)
        perform(.stop(node))
    }

    private mutating func drawMany(_ node: Int) {
        if random.below(2) == 0 { joinTwice(node) }
        for handle in nodes[node].applications.members {
            guard let seat = seat(node, handle) else { continue }
            switch random.below(4) {
            case 0: perform(.send(seat, plan.orders[0], count: 10, bytes: 40))
            case 1: if mayLeave(seat) { perform(.flush(seat)) }
            case 2: perform(.leave([seat]))
            default: break
            }
        }
    }

    private mutating func sendAllOrders(_ seat: WorldSeat) {
        count("allOrders")
        let first = random.below(3)
        for place in 0..<3 {
            perform(
                .send(seat, [Order.fifo, .total, .safe][(first + place) % 3], count: 1 + random.below(3), bytes: 40))
        }
    }

    private mutating func sendOddSize(_ seat: WorldSeat) {
        // A message's own fields, and the packet's, leave it this much less than a packet: about.
        let border = plan.packetBytes - 80 + random.below(100)
        var sizes = [0, 0, 1, 23, border, border, 2 * border, plan.tuning.windowBytes + 1, Limits.messageBytes + 1]
        // What a small window would need a long time for is left out.
        if plan.windowPackets >= 16, plan.farNode == 0, random.below(20) == 0 { sizes.append(Limits.messageBytes) }
        let size = sizes[random.below(sizes.count)]
        switch size {
        case 0: count("emptyMessage")
        case Limits.messageBytes: count("largestMessage")
        default: break
        }
        perform(.send(seat, plan.orders[random.below(plan.orders.count)], count: size > 10_000 ? 1 : 3, bytes: size))
    }

    mutating func sendTooMuch(_ node: Int, _ handle: SeatHandle, _ order: Order, bytes count: Int) -> Bool {
        guard hasCore(node), !nodes[node].isStopping, payload(node, handle, bytes: 0) != nil else { return false }
        let time = clock(node)
        let outcome = [UInt8](repeating: 0, count: count).withUnsafeBytes {
            cores[node][0].multicast(handle, order: order, bytes: $0, at: time, into: &effects)
        }
        settle(node, opensTurn: true)
        switch outcome {
        case .refused(.messageTooLarge), .held, .notMember: self.count("tooLarge")
        case .full: nodes[node].applications.seats[Int(handle.index)]?.isFull = true
        case .accepted, .refused: violate("interface", node, "takes \(count) bytes: \(outcome)")
        }
        return false
    }

    /// Both leave, one after the other in one turn or in two.
    private mutating func leaveTwins(_ seat: WorldSeat) {
        guard plan.endpoints > 1 else { return }
        let twin = WorldSeat(node: seat.node, endpoint: 1 - seat.endpoint, group: seat.group)
        guard membership(twin) == .member else { return }
        count("twinLeave")
        perform(.leave([seat]))
        perform(.send(twin, plan.orders[0], count: 1, bytes: 40))
        if random.below(2) == 0 { perform(.leave([twin])) }
    }

    // MARK: Going on

    /// Messages that the core had no room for, or that came between HoldOK and view.
    mutating func keepUnsent(_ seat: WorldSeat, _ handle: SeatHandle, _ order: Order, count: Int, bytes: Int) {
        guard plan.isOdd > 0, options.isDrawn, nodes[seat.node].applications.seat(handle)?.unsent == nil,
            membership(seat) == .member, bytes <= Limits.messageBytes
        else { return }
        nodes[seat.node].applications.seats[Int(handle.index)]?.unsent = .init(order: order, count: count, bytes: bytes)
    }

    /// The core says that a heavyweight group has room again.
    mutating func writable(_ node: Int, _ group: HWGID) {
        for index in nodes[node].applications.seats.indices {
            guard let seat = nodes[node].applications.seats[index], seat.isFull, carrier(of: seat.group) == group else {
                continue
            }
            nodes[node].applications.seats[index]?.isFull = false
            goOn(node, index)
        }
    }

    mutating func goOn(_ node: Int, _ index: Int) {
        guard nodes[node].applications.seats[index]?.unsent != nil else { return }
        heap.push(.again, at: now, a: node, b: index, life: nodes[node].life)
    }

    mutating func doAgain(_ node: Int, _ place: Int, isJoin: Bool) {
        guard options.isDrawn else { return }
        defer { markLuck() }
        if isJoin {
            nodes[node].applications.returning.removeAll { $0 == place }
            guard isBusy, !nodes[node].isStopping, nodes[node].applications.memberships[place] == .out else { return }
            count("rejoin")
            return perform(.join(node, endpoint: place / options.groups, groups: [place % options.groups]))
        }
        guard place < nodes[node].applications.seats.count, let unsent = nodes[node].applications.seats[place]?.unsent,
            let seat = seat(node, SeatHandle(index: UInt32(place)))
        else { return }
        nodes[node].applications.seats[place]?.unsent = nil
        guard isBusy else { return }
        count("sentOn")
        perform(.send(seat, unsent.order, count: unsent.count, bytes: unsent.bytes))
    }
}
