import GroupModel

extension World {
    /// Does one act, wherever it comes from, and keeps it when asked to.
    mutating func perform(_ act: WorldAct) {
        if options.keepsActs { acts.append(DrawnAct(moment: moment, luck: random.seed, act: act)) }
        happened(TimelineKind(act)) { "* \($0.text(of: act))" }
        switch act {
        case .start(let node): if !nodes[node].isAlive { start(node) }
        case .crash(let node, let late):
            guard nodes[node].isAlive else { return }
            count("crash")
            end(node, closing: late ? .late : .prompt)
        case .stop(let node): stop(node)
        case .pause(let node, let length): pause(node, length)
        case .resume(let node): resume(node)
        case .deafen(let node): deafen(node)
        case .hear(let node): relieve(node)
        case .evict(let seat):
            guard let handle = handle(of: seat) else { return }
            self.handle(.evict(seats: [handle], .slow), seat.node)
        case .slow(let node, let cost): nodes[node].cost = cost
        case .block(let links): for link in links { block(link.from, link.to) }
        case .heal: heal()
        case .clog(let links, let lengths):
            for (link, length) in zip(links, lengths) {
                network.cloggedUntil[network.link(link.from, link.to)] = now + length
            }
        case .reset(let a, let b): reset(a, b)
        case .lose(let a, let b): close(a, b, within: 1)
        case .join(let node, let endpoint, let groups): join(node, endpoint, groups)
        case .leave(let seats): leave(seats)
        case .flush(let seat): flush(seat)
        case .direct(let seat, let to, let incarnation, let endpoint, let bytes):
            direct(seat, to: to, incarnation, endpoint, bytes: bytes)
        case .send(let seat, let order, let count, let bytes):
            guard let handle = handle(of: seat) else { return }
            for sent in 0..<count where !send(seat.node, handle, order, bytes: bytes) {
                return keepUnsent(seat, handle, order, count: count - sent, bytes: bytes)
            }
        case .holdOK(let seat):
            guard let handle = handle(of: seat) else { return }
            answerHold(seat.node, seat: Int(handle.index))
        case .holdOKAgain(let seat):
            guard let handle = handle(of: seat), let view = nodes[seat.node].applications.seat(handle)?.lastHeld else {
                return
            }
            self.handle(.holdOK(handle, view), seat.node)
        case .explicitHolds(let node, let endpoint, let isOn):
            guard nodes[node].isAlive else { return }
            self.handle(.explicitHolds(endpoint: endpointNames[endpoint], isOn), node)
        case .reload(let node, let times): reload(node, times)
        case .calm: calm()
        }
    }

    /// Now, as a script can name it.
    private var moment: WorldMoment {
        WorldMoment(time: now, events: heap.nextTime == now ? eventsOfNow : nil)
    }

    /// Keeps the state of the generator, after draws that belong to no act.
    mutating func markLuck() {
        guard options.keepsActs else { return }
        if let last = acts.last, last.act == nil, last.moment == moment {
            acts[acts.count - 1].luck = random.seed
        } else {
            acts.append(DrawnAct(moment: moment, luck: random.seed, act: nil))
        }
    }

    /// The seat's handle while an application sits there.
    func handle(of seat: WorldSeat) -> SeatHandle? {
        guard nodes[seat.node].isAlive else { return nil }
        let seats = nodes[seat.node].applications.seats
        return seats.indices.last { seats[$0]?.group == seat.group && seats[$0]?.endpoint == seat.endpoint }
            .map { SeatHandle(index: UInt32($0)) }
    }

    func seat(_ node: Int, _ handle: SeatHandle) -> WorldSeat? {
        nodes[node].applications.seat(handle).map { WorldSeat(node: node, endpoint: $0.endpoint, group: $0.group) }
    }
}
