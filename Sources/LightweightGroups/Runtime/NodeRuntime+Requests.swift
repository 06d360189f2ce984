import GroupCore
import GroupModel

// Requests of applications. They come from any thread and run on the loop, after the messages sent before them.
extension NodeRuntime {
    // MARK: Any thread

    /// Runs `body` on the loop and gives its result, to a cancelled task, too: it is one turn. Nil when the loop has ended;
    /// then nobody changes its state any more, and any thread may read it.
    func ask<T: Sendable>(_ body: @escaping @Sendable (NodeRuntime) -> T) async -> T? {
        let answer = Answer<T>()
        guard loop.execute({ [self] in answer.resolve(.success(body(self))) }) else { return nil }
        return try? await answer.result().get()
    }

    func join(
        _ names: [String], at endpoint: ShortName, _ sink: Consumer.Sink?
    ) async throws(GroupError) -> [Group] {
        if Task.isCancelled { throw .cancelled }
        for name in names where !(1...Limits.groupNameBytes).contains(name.utf8.count) { throw .badName(name) }
        if let twice = ExactName.duplicate(in: names) {
            throw .alreadyJoined(group: twice, endpoint: endpoint.description)
        }
        guard !names.isEmpty else { return [] }
        if case .inbox(let inbox) = sink {
            // At once, so that two nodes cannot both have it.
            guard inbox.claim(for: ObjectIdentifier(self), bounds: queueBounds) else { throw .consumerInUse }
        }
        let answer = Answer<[Group]>()
        let isRunning = loop.execute { [self] in
            guard stage == .running else { return answer.resolve(.failure(.stopped)) }
            join(JoinCall(names: names, sink: sink, answer: answer, at: now), at: endpoint)
        }
        guard isRunning else { throw .stopped }
        return try await answer.value()
    }

    /// Runs `body` for the group's seat when what it sent before has left.
    func request(
        _ group: Group, _ body: @escaping @Sendable (NodeRuntime, Seat, Answer<Void>) -> Void
    ) async throws(GroupError) {
        let answer = Answer<Void>()
        let isRunning = loop.execute { [self] in
            drainOutbox()
            guard let seat = seat(group.key) else {
                return answer.resolve(.failure(group.notMember))
            }
            afterSends(seat, for: answer) { runtime in
                guard let seat = runtime.seat(group.key) else {
                    return answer.resolve(.failure(group.notMember))
                }
                body(runtime, seat, answer)
            }
        }
        guard isRunning else { throw .stopped }
        do throws(GroupError) {
            try await answer.value()
        } catch {
            if case .cancelled = error { loop.execute { [self] in dropCancelled(group.key) } }
            throw error
        }
    }

    /// Leaves many seats in one step: those that have nothing left to send at once, the others when they have sent it.
    func leave(_ groups: [Group]) async throws(GroupError) {
        let answers = groups.map { _ in Answer<Void>() }
        let isRunning = loop.execute { [self] in
            drainOutbox()
            var handles: [SeatHandle] = []
            for (group, answer) in zip(groups, answers) {
                guard let seat = seat(group.key) else {
                    answer.resolve(.success(()))
                    continue
                }
                seat.leaving.append { answer.resolve(.success(())) }
                if seat.retained.isEmpty {
                    handles.append(seat.handle)
                } else {
                    seat.retained.append(for: nil) { runtime in
                        guard let seat = runtime.seat(group.key) else { return }
                        runtime.handle(.leave(seats: [seat.handle]))
                    }
                }
            }
            if !handles.isEmpty { handle(.leave(seats: handles)) }
        }
        guard isRunning else { return }
        for answer in answers { try await answer.value() }
    }

    /// Not behind what is retained: that waits for the very view that this promise lets happen. False when the node
    /// has stopped.
    func holdOK(_ key: SeatKey, _ view: ViewID) -> Bool {
        loop.execute { [self] in
            drainOutbox()
            guard let seat = seat(key) else { return }
            handle(.holdOK(seat.handle, view))
        }
    }

    // MARK: On the loop

    func handle(_ event: NodeEvent) {
        isTurnOpen = true
        core.pointee.handle(event, at: now, into: &effects.pointee)
    }

    func join(_ call: JoinCall, at endpoint: ShortName) {
        if let taken = call.names.first(where: { joins[JoinKey(endpoint: endpoint, group: $0)] != nil }) {
            return call.answer.resolve(
                .failure(.alreadyJoined(group: taken, endpoint: endpoint.description)))
        }
        for name in call.names { joins[JoinKey(endpoint: endpoint, group: name)] = call }
        mayRaise = false
        handle(.join(endpoint: endpoint, groups: call.names))
    }

    func direct(_ seat: Seat, to member: EndpointID, _ bytes: [UInt8], _ answer: Answer<Void>) {
        let group = seat.group
        let attempt = { (runtime: NodeRuntime) -> Bool in
            guard let seat = runtime.seat(group.key) else {
                answer.resolve(.failure(group.notMember))
                return true
            }
            if let view = group.view, !view.members.contains(member) {
                answer.resolve(.failure(.unknownMember(group: group.name, member)))
                return true
            }
            guard !runtime.isStopped(seat) else { return false }
            runtime.isTurnOpen = true
            switch runtime.core.pointee.send(
                seat.handle, to: member, bytes: bytes, at: runtime.now, into: &runtime.effects.pointee)
            {
            case .accepted: answer.resolve(.success(()))
            case .held, .full: return false
            case .notMember, .refused: answer.resolve(.failure(group.notMember))
            }
            return true
        }
        if !attempt(self) { retain(seat) { $0.append(for: answer, attempt: attempt) } }
    }

    func flush(_ seat: Seat, _ answer: Answer<Void>) {
        nextToken &+= 1
        flushes[nextToken] = (seat.key, answer)
        handle(.flush(seat.handle, token: nextToken))
    }

    func explicitHolds(_ endpoint: ShortName, _ on: Bool) {
        if on { explicitEndpoints.insert(endpoint) } else { explicitEndpoints.remove(endpoint) }
        handle(.explicitHolds(endpoint: endpoint, on))
    }
}

extension GroupError {
    init(_ refusal: LWGRefusal, group: String, endpoint: String) {
        self =
            switch refusal {
            case .alreadyJoined: .alreadyJoined(group: group, endpoint: endpoint)
            case .notAMember: .notMember(group: group)
            case .nameCollision(let other): .nameCollision(group: group, with: other)
            case .badName: .badName(group)
            case .tooManyGroups: .limitReached("groups of one heavyweight group")
            case .tooManySeats: .limitReached("endpoints of one node in one group")
            case .orderNotSupported: .orderNotSupported(.causal)
            case .messageTooLarge: .messageTooLarge(bytes: Limits.messageBytes + 1, limit: Limits.messageBytes)
            }
    }
}
