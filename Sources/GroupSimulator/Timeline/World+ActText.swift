import GroupModel

// Acts, as a script writes them.
extension World {
    func text(of act: WorldAct) -> String {
        func name(_ node: Int) -> String { nodes[node].name }
        func name(_ seat: WorldSeat) -> String { text(node: seat.node, endpoint: seat.endpoint) }
        switch act {
        case .start(let node): return "start \(name(node))"
        case .crash(let node, let late): return "crash \(name(node))\(late ? " late" : "")"
        case .stop(let node): return "stop \(name(node))"
        case .pause(let node, let length):
            return "pause \(name(node))\(length.map { " for \(TimeText.span($0))" } ?? "")"
        case .resume(let node): return "resume \(name(node))"
        case .deafen(let node): return "deafen \(name(node))"
        case .hear(let node): return "hear \(name(node))"
        case .slow(let node, let cost): return "slow \(name(node)) by \(TimeText.span(cost))"
        case .evict(let seat): return "\(name(seat)) evict \(groupNames[seat.group])"
        case .block(let links):
            return "block " + links.map { "\(name($0.from))->\(name($0.to))" }.joined(separator: " ")
        case .heal: return "heal"
        case .clog(let links, let lengths):
            return "clog "
                + zip(links, lengths).map { "\(name($0.from))->\(name($0.to)) for \(TimeText.span($1))" }
                .joined(separator: " ")
        case .reset(let a, let b): return "break \(name(a)) \(name(b))"
        case .lose(let a, let b): return "lose \(name(a)) \(name(b))"
        case .join(let node, let endpoint, let groups):
            return
                "\(text(node: node, endpoint: endpoint)) join \(groups.map { groupNames[$0] }.joined(separator: " "))"
        case .leave(let seats):
            // One act may take several endpoints' seats.
            let leaving = seats.map { "\(groupNames[$0.group])/\(endpointNames[$0.endpoint])" }
            return "\(name(seats.first?.node ?? 0)) leave \(leaving.joined(separator: " "))"
        case .flush(let seat): return "\(name(seat)) flush \(groupNames[seat.group])"
        case .direct(let seat, let to, let incarnation, let endpoint, let bytes):
            let life = incarnation.map { $0 == 1 ? "" : ".\($0)" } ?? ""
            let target = name(to) + life + (endpoint == 0 ? "" : "/\(endpointNames[endpoint])")
            return "\(name(seat)) direct \(groupNames[seat.group]) to \(target) bytes \(bytes)"
        case .send(let seat, let order, let count, let bytes):
            return
                "\(name(seat)) send \(groupNames[seat.group]) \(order)\(count == 1 ? "" : " x \(count)") bytes \(bytes)"
        case .holdOK(let seat): return "\(name(seat)) holdOK \(groupNames[seat.group])"
        case .holdOKAgain(let seat): return "\(name(seat)) holdOK \(groupNames[seat.group]) again"
        case .explicitHolds(let node, let endpoint, let isOn):
            return "\(text(node: node, endpoint: endpoint)) holds \(isOn ? "explicit" : "automatic")"
        case .reload(let node, let times): return "reload \(times) \(name(node))"
        case .calm: return "calm"
        }
    }
}
