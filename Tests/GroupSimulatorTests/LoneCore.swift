import GroupCore
import GroupModel
import GroupSimulator

/// A core that never talks to anybody: each seat is alone in its group. Right in a world of one node, and wrong in
/// any larger one, which the world must notice.
struct LoneCore: SimulatedCore {
    /// What a test makes it do wrong.
    enum Flaw: Sendable { case none, garbles, repeats, holdsForever, neverJoins }

    private struct Seat {
        var name: String
        var endpoint: EndpointID
        var view: ViewID
    }

    private let configuration: CoreConfiguration
    private var seats: [Seat?] = []
    private var epoch: UInt64 = 0
    private var number: UInt64 = 0
    private let flaw: Flaw
    private var tick: Instant

    init(configuration: CoreConfiguration, at now: Instant) {
        self.init(configuration: configuration, at: now, flaw: .none)
    }

    init(configuration: CoreConfiguration, at now: Instant, flaw: Flaw) {
        self.configuration = configuration
        self.flaw = flaw
        tick = now + .milliseconds(100)
    }

    var nextDeadline: Instant? { tick }

    mutating func datagramArrived(_ bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects) {}

    mutating func handle(_ event: NodeEvent, at now: Instant, into effects: inout Effects) {
        switch event {
        case .deadlineReached: tick = now + .milliseconds(100)
        case .peerConnected, .peerDisconnected, .configurationChanged, .turnEnded, .holdOK, .explicitHolds, .evict,
            .refuseData, .recordPersisted:
            break
        case .join(let endpoint, let groups):
            for group in groups where flaw != .neverJoins { join(endpoint, group, now, &effects) }
        case .leave(let handles):
            for handle in handles { leave(handle, now, &effects) }
        case .flush(let handle, let token):
            effects.lwg.events.append(.indication(handle, .flushed(token: token)))
        case .direct(let handle, _, let bytes):
            number += 1
            guard let seat = seats[Int(handle.index)] else { return }
            effects.lwg.events.append(
                .indication(handle, .direct(from: seat.endpoint, number: number, bytes: bytes)))
        case .stop:
            for index in seats.indices { leave(SeatHandle(index: UInt32(index)), now, &effects) }
            effects.trace.append(TraceRecord(time: now, member: .node(configuration.card.member), event: .stop))
            effects.stopped = true
        }
    }

    private mutating func join(_ endpoint: ShortName, _ group: String, _ now: Instant, _ effects: inout Effects) {
        epoch += 1
        let me = EndpointID(member: configuration.card.member, name: endpoint)
        let id = ViewID(epoch: epoch, coordinator: me.member)
        let handle = SeatHandle(index: UInt32(seats.count))
        seats.append(Seat(name: group, endpoint: me, view: id))
        let view = TraceView(
            id: id, members: [.endpoint(me)], previous: nil, transitional: [.endpoint(me)], primary: false,
            unchanged: false, carrier: nil, carrierView: nil)
        effects.trace.append(TraceRecord(time: now, member: .endpoint(me), event: .join(.lwg(group))))
        effects.trace.append(TraceRecord(time: now, member: .endpoint(me), event: .view(.lwg(group), view)))
        effects.lwg.events.append(.seated(handle, endpoint: endpoint, group: group))
        effects.lwg.events.append(
            .indication(
                handle,
                .view(
                    ViewChange(
                        view: View(id: id, members: [me]), previous: nil, joined: [me], left: [], transitional: [me],
                        subViews: [], primary: false))))
        if flaw == .holdsForever { effects.lwg.events.append(.indication(handle, .hold(id))) }
    }

    private mutating func leave(_ handle: SeatHandle, _ now: Instant, _ effects: inout Effects) {
        guard let seat = seats[Int(handle.index)] else { return }
        effects.trace.append(TraceRecord(time: now, member: .endpoint(seat.endpoint), event: .leave(.lwg(seat.name))))
        effects.lwg.events.append(.indication(handle, .left(.requested)))
        seats[Int(handle.index)] = nil
    }

    mutating func multicast(
        _ handle: SeatHandle, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) -> SendOutcome {
        guard let seat = seats[Int(handle.index)] else { return .notMember }
        number += 1
        let packet = Packet(copying: bytes)
        if flaw == .garbles { packet.bytes.storeBytes(of: 0, toByteOffset: 23, as: UInt8.self) }
        if flaw == .garbles { packet.bytes.storeBytes(of: 9, toByteOffset: 16, as: UInt8.self) }
        let me = TraceMember.endpoint(seat.endpoint)
        let name = MessageName(sender: me, number: number)
        let group = TraceGroup.lwg(seat.name)
        let times = flaw == .repeats ? 2 : 1
        effects.trace.append(
            TraceRecord(time: now, member: me, event: .send(group, name, seat.view, order, to: nil)))
        effects.lwg.packets.append(packet)
        for _ in 0..<times {
            effects.trace.append(
                TraceRecord(
                    time: now, member: me, event: .deliver(group, name, seat.view, order, trans: false, to: nil)))
            effects.lwg.slices.append(
                LWGSlice(
                    start: UnsafeRawPointer(packet.bytes), length: UInt32(packet.count), seat: handle, number: number,
                    sender: 0, order: order, isTransitional: false))
        }
        effects.lwg.delivered(count: times)
        return .accepted(number: number)
    }
}

/// Cores with one flaw each.
protocol Flawed { static var flaw: LoneCore.Flaw { get } }
enum Garbles: Flawed { static let flaw = LoneCore.Flaw.garbles }
enum Repeats: Flawed { static let flaw = LoneCore.Flaw.repeats }
enum HoldsForever: Flawed { static let flaw = LoneCore.Flaw.holdsForever }
enum NeverJoins: Flawed { static let flaw = LoneCore.Flaw.neverJoins }

struct FlawedCore<Kind: Flawed>: SimulatedCore {
    private var core: LoneCore
    init(configuration: CoreConfiguration, at now: Instant) {
        core = LoneCore(configuration: configuration, at: now, flaw: Kind.flaw)
    }
    var nextDeadline: Instant? { core.nextDeadline }
    mutating func handle(_ event: NodeEvent, at now: Instant, into effects: inout Effects) {
        core.handle(event, at: now, into: &effects)
    }
    mutating func datagramArrived(_ bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects) {}
    mutating func multicast(
        _ seat: SeatHandle, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) -> SendOutcome { core.multicast(seat, order: order, bytes: bytes, at: now, into: &effects) }
}
