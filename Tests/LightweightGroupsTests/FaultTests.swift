import GroupModel
import Testing

@testable import LightweightGroups

@Suite("Faults that a test injects", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {
    private let member = MemberID(node: NodeID(name: "b"), incarnation: 1)

    private func transmissions(_ count: Int) -> [Transmission] {
        (0..<count).map { Transmission(packet: Packet([UInt8(truncatingIfNeeded: $0)]), to: member) }
    }

    private func filter(_ change: (inout InjectedFaults) -> Void) -> FaultFilter {
        var faults = InjectedFaults()
        change(&faults)
        return FaultFilter(faults, after: nil)
    }

    @Test("without faults there is nothing to do")
    func none() { #expect(filter { _ in }.isIdle) }

    @Test("loss loses, duplication repeats, and who is muted hears nothing")
    func lost() {
        var loses = filter { $0.loss = 1_000 }
        #expect(loses.pass(transmissions(5), at: 0).isEmpty)
        var repeats = filter { $0.duplication = 1_000 }
        #expect(repeats.pass(transmissions(5), at: 0).map { $0.packet.contents[0] } == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
        var mutes = filter { $0.muted = ["b"] }
        #expect(mutes.pass(transmissions(5), at: 0).isEmpty)
        var mutesAnother = filter { $0.muted = ["c"] }
        #expect(mutesAnother.pass(transmissions(5), at: 0).count == 5)
    }

    @Test("what is delayed comes when it is due, also after the faults have ended")
    func delayed() throws {
        var delays = filter {
            $0.delay = 1_000
            $0.longestDelayMilliseconds = 10
        }
        #expect(delays.pass(transmissions(5), at: 0).isEmpty)
        let due = try #require(delays.nextDue)
        #expect((0..<10_000_000).contains(due))
        var later = FaultFilter(InjectedFaults(), after: delays)
        #expect(!later.isIdle)
        #expect(later.pass([], at: 10_000_000).count == 5)
        #expect(later.isIdle && later.nextDue == nil)
    }

    @Test("two nodes that are cut apart are each alone, and together again when the cut is healed")
    func cutApart() async throws {
        let short: (inout NodeSettings) -> Void = {
            $0.heartbeatInterval = .milliseconds(20)
            $0.failureTimeout = .milliseconds(200)
        }
        try await withNodes(2, short) { nodes in
            let readers = [EventReader(try await nodes[0].join("g")), EventReader(try await nodes[1].join("g"))]
            for reader in readers { await reader.until { $0.memberCount == 2 } }
            for (node, other) in [(0, "n1"), (1, "n0")] {
                var faults = InjectedFaults()
                faults.muted = [other]
                faults.unlinked = [other]
                nodes[node].inject(faults)
            }
            for reader in readers { await reader.until { $0.memberCount == 1 } }
            for node in nodes { node.inject(InjectedFaults()) }
            for reader in readers { await reader.until { $0.memberCount == 2 } }
            try await readers[0].group.multicast(Array("again".utf8), order: .safe)
            for reader in readers { #expect(await reader.texts(1) == ["again"]) }
        }
    }

    @Test("one direction alone that is cut is a suspicion, and no life of its own for the one who is still heard")
    func oneWay() async throws {
        let short: (inout NodeSettings) -> Void = {
            $0.heartbeatInterval = .milliseconds(20)
            $0.failureTimeout = .milliseconds(200)
        }
        try await withNodes(2, short) { nodes in
            let readers = [EventReader(try await nodes[0].join("g")), EventReader(try await nodes[1].join("g"))]
            for reader in readers { await reader.until { $0.memberCount == 2 } }
            var faults = InjectedFaults()
            faults.muted = ["n1"]
            nodes[0].inject(faults)
            // Whoever hears nothing goes on alone, and the other learns of it.
            for reader in readers { await reader.until { $0.memberCount == 1 } }
            nodes[0].inject(InjectedFaults())
            for reader in readers { await reader.until { $0.memberCount == 2 } }
        }
    }

    @Test("of a node that starts again only the last life's address is kept")
    func addresses() async throws {
        try await withNodes(1) { nodes in
            for life in 1...5 {
                let reader = EventReader(try await nodes[0].join("g\(life)"))
                var settings = NodeSettings(name: "again")
                settings.peers = [nodes[0].listenAddress]
                settings.logLevel = .critical
                let again = try await GroupNode.start(settings)
                _ = try await again.join("g\(life)")
                await reader.until { $0.memberCount == 2 }
                #expect(await nodes[0].tableSizes()["addresses"] == 1)
                again.crash()
                await reader.until { $0.memberCount == 1 }
            }
        }
    }
}
