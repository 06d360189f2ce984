import GroupModel
import Logging
import ServiceLifecycle
import Testing

@testable import LightweightGroups

@Suite("Real nodes at the edges", .serialized, .timeLimit(.minutes(5)))
struct NodeEdgeTests {
    @Test("a consumer that does not read stops the sender, and nothing is lost when it reads again")
    func slowConsumer() async throws {
        try await withNodes(
            2,
            { settings in
                settings.queueMessages = 500
                // A machine with other work must not look like a crash: who is excluded misses what was sent meanwhile.
                settings.failureTimeout = .seconds(20)
                settings.sendQueueBytes = 64 * 1024
            }
        ) { nodes in
            let sender = try await nodes[0].join("g")
            let reader = EventReader(try await nodes[1].join("g"))
            let own = EventReader(sender)
            await own.until { $0.memberCount == 2 }
            await reader.until { $0.memberCount == 2 }
            // The sender reads its own deliveries; the receiver reads nothing until the sender is stopped.
            let reading = Task { await own.texts(20_000).count }
            let sending = Task {
                for number in 0..<20_000 {
                    try await sender.multicast(Array("\(number) \(String(repeating: "x", count: 500))".utf8))
                }
            }
            while await nodes[1].statistics().droppedForSlowConsumers == 0, !Task.isCancelled { await Task.yield() }
            #expect(await nodes[1].statistics().readPauses > 0)
            var next = 0
            while next < 20_000, let event = await reader.next() {
                guard let text = event.text else { continue }
                try #require(text.hasPrefix("\(next) "))
                next += 1
            }
            // Past the time limit the reader has stopped, and the sender would wait for ever.
            try Task.checkCancellation()
            try await sending.value
            #expect(await reading.value == 20_000)
            // Nobody was suspected meanwhile.
            #expect(sender.view?.members.count == 2)
        }
    }

    @Test("with explicit holds the view waits for the application's HoldOK, and sends of the Hold go in the next view")
    func explicitHolds() async throws {
        try await withNodes(2) { nodes in
            let seat = try await nodes[0].endpoint("game", holds: .explicit).join("g")
            let reader = EventReader(seat)
            await reader.until { $0.memberCount == 1 }
            let other = Task { try await nodes[1].join("g") }
            guard case .hold(let view) = await reader.next() else {
                Issue.record("the join of another raises a Hold")
                return
            }
            try seat.holdOK(view)
            // One trip to the loop: the promise is given, and what follows waits for the next view.
            _ = await nodes[0].statistics()
            try await seat.multicast(Array("held".utf8))
            guard case .view(let next) = await reader.next() else {
                Issue.record("the Hold ends in a view (F2)")
                return
            }
            #expect(next.previous == view)
            while let event = await reader.next() {
                if case .hold(let again) = event { try seat.holdOK(again) }
                if event.text == "held" { break }
            }
            while seat.view?.members.count != 2, let event = await reader.next() {
                if case .hold(let again) = event { try seat.holdOK(again) }
            }
            _ = try await other.value
        }
    }

    @Test("tryMulticast says when it would block, and the seat is told when there is room")
    func wouldBlock() async throws {
        try await withNodes(1, { $0.sendQueueBytes = 4_096 }) { nodes in
            let seat = try await nodes[0].join("g")
            let reader = EventReader(seat)
            await reader.until { $0.memberCount == 1 }
            var refused = 0
            for _ in 0..<100_000 where refused == 0 {
                do throws(GroupError) {
                    try seat.tryMulticast([UInt8](repeating: 1, count: 1_000))
                } catch .wouldBlock {
                    refused += 1
                }
            }
            #expect(refused == 1)
            await reader.until { if case .writable = $0 { true } else { false } }
            try seat.tryMulticast([2])
        }
    }

    @Test("mistakes of the caller are typed errors")
    func mistakes() async throws {
        try await withNodes(1) { nodes in
            let node = nodes[0]
            let group = try await node.join("g")
            await #expect(throws: GroupError.alreadyJoined(group: "g", endpoint: "0")) { try await node.join("g") }
            await #expect(throws: GroupError.badName("")) { try await node.join("") }
            #expect(throws: GroupError.badName("a b")) { _ = try node.endpoint("a b") }
            await #expect(throws: GroupError.orderNotSupported(.causal)) {
                try await group.multicast([1], order: .causal)
            }
            await #expect(
                throws: GroupError.messageTooLarge(bytes: Limits.messageBytes + 1, limit: Limits.messageBytes)
            ) {
                try await group.multicast([UInt8](repeating: 0, count: Limits.messageBytes + 1))
            }
            let both = try await node.endpoint("b").join("g")
            #expect(both.member != group.member && both.endpoint == "b")
            try await group.leave()
            try await group.leave()
            await #expect(throws: GroupError.notMember(group: "g", reason: .requested)) { try await group.flush() }
            // A name that was refused takes the others of its call with it.
            await #expect(throws: GroupError.alreadyJoined(group: "g", endpoint: "b")) {
                try await node.endpoint("b").join(["x", "g", "y"])
            }
            let again = try await node.endpoint("b").join(["x", "y"])
            #expect(again.count == 2)
        }
    }

    @Test(
        "settings that cannot be used are refused with the key that is wrong",
        arguments: [
            ("transport.listen", { @Sendable (settings: inout NodeSettings) in settings.listen = "0.0.0.0:0" }),
            ("transport.listen", { @Sendable (settings: inout NodeSettings) in settings.listen = "localhost" }),
            (
                "transport.listen",
                { @Sendable (settings: inout NodeSettings) in settings.listen = "no-such-host.invalid:1" }
            ),
            ("membership.peers", { @Sendable (settings: inout NodeSettings) in settings.peers = ["::1"] }),
            ("mapping.default", { @Sendable (settings: inout NodeSettings) in settings.defaultGroup = "a b" }),
            ("transport.packetBytes", { @Sendable (settings: inout NodeSettings) in settings.packetBytes = 100 }),
            (
                "failureDetector.timeout",
                { @Sendable (settings: inout NodeSettings) in settings.failureTimeout = .zero }
            ),
        ])
    func settings(_ key: String, _ change: @Sendable (inout NodeSettings) -> Void) async {
        var settings = NodeSettings(name: "n")
        change(&settings)
        do {
            let node = try await GroupNode.start(settings)
            await node.stop()
            Issue.record("\(key) was accepted")
        } catch {
            guard case .setting(key, let problem) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!problem.isEmpty)
        }
    }

    @Test("an inbox belongs to one node")
    func inboxOfAnother() async throws {
        try await withNodes(2) { nodes in
            let inbox = Inbox()
            _ = try await nodes[0].join(["g"], into: inbox)
            _ = try await nodes[0].join(["h"], into: inbox)
            await #expect(throws: GroupError.consumerInUse) { try await nodes[1].join(["g"], into: inbox) }
            await nodes[0].stop()
            var views = 0
            while let batch = await inbox.nextBatch() {
                views += batch.steps.count { if case .event(_, .view) = $0 { true } else { false } }
            }
            #expect(views >= 2)
        }
    }

    @Test("an address in use is refused with advice")
    func inUse() async throws {
        try await withNodes(1) { nodes in
            let group = try await nodes[0].join("g")
            let reader = EventReader(group)
            var settings = NodeSettings(name: "other")
            settings.listen = nodes[0].listenAddress
            await #expect(
                throws: GroupError.system(
                    operation: "bind UDP \(settings.listen)", error: "Address already in use",
                    advice: "Choose another --listen address, or end what uses this one.")
            ) {
                _ = try await GroupNode.start(settings)
            }
            // Whose address it is goes on.
            try await group.multicast(Array("x".utf8), order: .safe)
            #expect(await reader.texts(1) == ["x"])
        }
    }

    @Test("a node that restarts with an older incarnation takes a newer one before it does anything")
    func restart() async throws {
        try await withNodes(1) { nodes in
            try await withDirectory { directory in
                var settings = NodeSettings(name: "again")
                settings.peers = [nodes[0].listenAddress]
                settings.logLevel = .critical
                let clocked = try await GroupNode.start(settings)
                await clocked.stop()
                settings.stateDirectory = directory
                let counted = try await GroupNode.start(settings)
                #expect(counted.memberID.incarnation > clocked.memberID.incarnation)
                let seat = try await counted.join("g")
                #expect(seat.member.member == counted.memberID)
                let reader = EventReader(try await nodes[0].join("g"))
                await reader.until { $0.memberCount == 2 }
                await counted.stop()
            }
        }
    }

    @Test("graceful shutdown of a service group leaves the groups")
    func service() async throws {
        try await withNodes(1) { nodes in
            var settings = NodeSettings(name: "service")
            settings.peers = [nodes[0].listenAddress]
            settings.logLevel = .critical
            let node = try await GroupNode.start(settings)
            let seat = try await node.join("g")
            let reader = EventReader(try await nodes[0].join("g"))
            await reader.until { $0.memberCount == 2 }
            let services = ServiceGroup(
                configuration: .init(
                    services: [.init(service: node)],
                    logger: Logger(label: "test")))
            let running = Task { try await services.run() }
            await services.triggerGracefulShutdown()
            try await running.value
            await reader.until { $0.memberCount == 1 }
            #expect(seat.view == nil)
        }
    }

    @Test("nodes on IPv6 find one another")
    func version6() async throws {
        try await withNodes(3, { $0.listen = "[::1]:0" }) { nodes in
            #expect(nodes.allSatisfy { $0.listenAddress.hasPrefix("[::1]:") })
            var readers: [EventReader] = []
            for node in nodes { readers.append(EventReader(try await node.join("g"))) }
            for reader in readers { await reader.until { $0.memberCount == 3 } }
        }
    }

    @Test("without segmentation in the kernel everything works")
    func plainDatagrams() async throws {
        try await withNodes(2, { $0.segmentation = false }) { nodes in
            let sender = try await nodes[0].join("g")
            let reader = EventReader(try await nodes[1].join("g"))
            await reader.until { $0.memberCount == 2 }
            let own = EventReader(sender)
            for number in 0..<2_000 { try await sender.multicast(Array("\(number)".utf8)) }
            #expect(await reader.texts(2_000) == (0..<2_000).map { "\($0)" })
            #expect(await own.texts(2_000).count == 2_000)
            #expect(await !nodes[0].statistics().segmentation)
        }
    }

    @Test("traces of two nodes have the lines of the contract, and a send before its packet")
    func traces() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/trace.jsonl"
            try await withNodes(2, { $0.traceFile = path }) { nodes in
                let sender = try await nodes[0].join("g")
                let reader = EventReader(try await nodes[1].join("g"))
                await reader.until { $0.memberCount == 2 }
                try await sender.multicast(Array("x".utf8), order: .total)
                _ = await reader.texts(1)
            }
            let text = try #require(contents(of: path))
            let lines = text.split(separator: "\n")
            for kind in ["start", "join", "view", "send", "deliver", "leave", "stop"] {
                #expect(lines.contains { $0.hasPrefix("{\"ev\":\"\(kind)\"") }, "no line of \(kind)")
            }
            let send = try #require(lines.firstIndex { $0.contains("\"ev\":\"send\"") })
            let deliver = try #require(lines.firstIndex { $0.contains("\"ev\":\"deliver\"") })
            #expect(send < deliver)
            #expect(lines.allSatisfy { $0.contains("\"p\":\"n") })
        }
    }

    @Test("names that look the same and have other bytes are two groups")
    func lookAlikes() async throws {
        try await withNodes(1) { nodes in
            let names = ["caf\u{e9}", "cafe\u{301}"]
            let groups = try await nodes[0].join(names)
            #expect(groups.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
            #expect(await nodes[0].mapping().count == 2)
            try await groups[1].multicast(Array("second".utf8))
            #expect(await EventReader(groups[1]).texts(1) == ["second"])
            try await nodes[0].leave([groups[0]])
            #expect(await nodes[0].views().map { Array($0.group.utf8) } == [Array(names[1].utf8)])
            await #expect(throws: GroupError.self) { try await nodes[0].join(["x", "y", "x"]) }
        }
    }

    @Test("a failure time-out that means never does not keep a node from ending")
    func neverFailing() async throws {
        try await withNodes(1, { $0.failureTimeout = .seconds(1_000_000_000) }) { nodes in
            await EventReader(try await nodes[0].join("g")).until { $0.memberCount == 1 }
        }
    }
}
