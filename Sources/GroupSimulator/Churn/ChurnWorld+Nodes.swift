import GroupCore
import GroupModel

// The nodes' lives, their network and what they are told.
extension ChurnWorld {
    private func card(_ node: Int) -> NodeCard {
        NodeCard(
            name: places[node].name,
            member: MemberID(node: NodeID(name: places[node].name), incarnation: places[node].incarnation),
            address: NodeAddress(high: 0, low: UInt64(node) + 1, port: 1))
    }

    private static func group(_ name: String) -> HWGID {
        guard let name = ShortName(name) else { preconditionFailure("a heavyweight group's name is short") }
        return HWGID(named: name)
    }

    mutating func start(_ node: Int) {
        places[node].incarnation += 1
        var configuration = CoreConfiguration(
            card: card(node), cluster: "churn", seed: random.next(), defaultGroup: Self.group("main"))
        configuration.initialNodes = places.map { NodeID(name: $0.name) }
        configuration.initialCount = places.count
        configuration.isFresh = places[node].incarnation == 1
        configuration.joinGather = .milliseconds(20)
        configuration.announceInterval = .milliseconds(100)
        configuration.pins = [("y*", Self.group("other"))]
        places[node].core = NodeCore(configuration: configuration, at: now)
        connect(node)
        let half = groups.filter { _ in random.below(2) == 0 }
        handle(.join(endpoint: Self.endpoint, groups: half.isEmpty ? groups : half), node)
    }

    /// Killed: the kernel closes its connections at once.
    mutating func end(_ node: Int) {
        let member = card(node).member
        places[node].core = nil
        places[node].seats = [:]
        places[node].deadline = nil
        for other in places.indices where other != node { handle(.peerDisconnected(member), other) }
    }

    /// Liveness connections to all that it can reach.
    mutating func connect(_ node: Int) {
        guard places[node].core != nil else { return }
        for other in places.indices where other != node && places[other].core != nil && !areApart(node, other) {
            handle(.peerConnected(card(other)), node)
            handle(.peerConnected(card(node)), other)
        }
    }

    mutating func separate(_ node: Int, _ other: Int) {
        guard node != other, apart.insert(pair(node, other)).inserted else { return }
        handle(.peerDisconnected(card(other).member), node)
        handle(.peerDisconnected(card(node).member), other)
    }

    private func pair(_ first: Int, _ second: Int) -> Int { min(first, second) * places.count + max(first, second) }
    private func areApart(_ first: Int, _ second: Int) -> Bool { apart.contains(pair(first, second)) }

    // MARK: Time

    mutating func handle(_ event: NodeEvent, _ node: Int) {
        var effects = Effects()
        places[node].core?.handle(event, at: now, into: &effects)
        take(&effects, node)
        effects.removeAll()
        places[node].core?.handle(.turnEnded, at: now, into: &effects)
        take(&effects, node)
    }

    mutating func pass(_ time: Interval) {
        let end = now + time
        while true {
            var next = end
            if head < queue.count { next = min(next, queue[head].at) }
            for place in places { if let due = place.deadline { next = min(next, due) } }
            guard next < end else { break }
            now = max(now, next)
            while head < queue.count, queue[head].at <= now { deliverNext() }
            for node in places.indices {
                guard let due = places[node].deadline, due <= now else { continue }
                handle(.deadlineReached, node)
            }
        }
        now = end
    }

    private mutating func deliverNext() {
        let datagram = queue[head]
        head += 1
        if head > 4_096, head * 2 > queue.count {
            queue.removeFirst(head)
            head = 0
        }
        guard let node = index(of: datagram.to), let from = index(of: datagram.from), !areApart(node, from) else {
            return
        }
        var effects = Effects()
        places[node].core?.datagramArrived(datagram.packet.contents, at: now, into: &effects)
        take(&effects, node)
        effects.removeAll()
        places[node].core?.handle(.turnEnded, at: now, into: &effects)
        take(&effects, node)
    }

    /// A member of this very incarnation.
    private func index(of member: MemberID) -> Int? {
        places.indices.first { places[$0].core != nil && card($0).member == member }
    }

    // MARK: What a core says

    mutating func take(_ effects: inout Effects, _ node: Int) {
        let member = card(node).member
        for transmission in effects.transmissions {
            queue.append(
                Datagram(at: now + Self.delay, from: member, to: transmission.to, packet: transmission.packet))
        }
        if node == Self.survivor {
            for case .group(_, .installed) in effects.notes { installed() }
        }
        var next = 0
        for event in effects.lwg.events {
            switch event {
            case .seated(let handle, _, let group): places[node].seats[Int(handle.index)] = Seat(group: group)
            case .indication(let handle, .view(let change)): entered(node, Int(handle.index), change)
            case .indication(let handle, .left): places[node].seats[Int(handle.index)] = nil
            case .messages(let count):
                for slice in effects.lwg.slices[next..<(next + count)] { received(node, slice) }
                next += count
            default: break
            }
        }
        places[node].deadline = places[node].core?.nextDeadline
    }

    private mutating func received(_ node: Int, _ slice: LWGSlice) {
        delivered += 1
        let seat = Int(slice.seat.index)
        let word = slice.number &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(slice.sender)
        places[node].seats[seat]?.count += 1
        places[node].seats[seat]?.sum &+= StableHash.mix(word)
    }

    /// D4: who came the same way delivered the same.
    private mutating func entered(_ node: Int, _ index: Int, _ change: ViewChange<EndpointID>) {
        lightweightViews += 1
        guard let seat = places[node].seats[index] else { return }
        if let from = seat.view, from == change.previous {
            let passage = Passage(group: seat.group, from: from, to: change.view.id)
            if let other = passages[passage] {
                compared += 1
                if other != (seat.count, seat.sum), violations.count < 10 {
                    violations.append(
                        "D4: \(places[node].name) delivered \(seat.count) messages in \(seat.group) \(from), another \(other.count)"
                    )
                }
            } else {
                if passages.count >= Self.passagesKept { passages.removeAll(keepingCapacity: true) }
                passages[passage] = (seat.count, seat.sum)
            }
        }
        places[node].seats[index] = Seat(group: seat.group, view: change.view.id)
    }
}
