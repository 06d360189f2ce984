import GroupModel

/// Writes the trace of one node from what passes between its layers (design.md, section 8).
///
/// Only present when tracing is on; it sees each indication once, in the order in which the layer above does.
package struct Tracer: Sendable {
    private struct Seat: Sendable {
        var group: String
        var member: EndpointID
        var view: ViewID?
        var members: [EndpointID] = []
    }

    private let me: MemberID
    private var seats: [Seat?] = []
    private var carrier: (group: HWGID, view: ViewID)?

    package init(me: MemberID) { self.me = me }

    mutating func append(_ event: TraceRecord.Event, at now: Instant, into effects: inout Effects) {
        effects.trace.append(TraceRecord(time: now, member: .node(me), event: event))
    }

    private func append(_ event: TraceRecord.Event, by seat: Seat, at now: Instant, into effects: inout Effects) {
        effects.trace.append(TraceRecord(time: now, member: .endpoint(seat.member), event: event))
    }

    // MARK: Heavyweight groups: membership only, because non-members deliver nothing

    package mutating func joined(_ group: HWGID, at now: Instant, into effects: inout Effects) {
        append(.join(.hwg(group)), at: now, into: &effects)
    }

    package mutating func holdOK(_ group: HWGID, _ view: ViewID, at now: Instant, into effects: inout Effects) {
        append(.holdOK(.hwg(group), view), at: now, into: &effects)
    }

    package mutating func heavyweight(
        _ group: HWGID, _ indications: HWGIndications, at now: Instant, into effects: inout Effects
    ) {
        for event in indications.events {
            switch event {
            case .view(let change):
                append(.view(.hwg(group), Self.view(change) { .node($0) }), at: now, into: &effects)
            case .hold(let view):
                append(.hold(.hwg(group), view), at: now, into: &effects)
            case .left:
                append(.leave(.hwg(group)), at: now, into: &effects)
            case .messages, .direct, .sent, .writable, .flushed:
                break
            }
        }
    }

    // MARK: Light-weight groups

    package func sent(
        _ handle: SeatHandle, number: UInt64, order: Order, to target: EndpointID? = nil, at now: Instant,
        into effects: inout Effects
    ) {
        guard let seat = seat(handle), let view = seat.view else { return }
        let name = MessageName(sender: .endpoint(seat.member), number: number)
        let to = target.map { TraceMember.endpoint($0) }
        append(.send(.lwg(seat.group), name, view, order, to: to), by: seat, at: now, into: &effects)
    }

    package mutating func lightweight(_ indications: LWGIndications, at now: Instant, into effects: inout Effects) {
        var next = 0
        for event in indications.events {
            switch event {
            case .seated(let handle, let endpoint, let group):
                while seats.count <= Int(handle.index) { seats.append(nil) }
                let seat = Seat(group: group, member: EndpointID(member: me, name: endpoint))
                seats[Int(handle.index)] = seat
                append(.join(.lwg(group)), by: seat, at: now, into: &effects)
            case .carrier(let group, let view):
                carrier = (group, view)
            case .mapped(let handle, let group, let version):
                guard let seat = seat(handle) else { break }
                append(.map(.lwg(seat.group), group, version: version), by: seat, at: now, into: &effects)
            case .holdAnswered(let handle, let view):
                guard let seat = seat(handle) else { break }
                append(.holdOK(.lwg(seat.group), view), by: seat, at: now, into: &effects)
            case .messages(let count):
                for slice in indications.slices[next..<(next + count)] { delivered(slice, at: now, into: &effects) }
                next += count
            case .indication(let handle, let indication):
                indicated(handle, indication, at: now, into: &effects)
            case .writable, .refused:
                break
            }
        }
    }

    private mutating func indicated(
        _ handle: SeatHandle, _ indication: Indication<EndpointID>, at now: Instant, into effects: inout Effects
    ) {
        guard let seat = seat(handle) else { return }
        let group = TraceGroup.lwg(seat.group)
        switch indication {
        case .view(let change):
            seats[Int(handle.index)]?.view = change.view.id
            seats[Int(handle.index)]?.members = change.view.members
            let view = Self.view(change, carrier: carrier?.group, carrierView: carrier?.view) { .endpoint($0) }
            append(.view(group, view), by: seat, at: now, into: &effects)
        case .hold(let view):
            append(.hold(group, view), by: seat, at: now, into: &effects)
        case .sent(_, let number, let order):
            sent(handle, number: number, order: order, at: now, into: &effects)
        case .direct(let from, let number, _):
            guard let view = seat.view else { break }
            let name = MessageName(sender: .endpoint(from), number: number)
            append(
                .deliver(group, name, view, .fifo, trans: false, to: .endpoint(seat.member)), by: seat, at: now,
                into: &effects)
        case .flushed:
            append(.flush(group), by: seat, at: now, into: &effects)
        case .left:
            append(.leave(group), by: seat, at: now, into: &effects)
            seats[Int(handle.index)] = nil
        case .messages, .writable:
            break
        }
    }

    private func delivered(_ slice: LWGSlice, at now: Instant, into effects: inout Effects) {
        guard let seat = seat(slice.seat), let view = seat.view, Int(slice.sender) < seat.members.count else { return }
        let name = MessageName(sender: .endpoint(seat.members[Int(slice.sender)]), number: slice.number)
        append(
            .deliver(.lwg(seat.group), name, view, slice.order, trans: slice.isTransitional, to: nil), by: seat,
            at: now, into: &effects)
    }

    private func seat(_ handle: SeatHandle) -> Seat? {
        Int(handle.index) < seats.count ? seats[Int(handle.index)] : nil
    }

    private static func view<Member>(
        _ change: ViewChange<Member>, carrier: HWGID? = nil, carrierView: ViewID? = nil,
        _ member: (Member) -> TraceMember
    ) -> TraceView {
        TraceView(
            id: change.view.id, members: change.view.members.map(member), previous: change.previous,
            transitional: change.transitional.map(member), primary: change.primary, unchanged: change.unchanged,
            carrier: carrier, carrierView: carrierView)
    }
}
