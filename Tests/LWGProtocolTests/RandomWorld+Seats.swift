import GroupModel
import GroupSimulator
import LWGProtocol

// What the seats of one node are told, and how a run ends.

extension RandomWorld {
    mutating func take(_ out: LWGOutput, _ node: Int) {
        for request in out.requests { ideal.request(request, from: node) }
        var at = 0
        for event in out.up.events {
            switch event {
            case .seated(let seat, let endpoint, let group):
                let process = History.Process(
                    group: group, endpoint: EndpointID(member: ideal.members[node], name: endpoint))
                hosts[node].seats[seat] = Seat(process: process)
                hosts[node].order.append(seat)
                log.append("\(node) join \(group)/\(endpoint)")
            case .indication(let seat, let indication): seatTold(seat, indication, node)
            case .messages(let count):
                for slice in out.up.slices[at..<(at + count)] { delivered(slice, node) }
                at += count
            case .carrier(let hwg, let view):
                hosts[node].carrier = (hwg, view)
                if heavyViews[hwg, default: [:]][view] == nil { fail("L1: carrier view") }
            case .holdAnswered(let seat, let view):
                guard let state = hosts[node].seats[seat] else { fail("answer of no seat"); continue }
                history.answered(state.process, view)
            case .mapped, .writable: break
            case .refused(_, _, let why): if why != .alreadyJoined { fail("refused: \(why)") }
            }
        }
        if at != out.up.slices.count { fail("slices without an event") }
    }

    private mutating func delivered(_ slice: LWGSlice, _ node: Int) {
        guard let state = hosts[node].seats[slice.seat], slice.length == 8 else { fail("slice of no seat"); return }
        history.delivered(
            state.process, slice.bytes.loadUnaligned(as: UInt64.self), slice.order, number: slice.number,
            sender: slice.sender)
    }

    private mutating func seatTold(_ seat: SeatHandle, _ indication: Indication<EndpointID>, _ node: Int) {
        guard let state = hosts[node].seats[seat] else { fail("indication of no seat"); return }
        let group = state.process.group
        switch indication {
        case .view(let change):
            log.append("\(node)/\(state.process.endpoint.name) \(group) view \(change.view.id) \(change.view.members)")
            hosts[node].seats[seat]?.hasView = true
            hosts[node].seats[seat]?.pendingHold = nil
            history.viewInstalled(state.process, change)
            if let (hwg, view) = hosts[node].carrier, let heavy = heavyViews[hwg]?[view],
                !change.view.members.allSatisfy({ heavy.members.contains($0.member) })
            {
                fail("L1: member outside the HWG view")
            }
        case .hold(let view):
            let hwg = hosts[node].layer.carrier(of: seat)
            history.held(state.process, view, byHeavy: hwg.map { hosts[node].isHeavyHeld[$0] == true } ?? false)
            hosts[node].seats[seat]?.pendingHold = view
        case .direct(let from, _, let bytes):
            directsDelivered += 1
            let view = hosts[node].layer.view(of: seat)
            if view.map({ "\($0.id)" }) != String(decoding: bytes, as: UTF8.self) { fail("direct in another view") }
            if view?.members.contains(from) != true { fail("direct from a stranger") }
        case .left:
            log.append("\(node)/\(state.process.endpoint.name) \(group) left")
            history.left(state.process)
            hosts[node].seats[seat] = nil
            hosts[node].order.removeAll { $0 == seat }
        default: fail("unexpected \(indication)")
        }
    }

    /// Faults stop; everything must come to an end, with one view for each LWG.
    mutating func settle() {
        log.append("faults stop")
        ideal.partition(hosts.indices.map { _ in 0 })
        var steps = 0
        while history.violations.isEmpty, steps < 400_000, !isSettled || steps < 2_000 {
            pass()
            for _ in 0..<50 { idealStep() }
            for node in hosts.indices { answerHold(node) }
            steps += 50
        }
        guard history.violations.isEmpty else { return }
        guard isSettled else { fail("liveness: not settled: \(unsettled)"); return }
        var members: [String: Set<EndpointID>] = [:]
        for host in hosts {
            for seat in host.seats.values { members[seat.process.group, default: []].insert(seat.process.endpoint) }
        }
        var views: [String: View<EndpointID>] = [:]
        for node in hosts.indices {
            for seat in hosts[node].order {
                guard let group = hosts[node].seats[seat]?.process.group,
                    let view = hosts[node].layer.view(of: seat)
                else { fail("a member without a view"); continue }
                if let known = views[group], known != view { fail("liveness: two views of \(group): \(known) \(view)") }
                views[group] = view
                if Set(view.members) != members[group] {
                    fail(
                        "ghosts in \(group) at \(view.id): \(Set(view.members).symmetricDifference(members[group] ?? []))"
                    )
                }
            }
        }
    }

    private var isSettled: Bool { unsettled.isEmpty }

    private var unsettled: String {
        if !ideal.isQuiet { return "hwg" }
        for node in hosts.indices {
            for seat in hosts[node].order {
                guard let state = hosts[node].seats[seat] else { continue }
                if !state.hasView { return "\(state.process) has no view" }
                if state.isLeaving { return "\(state.process) has not left" }
                if state.pendingHold != nil, hosts[node].layer.route(seat) == .held {
                    return "\(state.process) is held"
                }
                if case .send = hosts[node].layer.route(seat) {} else { return "\(state.process) may not send" }
            }
        }
        return ""
    }
}
