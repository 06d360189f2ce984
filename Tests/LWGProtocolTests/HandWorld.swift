import GroupModel
import LWGProtocol

/// Nodes of one HWG view whose control messages are delivered to all at once, in the order sent, or one by one by hand.
struct HandWorld {
    struct Control {
        let sender: Int
        let bytes: [UInt8]
    }
    let hwg = HWGID(named: ShortName("h")!)
    let members: [MemberID]
    var view: View<MemberID>
    var layers: [LWGLayer]
    /// Control messages in total order.
    var controls: [Control] = []
    /// How many of them each node has delivered.
    var delivered: [Int]
    var events: [[LWGEvent]]
    var payloads: [[(seat: SeatHandle, text: String)]]
    var answers: [Int: Bool] = [:]
    var requests: [[HWGRequest]]
    var relabels: [Relabel] = []
    var now = Instant.zero

    init(
        members count: Int, reportsHolds: Bool = true, limits: LWGLimits = LWGLimits(),
        hash: @escaping @Sendable (String) -> LWGID = { LWGID(name: $0) }, starts: Bool = true
    ) {
        let list = (0..<count).map { MemberID(node: NodeID(name: "n\($0)"), incarnation: 1) }
        let hwg = hwg
        members = list
        view = View(id: ViewID(epoch: 7, coordinator: list[0]), members: list)
        layers = list.map {
            LWGLayer(
                me: $0, mapping: StaticMapping(default: hwg), reportsHolds: reportsHolds, limits: limits, hash: hash)
        }
        delivered = .init(repeating: 0, count: count)
        events = .init(repeating: [], count: count)
        payloads = .init(repeating: [], count: count)
        requests = .init(repeating: [], count: count)
        if starts { for node in 0..<count { start(node) } }
    }

    /// The carrier stands: joined, with a first view of all members and no state anywhere.
    mutating func start(_ node: Int) {
        join(node, "0", ["start"])
        layers[node].leave(seats: seats(node), into: &scratch)
        scratch.removeAll()
        events[node] = []
        requests[node] = []
        show(node, view, previous: nil, together: [members[node]], sides: [])
    }
    private var scratch = LWGOutput()

    mutating func show(
        _ node: Int, _ view: View<MemberID>, previous: ViewID?, together: [MemberID], sides: [SubView<MemberID>],
        primary: Bool = true
    ) {
        var indications = HWGIndications()
        indications.events.append(
            .view(
                ViewChange(
                    view: view, previous: previous, joined: [], left: [], transitional: together, subViews: sides,
                    primary: primary)))
        handle(node, indications)
    }

    mutating func handle(_ node: Int, _ indications: HWGIndications) {
        var out = LWGOutput()
        out.up.events.reserveCapacity(eventCapacity)
        let began = ContinuousClock.now
        layers[node].handle(indications, from: hwg, at: now, into: &out)
        handleTime = Measurements.milliseconds(ContinuousClock.now - began)
        take(node, out)
        eventCapacity = max(eventCapacity, out.up.events.count)
    }
    /// Of the last call, in milliseconds; a shell reuses its output, too.
    private(set) var handleTime = 0.0
    private var eventCapacity = 0

    mutating func take(_ node: Int, _ out: LWGOutput) {
        for request in out.requests {
            requests[node].append(request)
            if case .control(_, let bytes) = request { controls.append(Control(sender: node, bytes: bytes)) }
            if case .holdOK(_, _, let hasState) = request { answers[node] = hasState }
        }
        events[node] += out.up.events
        relabels += out.relabels
        for slice in out.up.slices {
            payloads[node].append((slice.seat, String(decoding: slice.bytes, as: UTF8.self)))
        }
    }

    mutating func join(_ node: Int, _ endpoint: String, _ groups: [String]) {
        var out = LWGOutput()
        layers[node].join(endpoint: ShortName(endpoint)!, groups: groups, into: &out)
        take(node, out)
    }

    mutating func leave(_ node: Int, _ seat: SeatHandle, reason: LeftReason = .requested) {
        var out = LWGOutput()
        layers[node].leave(seats: [seat], reason: reason, into: &out)
        take(node, out)
    }

    mutating func holdOK(_ node: Int, _ seat: SeatHandle) {
        var out = LWGOutput()
        if let view = layers[node].view(of: seat) { layers[node].holdOK(seat, view.id, into: &out) }
        take(node, out)
    }

    /// Time goes on, in steps in which each layer may look at the clock, as a node does that runs.
    mutating func pass(_ span: Interval, step: Interval = .milliseconds(50)) {
        let end = now + span
        while now < end {
            now = min(now + step, end)
            for node in layers.indices { look(node) }
        }
    }

    /// The deadline, if it is due.
    mutating func look(_ node: Int) {
        guard let due = layers[node].nextDeadline, due <= now else { return }
        var out = LWGOutput()
        layers[node].deadlineReached(at: now, into: &out)
        take(node, out)
    }

    func seats(_ node: Int) -> [SeatHandle] {
        events[node].compactMap { if case .seated(let seat, _, _) = $0 { seat } else { nil } }
    }

    func views(_ node: Int, _ seat: SeatHandle) -> [ViewChange<EndpointID>] {
        events[node].compactMap {
            if case .indication(seat, .view(let change)) = $0 { change } else { nil }
        }
    }

    func members(_ node: Int, _ seat: SeatHandle) -> [String] {
        layers[node].view(of: seat)?.members.map { member in
            "\(members.firstIndex(of: member.member) ?? -1)/\(member.name)"
        } ?? []
    }

    /// The next control message in order, at one node.
    mutating func deliverNext(_ node: Int, isRest: Bool = false) {
        let control = controls[delivered[node]]
        delivered[node] += 1
        deliver(node, control.bytes, sender: control.sender, label: 0, isControl: true, isRest: isRest)
    }

    mutating func deliverAll(except absent: Set<Int> = []) {
        var isBusy = true
        while isBusy {
            isBusy = false
            for node in layers.indices where !absent.contains(node) && delivered[node] < controls.count {
                deliverNext(node)
                isBusy = true
            }
        }
    }

    mutating func deliver(
        _ node: Int, _ bytes: [UInt8], sender: Int, label: UInt32, isControl: Bool = false, isRest: Bool = false
    ) {
        let packet = Packet(bytes)
        var indications = HWGIndications()
        indications.batch.keep(packet)
        let rank = view.rank(of: members[sender]) ?? 0
        indications.deliver(
            MessageSlice(
                start: UnsafeRawPointer(packet.bytes), length: UInt32(packet.count), label: label, number: 1,
                sender: UInt16(rank), order: isControl ? .total : .fifo, isControl: isControl, isTransitional: isRest))
        handle(node, indications)
    }

    /// Sends text from a seat to the nodes named; what the route says otherwise.
    @discardableResult
    mutating func send(_ node: Int, _ seat: SeatHandle, _ text: String, to: [Int]) -> LWGLayer.Route {
        let route = layers[node].route(seat)
        guard case .send(_, _, let label) = route else { return route }
        for target in to { deliver(target, Array(text.utf8), sender: node, label: label) }
        return route
    }

    mutating func hold(_ node: Int) {
        var indications = HWGIndications()
        indications.events.append(.hold(view.id))
        handle(node, indications)
    }

    /// The HWG view without one member at all others; the milliseconds that node 0 took.
    @discardableResult
    mutating func crash(_ gone: Int, holds: Bool = true) -> Double {
        if holds { for node in layers.indices where node != gone { hold(node) } }
        let left = view.members.filter { $0 != members[gone] }
        let old = view
        view = View(id: ViewID(epoch: view.id.epoch + 1, coordinator: left[0]), members: left)
        controls.removeAll()
        delivered = .init(repeating: 0, count: delivered.count)
        var time = 0.0
        for node in layers.indices where old.members.contains(members[node]) && node != gone {
            show(
                node, view, previous: old.id, together: left,
                sides: [SubView(previous: old.id, members: left, hasState: true)])
            if node == 0 { time = handleTime }
        }
        return time
    }
}
