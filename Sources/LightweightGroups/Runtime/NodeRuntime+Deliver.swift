import GroupModel

// Indications of the core to the seats, in order: views, messages and the rest in their place.
extension NodeRuntime {
    func deliver() {
        var next = 0
        let only = soleConsumer
        for event in delivering.events {
            switch event {
            case .seated(let handle, let endpoint, let group): seated(handle, endpoint, group)
            case .carrier(let hwg, let view): carrier = (hwg, view)
            case .mapped(let handle, let hwg, let version):
                guard let seat = seat(handle) else { continue }
                place(seat, on: hwg)
                seat.mappingVersion = version
                tell(seat, .mapped(hwg, version: version))
            case .messages(let count):
                statistics.messagesDelivered &+= UInt64(count)
                if let only {
                    if only.messages(count) { touched.append(only) }
                } else {
                    route(next..<(next + count))
                }
                next += count
            case .writable(let hwg):
                retriesBlocked = true
                tellWritable(hwg)
            case .indication(let handle, let indication):
                guard let seat = seat(handle) else { continue }
                indicate(indication, to: seat)
            case .holdAnswered: break
            case .refused(let endpoint, let group, let refusal): refused(endpoint, group, refusal)
            }
        }
        if let only, next > 0 { swap(&only.slices, &delivering.slices) }
        handOver()
        if let only, only.slices.isEmpty { swap(&only.slices, &delivering.slices) }
        refreshStops()
        evictSleepers()
    }

    /// The one inbox or handler that everything goes to, when there is one: its messages are not looked at one by one.
    private var soleConsumer: Consumer? {
        guard joins.isEmpty, consumers.count == 1, let only = consumers[0] else { return nil }
        if case .stream = only.sink { return nil }
        return only
    }

    private func route(_ range: Range<Int>) {
        var consumer: Consumer?
        var index: Int32 = -1
        for place in range {
            let slice = delivering.slices[place]
            let seat = Int(slice.seat.index)
            guard seat < routes.count, routes[seat] >= 0 else { continue }
            if routes[seat] != index {
                index = routes[seat]
                consumer = consumers[Int(index)]
            }
            guard let consumer else { continue }
            consumer.slices.append(slice)
            if consumer.messages(1) { touched.append(consumer) }
        }
    }

    func tell(_ seat: Seat, _ event: GroupEvent) {
        if seat.consumer.event(seat.group, event) { touched.append(seat.consumer) }
    }

    private func indicate(_ indication: Indication<EndpointID>, to seat: Seat) {
        switch indication {
        case .view(let change):
            statistics.lwgViews &+= 1
            guard let carrier else { return }
            let view = GroupView(change: change, hwg: carrier.hwg, hwgView: carrier.view)
            place(seat, on: carrier.hwg)
            if seat.consumer.isBehind { sawView(seat.consumer, carrier.view) }
            seat.group.install(view)
            if seat.consumer.view(seat.group, view) { touched.append(seat.consumer) }
            // What was held for this view can be sent now.
            retriesBlocked = true
        case .hold(let view):
            guard explicitEndpoints.contains(seat.group.member.name) else { return }
            seat.group.held(view)
            tell(seat, .hold(view))
        case .direct(let from, let number, let bytes):
            let message = GroupMessage(
                sender: from, number: number, order: .fifo, isTransitional: false, isDirect: true,
                packet: Packet(bytes), offset: 0, count: bytes.count)
            tell(seat, .message(message))
        case .sent(_, let number, _):
            guard !seat.unnumbered.isEmpty else { return }
            tickets.resolve(seat.unnumbered.removeFirst(), .success(number))
        case .flushed(let token):
            flushes.removeValue(forKey: token)?.answer.resolve(.success(()))
        case .left(let reason):
            left(seat, reason)
        case .writable:
            retriesBlocked = true
            tell(seat, .writable)
        case .messages:
            break
        }
    }

    private func tellWritable(_ hwg: HWGID?) {
        guard !wanting.isEmpty else { return }
        let keys = wanting
        wanting.removeAll(keepingCapacity: true)
        for key in keys {
            guard let seat = seat(key), seat.wantsWritable else { continue }
            guard hwg == nil || seat.hwg == nil || seat.hwg == hwg else {
                wanting.append(key)
                continue
            }
            seat.wantsWritable = false
            tell(seat, .writable)
        }
    }

    /// After a pause for slow consumers: every seat that was refused may try again.
    func tellAllWritable() {
        tellWritable(nil)
        handOver()
    }

    func handOver() {
        guard !touched.isEmpty else { return }
        let consumers = touched
        touched.removeAll(keepingCapacity: true)
        for consumer in consumers {
            if consumer.finish(packets: delivering.packets) { fellBehind(consumer) }
        }
        endConsumers()
    }
}
