import GroupCore
import GroupModel
import GroupWire

// Packets on their way, and what befalls them.
extension World {
    /// Datagrams that a paused process's socket holds; the kernel drops what comes after.
    private static var socketPackets: Int { 256 }

    /// False when the node was struck down in between: the rest is not sent.
    mutating func transmit(from node: Int) -> Bool {
        network.begin()
        for index in effects.transmissions.indices {
            let transmission = effects.transmissions[index]
            guard let to = self.index(of: transmission.to.node) else {
                count("unknownReceiver")
                continue
            }
            if mayFail, plan.strike > 0, isMembership(transmission.packet), random.below(10_000) < plan.strike {
                if options.faults.contains(.crashes), random.below(2) == 0 {
                    count("strike")
                    return false
                }
                reset(node, to)
            }
            post(transmission.packet, from: node, to: to)
            if network.duplication > 0, random.below(10_000) < network.duplication {
                count("duplicated")
                post(transmission.packet, from: node, to: to)
            }
            if isStruck(node) { return false }
        }
        return true
    }

    private func isMembership(_ packet: Packet) -> Bool {
        guard let header = try? FrameHeader.read(packet.contents) else { return false }
        switch header.kind {
        case .data, .acknowledge, .negativeAcknowledge, .direct, .directAcknowledge, .heartbeat, .announce: return false
        case .propose, .flushed, .cut, .cutReached, .install, .refuse, .report, .installed, .mergeRequest, .mergeAnswer:
            return true
        }
    }

    func index(of id: NodeID) -> Int? { nodeIDs.firstIndex(of: id) }

    private mutating func post(_ packet: Packet, from: Int, to: Int) {
        let link = network.link(from, to)
        let fate = options.keepsTranscript && !options.isBrief ? sayFrame(packet, from, to) : .passes
        if options.isBrief { tally.count(.frame) }
        if network.isBlocked[link] { return }
        if network.loss > 0, random.below(10_000) < network.loss { return }
        if network.replay > 0, let (again, link) = network.remember(packet, on: link, &random) {
            count("replayed")
            enqueue(again, from: link / nodes.count, to: link % nodes.count)
        }
        var packet = packet
        if network.foreign > 0, random.below(10_000) < network.foreign {
            enqueue(strange(packet), from: from, to: to)
        }
        if network.corruption > 0, packet.count > 0, random.below(10_000) < network.corruption {
            packet = corrupted(packet)
        }
        switch fate {
        case .passes: enqueue(packet, from: from, to: to)
        case .dropped: break
        case .held(let text): stage?.held.append(Stage.Held(packet: packet, from: from, to: to, text: text))
        case .delayed(let time): enqueue(packet, from: from, to: to, late: time)
        }
    }

    /// Shows the frame, unless it is of those that would drown the others, and says what the script does to it.
    private mutating func sayFrame(_ packet: Packet, _ from: Int, _ to: Int) -> Stage.Fate {
        guard let header = try? FrameHeader.read(packet.contents), let frame = text(packet, header.kind) else {
            return .passes
        }
        let fate = stage?.fate(of: frame, from: from, to: to) ?? .passes
        let isBackground = [.acknowledge, .directAcknowledge, .heartbeat, .announce].contains(header.kind)
        let isShown = !isBackground && (header.kind != .data || stage != nil)
        let isLost = network.isBlocked[network.link(from, to)] ? " (blocked)" : fate.remark
        happened(.frame, isShown: isShown) { "\($0.nodes[from].name) > \($0.nodes[to].name) \(frame)\(isLost)" }
        return fate
    }

    /// A frame arrives: nobody shows that, but scripts may wait for it.
    private mutating func announceArrival(_ packet: Packet, _ from: Int, _ to: Int) {
        guard isStaged, let header = try? FrameHeader.read(packet.contents), let frame = text(packet, header.kind)
        else { return }
        happened(.frame, isShown: false) { "\($0.nodes[to].name) < \($0.nodes[from].name) \(frame)" }
    }

    mutating func enqueue(_ packet: Packet, from: Int, to: Int, late: Int64) {
        heap.push(.datagram, at: now + late, a: from, b: to, c: network.store(packet))
    }

    mutating func enqueue(_ packet: Packet, from: Int, to: Int) {
        let time = network.arrival(on: network.link(from, to), at: now, &random)
        heap.push(.datagram, at: time, a: from, b: to, c: network.store(packet))
    }

    /// A copy with a header that this cluster must not take, or bytes without any sense.
    private mutating func strange(_ packet: Packet) -> Packet {
        count("foreign")
        let copy = Packet(copying: packet.contents)
        guard copy.count >= FrameHeader.bytes, random.below(4) > 0 else {
            for offset in 0..<copy.count {
                copy.bytes.storeBytes(
                    of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: offset, as: UInt8.self)
            }
            return copy
        }
        // Magic, version or cluster.
        let offset = [0, 1, 2, 4, 5, 6, 7][random.below(7)]
        let byte = copy.bytes.load(fromByteOffset: offset, as: UInt8.self) ^ UInt8(1 << random.below(8))
        copy.bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        return copy
    }

    private mutating func corrupted(_ packet: Packet) -> Packet {
        count("corrupted")
        let copy = Packet(copying: packet.contents)
        switch random.below(3) {
        case 0: copy.count = random.below(packet.count)
        case 1:
            let offset = random.below(copy.count)
            let byte = copy.bytes.load(fromByteOffset: offset, as: UInt8.self) ^ UInt8(1 << random.below(8))
            copy.bytes.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        default:
            for _ in 0..<4 {
                copy.bytes.storeBytes(
                    of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: random.below(copy.count), as: UInt8.self
                )
            }
        }
        return copy
    }

    mutating func arrive(_ event: WorldEvent) {
        let to = Int(event.b)
        if nodes[to].isPaused, nodes[to].backlog.count < Self.socketPackets {
            nodes[to].backlog.append(event)
            return
        }
        guard nodes[to].isAlive, nodes[to].cost > 0 || !nodes[to].waiting.isEmpty else { return receive(event) }
        if nodes[to].waiting.isEmpty {
            guard nodes[to].busyUntil > now else {
                nodes[to].busyUntil = now + nodes[to].cost
                return receive(event)
            }
            heap.push(.serve, at: nodes[to].busyUntil, a: to, life: nodes[to].life)
        }
        // Those that the socket has no room for are lost.
        if nodes[to].waiting.count < Self.socketPackets {
            nodes[to].waiting.append(event)
        } else {
            _ = network.take(Int(event.c))
        }
    }

    /// The first of those that wait in the socket of a slow node.
    mutating func serve(_ node: Int) {
        guard !nodes[node].waiting.isEmpty else { return }
        let event = nodes[node].waiting.removeFirst()
        nodes[node].busyUntil = now + nodes[node].cost
        if !nodes[node].waiting.isEmpty {
            heap.push(.serve, at: nodes[node].busyUntil, a: node, life: nodes[node].life)
        }
        receive(event)
    }

    private mutating func receive(_ event: WorldEvent) {
        let to = Int(event.b)
        guard let (packet, isUnchanged) = network.take(Int(event.c)) else { return }
        if !isUnchanged { violate("packet", Int(event.a), "wrote into a packet that was on its way") }
        guard nodes[to].isAlive, !nodes[to].isPaused, !network.isBlocked[network.link(Int(event.a), to)] else { return }
        announceArrival(packet, Int(event.a), to)
        if isStruck(to) { return end(to, closing: .prompt) }
        if mayFail, plan.ambush > 0, isMembership(packet), random.below(10_000) < plan.ambush {
            count("ambush")
            return end(to, closing: .prompt)
        }
        let time = clock(to)
        cores[to][0].datagramArrived(packet.contents, at: time, into: &effects)
        settle(to, opensTurn: true)
    }
}
