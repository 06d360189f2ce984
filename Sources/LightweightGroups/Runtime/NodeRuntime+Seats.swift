import GroupModel

// Which seats there are, and who consumes what they are told.
extension NodeRuntime {
    func seat(_ handle: SeatHandle) -> Seat? {
        let index = Int(handle.index)
        return index < seats.count ? seats[index] : nil
    }

    func seat(_ key: SeatKey) -> Seat? {
        let index = Int(key.index)
        guard index < seats.count, let seat = seats[index], seat.key.serial == key.serial else { return nil }
        return seat
    }

    func seated(_ handle: SeatHandle, _ endpoint: ShortName, _ name: String) {
        guard let call = joins.removeValue(forKey: JoinKey(endpoint: endpoint, group: name)) else { return }
        let index = Int(handle.index)
        while seats.count <= index {
            seats.append(nil)
            routes.append(-1)
        }
        nextSerial += 1
        let key = SeatKey(index: handle.index, serial: nextSerial)
        let (consumer, queue) = consumer(for: call)
        let group = Group(
            name: name, member: EndpointID(member: me, name: endpoint), key: key, runtime: self, queue: queue)
        seats[index] = Seat(
            key: key, handle: handle, group: group, consumer: consumer, policy: settings.slowConsumerPolicy(of: name))
        routes[index] = Int32(consumer.index)
        consumer.seatCount += 1
        if seats[index]?.policy == .evict { consumer.evictableSeats += 1 }
        outbox.open(key)
        call.seated[ExactName(name)] = group
        answered(call)
    }

    private func consumer(for call: JoinCall) -> (Consumer, EventQueue) {
        if let shared = call.shared { return (shared, .ended()) }
        if let sink = call.sink {
            if case .inbox(let inbox) = sink, let known = inboxes[ObjectIdentifier(inbox)] {
                call.shared = known
                return (known, .ended())
            }
            let consumer = add(sink)
            if case .inbox(let inbox) = sink { inboxes[ObjectIdentifier(inbox)] = consumer }
            call.shared = consumer
            return (consumer, .ended())
        }
        let index = consumers.firstIndex { $0 == nil } ?? consumers.count
        let relieved = relief(of: index)
        let queue = EventQueue(
            bounds: QueueBounds(messages: settings.queueMessages, bytes: settings.queueBytes), relieved: relieved)
        return (add(.stream(queue)), queue)
    }

    private func add(_ sink: Consumer.Sink) -> Consumer {
        let index = consumers.firstIndex { $0 == nil } ?? consumers.count
        let consumer = Consumer(sink, index: index)
        if index == consumers.count { consumers.append(consumer) } else { consumers[index] = consumer }
        if case .inbox(let inbox) = sink { inbox.relieve(relief(of: index)) }
        return consumer
    }

    var queueBounds: QueueBounds { QueueBounds(messages: settings.queueMessages, bytes: settings.queueBytes) }

    func refused(_ endpoint: ShortName, _ group: String, _ refusal: LWGRefusal) {
        guard let call = joins.removeValue(forKey: JoinKey(endpoint: endpoint, group: group)) else {
            return logger.write(.joinRefused, "a request for ‘\(group)’ was refused: \(refusal)")
        }
        call.failure = call.failure ?? GroupError(refusal, group: group, endpoint: endpoint.description)
        answered(call)
    }

    private func answered(_ call: JoinCall) {
        call.open -= 1
        guard call.open == 0 else { return }
        joined(in: now - call.since)
        let groups = call.names.compactMap { call.seated[ExactName($0)] }
        let joined = groups.compactMap { seat($0.key) }
        guard let failure = call.failure else {
            // Whose task was cancelled meanwhile has no use for the seats, and nobody else would read or leave them.
            if !call.answer.give(.success(groups)) { handle(.leave(seats: joined.map(\.handle))) }
            return
        }
        // All or none: what was joined by this call is left again before the caller hears of it.
        guard !joined.isEmpty else { return call.answer.resolve(.failure(failure)) }
        call.open = joined.count
        for seat in joined {
            seat.leaving.append {
                call.open -= 1
                if call.open == 0 { call.answer.resolve(.failure(failure)) }
            }
        }
        handle(.leave(seats: joined.map(\.handle)))
    }

    func left(_ seat: Seat, _ reason: LeftReason) {
        tell(seat, .left(reason))
        place(seat, on: nil)
        let index = Int(seat.handle.index)
        routes[index] = -1
        seats[index] = nil
        seat.group.end(reason)
        abandon(seat)
        for waiter in seat.leaving { waiter() }
        let consumer = seat.consumer
        consumer.seatCount -= 1
        if seat.policy == .evict { consumer.evictableSeats -= 1 }
        ending.append((consumer, seat.key))
    }

    /// Once the last events are handed over: a stream or handler that no seat feeds is dropped; an inbox stays, more
    /// groups may be joined into it.
    func endConsumers() {
        guard !ending.isEmpty else { return }
        // Who is relieved by an end may be handed something, and come here again.
        let ended = ending
        ending.removeAll(keepingCapacity: true)
        for (consumer, seat) in ended {
            consumer.forget(seat)
            guard consumer.seatCount == 0, consumer.index < consumers.count, consumers[consumer.index] === consumer
            else { continue }
            if case .inbox = consumer.sink { continue }
            consumer.finishForGood()
            consumers[consumer.index] = nil
            while let last = consumers.last, last == nil { consumers.removeLast() }
            caughtUp(consumer)
        }
    }
}
