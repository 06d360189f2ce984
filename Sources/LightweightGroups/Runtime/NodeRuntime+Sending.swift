import GroupCore
import GroupModel

// Messages from applications to the core.
extension NodeRuntime {
    /// On the loop: straight to the core.
    func multicastOnLoop(_ key: SeatKey, _ bytes: UnsafeRawBufferPointer, _ order: Order) -> Outbox.Outcome {
        let index = Int(key.index)
        guard index < seats.count, let seat = seats[index], seat.key.serial == key.serial else { return .gone }
        guard mayTry(seat) else { return refuse(seat) }
        isTurnOpen = true
        switch core.pointee.multicast(seat.handle, order: order, bytes: bytes, at: now, into: &effects.pointee) {
        case .accepted(let number):
            statistics.messagesSent &+= 1
            if number == nil { seat.unnumbered.append(0) }
            return .taken
        case .full, .held: return refuse(seat)
        case .notMember, .refused: return .gone
        }
    }

    private func refuse(_ seat: Seat) -> Outbox.Outcome {
        if !seat.wantsWritable {
            seat.wantsWritable = true
            wanting.append(seat.key)
        }
        return .full
    }

    /// Takes what other threads sent since the last turn, in their order.
    func drainOutbox() {
        outbox.take(into: &load)
        guard !load.isEmpty else { return }
        load.bytes.withUnsafeBytes { bytes in
            for entry in load.entries {
                guard let seat = seat(entry.seat) else {
                    drop(entry)
                    continue
                }
                switch entry.content {
                case .message(let offset, let count, let order, let ticket):
                    let message = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
                    if mayTry(seat), multicast(seat, message, order, ticket) {
                        credit(seat.key, count + Outbox.messageCost)
                    } else {
                        retain(seat) { $0.append(message, order: order, ticket: ticket) }
                    }
                case .batch(let index):
                    let batch = load.batches[index]
                    let next = mayTry(seat) ? multicast(seat, batch, from: 0) : 0
                    if next < batch.count { retain(seat) { $0.append(batch, from: next) } }
                }
            }
        }
        load.removeAll()
        giveCredit()
    }

    /// Behind what the seat sent before, and not where a consumer of this node is behind: it would get the message, too.
    private func mayTry(_ seat: Seat) -> Bool { seat.retained.isEmpty && !isStopped(seat) }

    func isStopped(_ seat: Seat) -> Bool {
        guard !stopped.isEmpty, let hwg = seat.hwg else { return false }
        return stopped[hwg] != nil
    }

    /// False when the core could not take it now; gone counts as taken, since nothing more will come of it.
    private func multicast(_ seat: Seat, _ bytes: UnsafeRawBufferPointer, _ order: Order, _ ticket: UInt64) -> Bool {
        switch core.pointee.multicast(seat.handle, order: order, bytes: bytes, at: now, into: &effects.pointee) {
        case .accepted(let number):
            statistics.messagesSent &+= 1
            if let number {
                tickets.resolve(ticket, .success(number))
            } else {
                seat.unnumbered.append(ticket)
            }
            return true
        case .full, .held: return false
        case .notMember, .refused:
            tickets.resolve(ticket, .failure(seat.group.notMember))
            return true
        }
    }

    /// The index of the first message that was not taken.
    private func multicast(_ seat: Seat, _ batch: OutgoingBatch, from start: Int) -> Int {
        let now = now
        var next = start
        batch.bytes.withUnsafeBytes { bytes in
            batch.entries.withUnsafeBufferPointer { entries in
                while next < entries.count {
                    let run = UnsafeBufferPointer(rebasing: entries[next...])
                    let outcome = core.pointee.multicast(
                        seat.handle, run, of: bytes, at: now, into: &effects.pointee)
                    if batch.hasTickets {
                        for index in 0..<outcome.taken {
                            tickets.resolve(run[index].ticket, .success(outcome.first + UInt64(index)))
                        }
                    }
                    statistics.messagesSent &+= UInt64(outcome.taken)
                    next += outcome.taken
                    guard let stop = outcome.stop else { return }
                    let ticket = entries[next].ticket
                    switch stop {
                    case .accepted(let number?):
                        statistics.messagesSent &+= 1
                        tickets.resolve(ticket, .success(number))
                    case .accepted(nil):
                        statistics.messagesSent &+= 1
                        seat.unnumbered.append(ticket)
                    case .full, .held: return
                    case .notMember, .refused:
                        tickets.resolve(ticket, .failure(seat.group.notMember))
                    }
                    next += 1
                }
            }
        }
        if next > start { credit(seat.key, batch.cost(start..<next)) }
        return next
    }

    func retain(_ seat: Seat, _ change: (inout Retained) -> Void) {
        if seat.retained.isEmpty { blocked.append(seat.key) }
        change(&seat.retained)
    }

    /// Runs `request` when everything that the seat sent before has been taken by the core.
    func afterSends(_ seat: Seat, for answer: Answer<Void>, _ request: @escaping (NodeRuntime) -> Void) {
        if seat.retained.isEmpty { request(self) } else { seat.retained.append(for: answer, request) }
    }

    /// A task that waited for something of the seat was cancelled.
    func dropCancelled(_ key: SeatKey) {
        seat(key)?.retained.dropCancelled()
        retriesBlocked = true
    }

    /// After a view, or when a window has room: what waits, seat by seat. The first that the window refuses again
    /// ends the round for its heavyweight group, and the next round begins behind it, so that none starves.
    func retryBlocked() {
        retriesBlocked = false
        guard !blocked.isEmpty else { return }
        isTurnOpen = true
        let keys = blocked
        blocked.removeAll(keepingCapacity: true)
        var full: Set<HWGID> = []
        var front: [SeatKey] = []
        for key in keys {
            guard let seat = seat(key), !seat.retained.isEmpty else { continue }
            if let hwg = seat.hwg, full.contains(hwg) || stopped[hwg] != nil {
                front.append(key)
            } else if !resend(seat) {
                if let hwg = seat.hwg, seat.group.view != nil { full.insert(hwg) }
                blocked.append(key)
            }
        }
        blocked = front + blocked
        giveCredit()
    }

    /// False when something is left.
    private func resend(_ seat: Seat) -> Bool {
        while let item = seat.retained.first {
            switch item {
            case .request(_, let request):
                seat.retained.removeFirst()
                request(self)
            case .attempt(_, let attempt):
                guard attempt(self) else { return false }
                seat.retained.removeFirst()
            case .messages(let batch, let start):
                let next = multicast(seat, batch, from: start)
                guard next == batch.count else {
                    seat.retained.advance(to: next)
                    return false
                }
                seat.retained.removeFirst()
            }
        }
        return true
    }

    // MARK: Credit

    private func credit(_ key: SeatKey, _ cost: Int) {
        guard cost > 0 else { return }
        if let last = credits.last, last.seat == key {
            credits[credits.count - 1].cost += cost
        } else {
            credits.append((key, cost))
        }
    }

    func giveCredit() {
        guard !credits.isEmpty else { return }
        let writable = outbox.credit(credits)
        credits.removeAll(keepingCapacity: true)
        for key in writable {
            if let seat = seat(key) { tell(seat, .writable) }
        }
        handOver()
    }

    private func drop(_ entry: Outbox.Entry) {
        switch entry.content {
        case .message(_, let count, _, let ticket):
            credit(entry.seat, count + Outbox.messageCost)
            tickets.lose(ticket)
        case .batch(let index):
            credit(entry.seat, load.batches[index].cost)
        }
    }

    /// A seat is gone: what it had not sent, and who waited, is told so.
    func abandon(_ seat: Seat) {
        let failure = seat.group.notMember
        for ticket in seat.unnumbered { tickets.resolve(ticket, .failure(failure)) }
        while let item = seat.retained.first {
            seat.retained.removeFirst()
            switch item {
            case .request(_, let request): request(self)
            case .attempt(_, let attempt): _ = attempt(self)
            case .messages(let batch, let start):
                var cost = 0
                for entry in batch.entries[start...] {
                    cost += entry.count + Outbox.messageCost
                    tickets.resolve(entry.ticket, .failure(failure))
                }
                credit(seat.key, cost)
            }
        }
        for (token, flush) in flushes where flush.seat == seat.key {
            flushes.removeValue(forKey: token)
            flush.answer.resolve(.failure(failure))
        }
        outbox.close(seat.key)
    }
}
