import EventLoop
import GroupModel
import Synchronization
import Testing

@testable import LightweightGroups

@Suite("Real nodes", .serialized, .timeLimit(.minutes(5)))
struct NodeTests {
    @Test("two nodes join, see one view, exchange messages and leave")
    func twoNodes() async throws {
        try await withNodes(2) { nodes in
            let first = try await nodes[0].join("prices/ACME")
            let second = try await nodes[1].join("prices/ACME")
            let one = EventReader(first)
            let two = EventReader(second)
            let start = await one.until { $0.memberCount == 2 }
            #expect(start.contains { $0.memberCount != nil })
            await two.until { $0.memberCount == 2 }
            try await first.multicast(Array("hello".utf8))
            try await second.multicast(Array("there".utf8), order: .total)
            #expect(await Set(one.texts(2)) == ["hello", "there"])
            #expect(await Set(two.texts(2)) == ["hello", "there"])
            try await second.leave()
            let rest = await two.until { $0.reason != nil }
            #expect(rest.last?.reason == .requested)
            let after = await two.next()
            #expect(after == nil)
            await one.until { $0.memberCount == 1 }
        }
    }

    @Test("the first event that is no mapping is a view, and members are ranked alike everywhere")
    func firstEvent() async throws {
        try await withNodes(4) { nodes in
            var readers: [EventReader] = []
            for node in nodes { readers.append(EventReader(try await node.join("g"))) }
            var last: [[EndpointID]] = []
            for reader in readers {
                let read = await reader.until { $0.memberCount == 4 }
                let first = read.first { if case .mapped = $0 { false } else { true } }
                #expect(first?.memberCount != nil)
                if case .view(let view) = read.last { last.append(view.members) }
            }
            #expect(last.count == 4 && Set(last).count == 1)
            let views = await nodes[2].views()
            #expect(views.map(\.group) == ["g"] && views.first?.view.members == last.first)
            let mapping = await nodes[2].mapping()
            #expect(mapping.map(\.hwg.description) == ["main"])
            let texts = last.first.map { $0.map { nodes[3].text($0) } } ?? []
            #expect(Set(texts) == Set(nodes.map { "\($0.member)/0" }))
        }
    }

    @Test("four nodes agree on the order of total messages, and each sender's fifo messages keep theirs")
    func orders() async throws {
        try await withNodes(4) { nodes in
            var groups: [Group] = []
            for node in nodes { groups.append(try await node.join("g")) }
            let readers = groups.map { EventReader($0) }
            for reader in readers { await reader.until { $0.memberCount == 4 } }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (index, group) in groups.enumerated() {
                    tasks.addTask {
                        for number in 0..<200 {
                            let order: Order = number % 2 == 0 ? .total : .fifo
                            try await group.multicast(Array("\(index) \(number)".utf8), order: order)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            var totals: Set<[String]> = []
            for reader in readers {
                let texts = await reader.texts(800)
                #expect(texts.count == 800)
                for sender in 0..<4 {
                    let mine = texts.filter { $0.hasPrefix("\(sender) ") }
                    #expect(mine == (0..<200).map { "\(sender) \($0)" })
                }
                totals.insert(texts.filter { Int($0.split(separator: " ")[1]).map { $0 % 2 == 0 } ?? false })
            }
            #expect(totals.count == 1)
        }
    }

    @Test("a thousand groups go through one inbox, with views in their place")
    func inbox() async throws {
        try await withNodes(2) { nodes in
            let names = (0..<1_000).map { "g\($0)" }
            let inboxes = [Inbox(), Inbox()]
            var groups: [[Group]] = []
            for (node, inbox) in zip(nodes, inboxes) { groups.append(try await node.join(names, into: inbox)) }
            #expect(groups[0].map(\.name) == names)
            var withTwo: [Set<String>] = [[], []]
            for (index, inbox) in inboxes.enumerated() {
                while withTwo[index].count < names.count, let batch = await inbox.nextBatch() {
                    for step in batch.steps {
                        if case .event(let group, .view(let view)) = step, view.members.count == 2 {
                            withTwo[index].insert(group.name)
                        }
                    }
                }
            }
            #expect(withTwo == [Set(names), Set(names)])
            for group in groups[0] { try await group.multicast(Array(group.name.utf8)) }
            for inbox in inboxes {
                var got: [String] = []
                while got.count < names.count, let batch = await inbox.nextBatch() {
                    var index = 0
                    batch.forEachMessage { entry, bytes in
                        let text = String(decoding: bytes, as: UTF8.self)
                        #expect(batch.group(of: entry).name == text)
                        #expect(batch.sender(ofEntryAt: index).member == nodes[0].memberID)
                        got.append(text)
                        index += 1
                    }
                }
                #expect(got == names)
            }
        }
    }

    @Test("a handler on the loop reads borrowed bytes and answers at once")
    func handler() async throws {
        try await withNodes(
            2,
            { settings in
                settings.heartbeatInterval = .seconds(30)
                settings.failureTimeout = .seconds(90)
                settings.announceInterval = .seconds(30)
            }
        ) { nodes in
            let echoed = Counter()
            _ = try await nodes[0].join(["echo"]) { batch in
                batch.forEachMessage { entry, bytes in
                    guard bytes.first == UInt8(ascii: "?") else { return }
                    echoed.increment()
                    try? batch.group(of: entry).tryMulticast(Array("!".utf8))
                }
            }
            let asking = try await nodes[1].join("echo")
            let reader = EventReader(asking)
            await reader.until { $0.memberCount == 2 }
            // What a handler sends leaves in the turn in which it was called: if it waited until something else woke
            // the node, a hundred questions, one after another, would take longer than the test may.
            for _ in 0..<100 {
                try await asking.multicast(Array("?".utf8))
                await reader.until { $0.text == "!" }
            }
            #expect(echoed.value == 100)
        }
    }

    @Test("batches, numbers, point-to-point messages and flush")
    func requests() async throws {
        try await withNodes(2) { nodes in
            let first = try await nodes[0].join("g")
            let second = try await nodes[1].join("g")
            let one = EventReader(first)
            let two = EventReader(second)
            await one.until { $0.memberCount == 2 }
            await two.until { $0.memberCount == 2 }
            var batch = OutgoingBatch()
            for number in 0..<5_000 { batch.append(Array("b\(number)".utf8)) }
            try await first.multicast(batch)
            let number = try await first.multicastNumbered(Array("numbered".utf8), order: .total)
            let large = [UInt8](repeating: 7, count: 300_000)
            let largeNumber = try await first.multicastNumbered(large)
            #expect(largeNumber > number)
            #expect(await two.texts(5_000) == (0..<5_000).map { "b\($0)" })
            guard case .message(let numbered) = await two.until({ $0.text == "numbered" }).last else {
                Issue.record("the numbered message is missing")
                return
            }
            #expect(numbered.number == number && numbered.order == .total && numbered.sender == first.member)
            guard case .message(let whole) = await two.next() else { return }
            #expect(whole.bytes == large && whole.number == largeNumber)
            try await first.flush()
            try await second.send(Array("to you".utf8), to: first.member)
            guard case .message(let direct) = await one.until({ $0.text == "to you" }).last else { return }
            #expect(direct.isDirect && direct.sender == second.member)
        }
    }

    @Test("the end of a process is seen through its connection, long before the failure time-out")
    func crash() async throws {
        try await withNodes(3, { $0.failureTimeout = .seconds(60) }) { nodes in
            var groups: [Group] = []
            for node in nodes { groups.append(try await node.join("g")) }
            let readers = groups.map { EventReader($0) }
            for reader in readers { await reader.until { $0.memberCount == 3 } }
            nodes[1].crash()
            for index in [0, 2] {
                guard case .view(let view) = await readers[index].until({ $0.memberCount == 2 }).last else { return }
                #expect(view.left == [groups[1].member])
                #expect(Set(view.transitional) == [groups[0].member, groups[2].member])
            }
        }
    }

    @Test("a node that stops leaves all its groups in one flush, and its consumers are told")
    func stop() async throws {
        try await withNodes(2) { nodes in
            let names = (0..<50).map { "g\($0)" }
            let inbox = Inbox()
            let staying = try await nodes[0].join(names, into: inbox)
            let leaving = try await nodes[1].join(names)
            let readers = leaving.map { EventReader($0) }
            for reader in readers { await reader.until { $0.memberCount == 2 } }
            let before = await nodes[0].statistics().hwgFlushes
            await nodes[1].stop()
            for reader in readers {
                let last = await reader.until { $0.reason != nil }.last
                #expect(last?.reason == .stopped || last?.reason == .requested)
            }
            var alone: Set<String> = []
            while alone.count < names.count, let batch = await inbox.nextBatch() {
                for step in batch.steps {
                    if case .event(let group, .view(let view)) = step, view.left.count == 1 { alone.insert(group.name) }
                }
            }
            #expect(alone.count == names.count)
            #expect(await nodes[0].statistics().hwgFlushes - before <= 1)
            #expect(staying.allSatisfy { $0.view?.members.count == 1 })
            await #expect(throws: GroupError.stopped) { try await nodes[1].join("x") }
            let reason = try #require(leaving[0].ended)
            await #expect(throws: GroupError.notMember(group: "g0", reason: reason)) {
                try await leaving[0].multicast([1])
            }
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func increment() { count.wrappingAdd(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
