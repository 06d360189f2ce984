import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Consumers that do not keep up", .serialized, .timeLimit(.minutes(5)))
struct SlowConsumerTests {
    static let text = String(repeating: "x", count: 500)

    private func send(_ count: Int, to group: Group) async throws {
        for number in 0..<count { try await group.multicast(Array("\(number) \(Self.text)".utf8)) }
    }

    private func isStopped(_ node: GroupNode) async {
        while await node.statistics().droppedForSlowConsumers == 0, !Task.isCancelled {}
    }

    @Test("block: the sender stops, memory is bounded, and nothing is lost when the consumer reads again")
    func block() async throws {
        try await withNodes(
            2,
            { settings in
                settings.queueMessages = 500
                settings.sendQueueBytes = 64 * 1024
            }
        ) { nodes in
            let sender = try await nodes[0].join("g")
            let slow = try await nodes[1].join("g")
            let own = EventReader(sender)
            await own.until { $0.memberCount == 2 }
            while slow.view?.members.count != 2 { await Task.yield() }
            let reading = Task { await own.texts(20_000).count }
            let sending = Task { try await send(20_000, to: sender) }
            await isStopped(nodes[1])
            #expect(await nodes[1].statistics().slowConsumers == 1)
            // Of ten megabytes: the bound (250 KB), and what the sender's window (512 KB) had under way.
            let queued = slow.events.queue.queued
            #expect(queued.isOver && queued.bytes < 2 << 20)
            let reader = EventReader(slow)
            var next = 0
            while next < 20_000, let event = await reader.next() {
                guard let text = event.text else { continue }
                #expect(text.hasPrefix("\(next) "))
                next += 1
            }
            // Past the time limit the reader has stopped, and the sender would wait for ever.
            try Task.checkCancellation()
            try await sending.value
            #expect(await reading.value == 20_000)
        }
    }

    @Test("evict: the consumer is told, its seat is gone, and the others go on without it")
    func evict() async throws {
        try await withNodes(
            3,
            { settings in
                // The others read, if not always at once.
                guard settings.name == "n1" else { return }
                settings.queueMessages = 500
                settings.slowConsumerPatterns = [SlowConsumerRule(pattern: "ticks/*", policy: .evict)]
                settings.slowConsumerGrace = .milliseconds(20)
            }
        ) { nodes in
            let sender = try await nodes[0].join("ticks/a")
            let slow = try await nodes[1].join("ticks/a")
            let reader = EventReader(try await nodes[2].join("ticks/a"))
            let own = EventReader(sender)
            await own.until { $0.memberCount == 3 }
            let reading = Task { await own.texts(20_000).count }
            let other = Task { await reader.texts(20_000).count }
            try await send(20_000, to: sender)
            #expect(await reading.value == 20_000)
            #expect(await other.value == 20_000)
            while slow.ended == nil { await Task.yield() }
            #expect(slow.ended == .slow)
            await #expect(throws: GroupError.notMember(group: "ticks/a", reason: .slow)) {
                try await slow.multicast([1])
            }
            // What it had before its end is in order, and the end is the last that it reads.
            let late = EventReader(slow)
            let events = await late.until { $0.reason != nil }
            #expect(events.last?.reason == .slow)
            let texts = events.compactMap(\.text)
            #expect(texts.count < 20_000)
            for (number, text) in texts.enumerated() { #expect(text.hasPrefix("\(number) ")) }
            #expect(await late.next() == nil)
            #expect(await nodes[1].statistics().evictedSeats == 1)
            while sender.view?.members.count != 2 { await Task.yield() }
        }
    }

    @Test("a group on another heavyweight group goes on while one is blocked")
    func otherHWG() async throws {
        try await withNodes(
            2,
            { settings in
                settings.queueMessages = 200
                settings.sendQueueBytes = 64 * 1024
                settings.pins = [MappingPin(pattern: "fast/*", group: "fast")]
            }
        ) { nodes in
            let sender = try await nodes[0].join("g")
            let fast = try await nodes[0].join("fast/g")
            let slow = try await nodes[1].join("g")
            let readers = [EventReader(fast), EventReader(try await nodes[1].join("fast/g"))]
            let own = EventReader(sender)
            await own.until { $0.memberCount == 2 }
            for reader in readers { await reader.until { $0.memberCount == 2 } }
            let reading = Task { await own.texts(5_000).count }
            let sending = Task { try await send(5_000, to: sender) }
            await isStopped(nodes[1])
            let fastReading = Task { await readers[0].texts(3_000).count }
            let sendingFast = Task { try await send(3_000, to: fast) }
            #expect(await readers[1].texts(3_000).count == 3_000)
            try await sendingFast.value
            #expect(await fastReading.value == 3_000)
            #expect(await nodes[1].statistics().slowConsumers == 1, "the slow one has read nothing all the while")
            // The node that is behind may send where nobody is.
            let back = try #require(readers[1].group.view?.members.last)
            try await readers[1].group.multicast(Array("back".utf8))
            #expect(await readers[0].texts(1) == ["back"])
            #expect(back.member == nodes[1].memberID)
            let late = EventReader(slow)
            #expect(await late.texts(5_000).count == 5_000)
            // Past the time limit the reader has stopped, and the sender would wait for ever.
            try Task.checkCancellation()
            try await sending.value
            #expect(await reading.value == 5_000)
        }
    }

    @Test("a view change passes a blocked consumer, which still loses nothing")
    func viewChange() async throws {
        try await withNodes(
            3,
            { settings in
                settings.queueMessages = 200
                settings.sendQueueBytes = 64 * 1024
                settings.flushTimeout = .seconds(60)
            }
        ) { nodes in
            var groups: [Group] = []
            for node in nodes { groups.append(try await node.join("g")) }
            let readers = groups.map { EventReader($0) }
            for reader in readers { await reader.until { $0.memberCount == 3 } }
            let reading = Task { await readers[0].texts(5_000).count }
            let sender = groups[0]
            let sending = Task { try await send(5_000, to: sender) }
            await isStopped(nodes[1])
            nodes[2].crash()
            while groups[0].view?.members.count != 2 { await Task.yield() }
            while groups[1].view?.members.count != 2 { await Task.yield() }
            let texts = await readers[1].texts(5_000)
            for (number, text) in texts.enumerated() { #expect(text.hasPrefix("\(number) ")) }
            // Past the time limit the reader has stopped, and the sender would wait for ever.
            try Task.checkCancellation()
            try await sending.value
            #expect(await reading.value == 5_000)
        }
    }

    @Test("block: who has not read in eight view changes is evicted, so that memory stays bounded")
    func manyViews() async throws {
        try await withNodes(2, { $0.queueMessages = 200 }) { nodes in
            let sender = try await nodes[0].join("g")
            let slow = try await nodes[1].join("g")
            let own = EventReader(sender)
            await own.until { $0.memberCount == 2 }
            let other = EventReader(try await nodes[0].join("h"))
            let reading = Task { await own.texts(5_000).count }
            let sending = Task { try await send(5_000, to: sender) }
            await isStopped(nodes[1])
            var visits = 0
            while slow.ended == nil, visits < 20 {
                var settings = NodeSettings(name: "visitor\(visits)")
                settings.peers = [nodes[0].listenAddress]
                settings.logLevel = .critical
                let visitor = try await GroupNode.start(settings)
                _ = try await visitor.join("h")
                await other.until { $0.memberCount == 2 }
                await visitor.stop()
                visits += 1
            }
            #expect(slow.ended == .slow)
            // Past the time limit the reader has stopped, and the sender would wait for ever.
            try Task.checkCancellation()
            try await sending.value
            #expect(await reading.value == 5_000)
        }
    }

    @Test("an inbox that is evicted from some groups keeps the others")
    func inbox() async throws {
        try await withNodes(
            2,
            { settings in
                settings.pins = [MappingPin(pattern: "keep/*", group: "keep")]
                // The sender reads, if not always at once.
                guard settings.name == "n1" else { return }
                settings.queueMessages = 200
                settings.slowConsumerPatterns = [SlowConsumerRule(pattern: "drop/*", policy: .evict)]
                settings.slowConsumerGrace = .zero
            }
        ) { nodes in
            let inbox = Inbox()
            let joined = try await nodes[1].join(["drop/a", "keep/a"], into: inbox)
            let sender = try await nodes[0].join("drop/a")
            let own = EventReader(sender)
            await own.until { $0.memberCount == 2 }
            let reading = Task { await own.texts(5_000).count }
            try await send(5_000, to: sender)
            #expect(await reading.value == 5_000)
            while joined[0].ended == nil { await Task.yield() }
            #expect(joined[0].ended == .slow && joined[1].ended == nil)
            let late = Task {
                var texts: [String] = []
                var reason: LeftReason?
                while reason == nil || texts.last != "kept", let batch = await inbox.nextBatch() {
                    batch.walk { _, bytes in
                        texts.append(String(decoding: bytes, as: UTF8.self))
                    } event: { group, event in
                        if let left = event.reason { reason = group.name == "drop/a" ? left : nil }
                    }
                }
                return reason
            }
            let kept = try await nodes[0].join("keep/a")
            let keeper = EventReader(kept)
            await keeper.until { $0.memberCount == 2 }
            try await kept.multicast(Array("kept".utf8))
            #expect(await late.value == .slow)
        }
    }

    @Test("point-to-point messages wait for a consumer as others do", arguments: [false, true])
    func direct(intoInbox: Bool) async throws {
        try await withNodes(
            2, { settings in if settings.name == "n1" { settings.queueBytes = 1 << 20 } }
        ) { nodes in
            let sender = try await nodes[0].join("g")
            let inbox = Inbox()
            let slow = intoInbox ? try await nodes[1].join(["g"], into: inbox)[0] : try await nodes[1].join("g")
            await EventReader(sender).until { $0.memberCount == 2 }
            let (count, size) = (400, 16 << 10)
            let sending = Task {
                for number in 0..<count {
                    try await sender.send([UInt8](repeating: UInt8(number % 251), count: size), to: slow.member)
                }
            }
            await isStopped(nodes[1])
            #expect(await nodes[1].statistics().slowConsumers == 1)
            var read = 0
            func take(_ event: GroupEvent) {
                guard case .message(let message) = event else { return }
                #expect(message.isDirect && message.bytes.first == UInt8(read % 251))
                read += 1
            }
            let reader = EventReader(slow)
            while read < count, !Task.isCancelled {
                if intoInbox {
                    for case .event(_, let event) in await inbox.nextBatch()?.steps ?? [] { take(event) }
                } else if let event = await reader.next() {
                    take(event)
                }
            }
            try Task.checkCancellation()
            try await sending.value
        }
    }

    @Test("views that an inbox has not read count towards its bounds")
    func views() async throws {
        try await withNodes(
            2, { settings in if settings.name == "n1" { settings.queueBytes = 200_000 } }
        ) { nodes in
            let names = (0..<200).map { "g\($0)" }
            let inbox = Inbox()
            let slow = try await nodes[1].join(names, into: inbox)
            let changing = Task {
                for _ in 0..<4 {
                    let joined = try await nodes[0].join(names)
                    await EventReader(joined[199]).until { $0.memberCount == 2 }
                    try await nodes[0].leave(joined)
                }
            }
            while await nodes[1].statistics().slowConsumers == 0, !Task.isCancelled { await Task.yield() }
            // At 256 bytes each, and 32 for each member, it has some six hundred of the eighteen hundred that come.
            let reading = Task { while await inbox.nextBatch() != nil {} }
            try await changing.value
            while await nodes[1].statistics().slowConsumers > 0, !Task.isCancelled { await Task.yield() }
            try Task.checkCancellation()
            reading.cancel()
            #expect(slow.allSatisfy { $0.ended == nil })
        }
    }
}
