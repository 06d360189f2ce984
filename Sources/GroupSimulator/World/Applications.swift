import GroupCore
import GroupModel

/// The applications of one node: which groups their endpoints are in, as the core's indications say.
struct Applications {
    enum Membership: UInt8 { case out, joining, member, leaving }

    struct Seat {
        var group: Int
        var endpoint: Int
        var view: View<EndpointID>?
        /// By rank in the view, whom its messages say that they are of.
        var senders: [UInt64] = []
        /// The view whose Hold is to be answered.
        var held: ViewID?
        /// The last such view, whose Hold may be answered already.
        var lastHeld: ViewID?
        /// Flushes on their way; until they return the seat sends nothing, so that S2 is plain in the trace.
        var flushTokens: [UInt64] = []
        /// It was refused as `full`, and is owed a `writable` or a view.
        var isFull = false
        /// What it could not send, and sends when it may again.
        var unsent: Unsent?
        var sent: UInt64 = 0
    }

    struct Unsent {
        var order: Order
        var count: Int
        var bytes: Int
    }

    /// By the number of the handle.
    var seats: [Seat?] = []
    /// Per endpoint × groups + group.
    var memberships: [Membership] = []
    /// Seats that have a view, for choosing one.
    var members: [SeatHandle] = []
    var nextToken: UInt64 = 1
    /// Memberships that are to be joined again as soon as they are out.
    var returning: [Int] = []

    func seat(_ handle: SeatHandle) -> Seat? {
        let index = Int(handle.index)
        return index < seats.count ? seats[index] : nil
    }

    /// Whether these are bytes that the seat may be given from the member of this rank: asked for each message.
    func isSound(_ bytes: UnsafeRawBufferPointer, from rank: Int, at handle: SeatHandle) -> Bool {
        let index = Int(handle.index)
        guard index < seats.count, let senders = seats[index]?.senders, let group = seats[index]?.group,
            rank < senders.count
        else { return false }
        guard let payload = Payload(bytes) else {
            return Payload(sender: senders[rank], group: UInt64(group), number: 0).begins(with: bytes)
        }
        return payload.sender == senders[rank] && payload.group == UInt64(group)
    }
}

/// What applications put into a message: who sent it, in which group, as the how-manieth, then bytes that follow from
/// these. So the receiver can tell a message that is another's, cut or stitched.
struct Payload {
    static let headerBytes = 24
    var sender: UInt64
    var group: UInt64
    var number: UInt64

    static func sender(node: Int, incarnation: UInt32, endpoint: Int) -> UInt64 {
        UInt64(node) << 40 | UInt64(incarnation) << 8 | UInt64(endpoint)
    }

    /// Fewer than `headerBytes` are the header's first ones.
    func bytes(_ count: Int) -> [UInt8] {
        guard count >= Self.headerBytes else { return Array(bytes(Self.headerBytes).prefix(max(count, 0))) }
        return [UInt8](unsafeUninitializedCapacity: max(count, Self.headerBytes)) { buffer, written in
            let target = UnsafeMutableRawBufferPointer(buffer)
            target.storeBytes(of: sender.littleEndian, toByteOffset: 0, as: UInt64.self)
            target.storeBytes(of: group.littleEndian, toByteOffset: 8, as: UInt64.self)
            target.storeBytes(of: number.littleEndian, toByteOffset: 16, as: UInt64.self)
            var place = Self.headerBytes
            Self.fillers.withUnsafeBytes { fillers in
                while place < count {
                    let length = min(count - place, Self.fillerBytes)
                    let start = (filler &+ place) & 0xFF
                    UnsafeMutableRawBufferPointer(rebasing: target[place..<(place + length)])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: fillers[start..<(start + length)]))
                    place += length
                }
            }
            written = place
        }
    }

    /// Bytes of the filler that are written and compared at once.
    private static let fillerBytes = 256
    /// From each byte on, `fillerBytes` bytes that count up.
    private static let fillers = (0..<2 * fillerBytes).map { UInt8(truncatingIfNeeded: $0) }

    private var filler: Int { Int(truncatingIfNeeded: number &* 7 &+ sender &+ group) & 0xFF }

    /// Nil when the bytes are not what some sender wrote.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerBytes else { return nil }
        sender = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        group = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        var place = Self.headerBytes
        while place < bytes.count {
            let next = min(bytes.count, place + Self.fillerBytes)
            let start = (filler &+ place) & 0xFF
            let piece = UnsafeRawBufferPointer(rebasing: bytes[place..<next])
            let isWhole = Self.fillers.withUnsafeBytes {
                piece.elementsEqualBytes(UnsafeRawBufferPointer(rebasing: $0[start..<start + next - place]))
            }
            guard isWhole else { return nil }
            place = next
        }
    }

    /// Whether these are too few to say their number, and right as far as they go.
    func begins(with bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count < Self.headerBytes else { return false }
        return bytes.prefix(16).elementsEqual(self.bytes(Self.headerBytes).prefix(min(bytes.count, 16)))
    }

    init(sender: UInt64, group: UInt64, number: UInt64) {
        self.sender = sender
        self.group = group
        self.number = number
    }
}

// What the core tells the applications.
extension World {
    mutating func indicate(_ node: Int) {
        var next = 0
        for index in effects.lwg.events.indices {
            switch effects.lwg.events[index] {
            case .seated(let handle, let endpoint, let group): seated(node, handle, endpoint, group)
            case .indication(let handle, let indication): self.indication(node, handle, indication)
            case .messages(let count):
                guard next + count <= effects.lwg.slices.count else {
                    violate("interface", node, "counts more messages than there are slices")
                    continue
                }
                for place in next..<(next + count) { message(node, effects.lwg.slices[place]) }
                next += count
            case .refused(let endpoint, let group, .alreadyJoined) where plan.mayEvict:
                // It was evicted and told so, and the others have not agreed yet.
                count("refusedAfterEviction")
                refusedAfterEviction(node, endpoint, group)
            case .refused(_, _, .tooManyGroups) where plan.tuning.limits.groupsPerHWG < options.groups:
                count("tooManyGroups")
            case .refused(let endpoint, let group, .notAMember) where hasLostAddressee(node, endpoint, group):
                count("lostAddressee")
            case .refused(_, let group, let refusal):
                count("refused")
                violate("interface", node, group: "lwg:\(group)", "refuses a proper request: \(refusal)")
            case .writable(let hwg): writable(node, hwg)
            case .carrier, .holdAnswered, .mapped: break
            }
        }
        if next != effects.lwg.slices.count { violate("interface", node, "has slices that no event counts") }
    }

    /// Where deliveries go up together, a view without the addressee may have waited for this request.
    private func hasLostAddressee(_ node: Int, _ endpoint: ShortName, _ name: String) -> Bool {
        guard let addressee, let endpoint = endpointNames.firstIndex(of: endpoint), let group = Int(name.dropFirst()),
            let handle = handle(of: WorldSeat(node: node, endpoint: endpoint, group: group)),
            let view = nodes[node].applications.seat(handle)?.view
        else { return false }
        return !view.members.contains(addressee)
    }

    private mutating func refusedAfterEviction(_ node: Int, _ endpoint: ShortName, _ name: String) {
        guard let endpoint = endpointNames.firstIndex(of: endpoint), let group = Int(name.dropFirst()) else { return }
        let place = endpoint * options.groups + group
        if nodes[node].applications.memberships[place] == .joining {
            nodes[node].applications.memberships[place] = .out
        }
    }

    private mutating func seated(_ node: Int, _ handle: SeatHandle, _ endpoint: ShortName, _ name: String) {
        guard let endpoint = endpointNames.firstIndex(of: endpoint), let group = Int(name.dropFirst()) else { return }
        let index = Int(handle.index)
        // A handle is dense: an absurd one would make an absurd table.
        guard index < 1 << 24 else { return violate("interface", node, "seat handle \(index) is not dense") }
        while nodes[node].applications.seats.count <= index { nodes[node].applications.seats.append(nil) }
        if nodes[node].applications.seats[index] != nil {
            violate("interface", node, group: "lwg:\(name)", "gives seat handle \(index) a second time")
        }
        nodes[node].applications.seats[index] = Applications.Seat(group: group, endpoint: endpoint)
    }

    private mutating func indication(_ node: Int, _ handle: SeatHandle, _ indication: Indication<EndpointID>) {
        let index = Int(handle.index)
        guard let seat = nodes[node].applications.seat(handle) else {
            return violate("interface", node, "has an indication for a seat that nobody has")
        }
        switch indication {
        case .view(let change):
            if seat.view == nil {
                nodes[node].applications.members.append(handle)
                let place = seat.endpoint * options.groups + seat.group
                if nodes[node].applications.memberships[place] == .joining {
                    nodes[node].applications.memberships[place] = .member
                }
            }
            if change.subViews.count > 1 { count("lwgMerge") }
            nodes[node].applications.seats[index]?.view = change.view
            // No closure: it would copy the world.
            var senders: [UInt64] = []
            for member in change.view.members { senders.append(sender(member)) }
            nodes[node].applications.seats[index]?.senders = senders
            nodes[node].applications.seats[index]?.held = nil
            nodes[node].applications.seats[index]?.isFull = false
            goOn(node, index)
        case .hold(let view):
            nodes[node].applications.seats[index]?.held = view
            nodes[node].applications.seats[index]?.lastHeld = view
            guard plan.holdDelay > 0, !plan.holdsByHand, seat.endpoint == 1 || plan.isOdd > 0 else { return }
            var delay = Int64(random.below(Int(mayFail ? plan.holdDelay : plan.holdDelay / 10)))
            if plan.silence > 0, random.below(100) < plan.silence {
                count("silentHold")
                // Half of the silent ones answer after all, before or after the deadline.
                if random.below(2) == 0 { return }
                delay = Int64(random.below(Int(plan.holdDeadline.nanoseconds * 2)))
            }
            if delay > 10_000_000 { count("lateHoldOK") }
            heap.push(.holdAnswer, at: now + delay, a: node, b: index, life: nodes[node].life)
        case .flushed(let token):
            if !seat.flushTokens.contains(token) { violate("interface", node, "a flush returned that nobody called") }
            nodes[node].applications.seats[index]?.flushTokens.removeAll { $0 == token }
            count("flush")
        case .direct(let from, _, let bytes):
            count("direct")
            bytes.withUnsafeBytes { check($0, node, seat, sender: from) }
        case .left(let reason):
            if reason != .requested && reason != .stopped {
                count(reason == .holdExpired ? "holdExpired" : "left.\(reason)")
            }
            let place = seat.endpoint * options.groups + seat.group
            nodes[node].applications.memberships[place] = .out
            if nodes[node].applications.returning.contains(place) {
                heap.push(.again, at: now, a: node, b: place, c: 1, life: nodes[node].life)
            }
            nodes[node].applications.members.removeAll { $0 == handle }
            nodes[node].applications.seats[index] = nil
        case .messages, .sent, .writable: break
        }
    }

    private mutating func message(_ node: Int, _ slice: LWGSlice) {
        if nodes[node].applications.isSound(slice.bytes, from: Int(slice.sender), at: slice.seat) {
            if slice.isTransitional { count("transitionalDelivery") }
            return
        }
        guard let seat = nodes[node].applications.seat(slice.seat), let view = seat.view else {
            return violate("interface", node, "delivers a message to a seat without a view")
        }
        guard Int(slice.sender) < view.members.count else {
            return violate(
                "interface", node, group: "lwg:g\(seat.group)",
                "delivers a message of rank \(slice.sender) in \(view.id), which has \(view.members.count) members")
        }
        if slice.isTransitional { count("transitionalDelivery") }
        check(slice.bytes, node, seat, sender: view.members[Int(slice.sender)])
    }

    private mutating func check(
        _ bytes: UnsafeRawBufferPointer, _ node: Int, _ seat: Applications.Seat, sender: EndpointID
    ) {
        guard let payload = Payload(bytes) else {
            let short = Payload(sender: self.sender(sender), group: UInt64(seat.group), number: 0)
            if short.begins(with: bytes) { return }
            return violate(
                "D1", node, group: "lwg:g\(seat.group)", "delivers \(bytes.count) bytes of \(sender) that nobody sent")
        }
        if payload.sender != self.sender(sender) || payload.group != UInt64(seat.group) {
            violate(
                "D1", node, group: "lwg:g\(seat.group)",
                "delivers as \(sender)'s a message that another sent, or in another group")
        }
    }

    /// Whom the messages of this member say that they are of.
    private func sender(_ member: EndpointID) -> UInt64 {
        Payload.sender(
            node: index(of: member.member.node) ?? 0, incarnation: member.member.incarnation,
            endpoint: endpointNames.firstIndex(of: member.name) ?? 0)
    }
}
