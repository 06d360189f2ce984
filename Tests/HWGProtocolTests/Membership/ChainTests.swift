import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

/// The mode `primary`, machine by machine. The numbers are those of the interleavings in Design/0010; the others need a second
/// heavyweight group.
@Suite struct ChainTests {
    private static let settle = 2_000

    private func started(_ names: [String]) -> ChainWorld {
        var world = ChainWorld(names)
        for name in names { world.start(name) }
        world.run(milliseconds: Self.settle)
        return world
    }

    @Test func `a first start makes one primary view of all, and a joiner that is not initial comes to it`() {
        var world = ChainWorld(
            ["a", "b", "c", "d"], initial: ["a", "b", "c", "d"].reduce(into: [:]) { $0[$1] = ["a", "b", "c"] })
        world.start("a", "b", "c")
        world.run(milliseconds: Self.settle)
        for name in ["a", "b", "c"] {
            #expect(world.view(name) == ("a1 b1 c1", true, false))
            #expect(
                world.nodes[world.index(name)].views.allSatisfy { $0.primary },
                "views that are not primary are not shown")
        }
        world.start("d")
        world.run(milliseconds: Self.settle)
        #expect(world.view("d") == ("a1 b1 c1 d1", true, false))
    }

    @Test func `a node without a majority shows no view`() {
        var world = ChainWorld(["a", "b", "c"])
        world.start("b")
        world.run(milliseconds: Self.settle)
        #expect(world.nodes[1].views.isEmpty)
        world.start("c")
        world.run(milliseconds: Self.settle)
        #expect(world.view("b") == ("b1 c1", true, false))
    }

    @Test(arguments: ["a", "b", "c"]) func `no view comes before each promise and acceptance is on its disk`(
        _ slow: String
    ) {
        var world = started(["a", "b", "c"])
        let index = world.index(slow)
        let before = world.view("b").members
        world.nodes[index].isDiskStuck = true
        world.leave(slow == "a" ? "b" : "a")
        world.run(milliseconds: 1_000)
        #expect(world.view(slow).members == before, "the others wait for its vote")
        #expect(world.nodes[index].pending.isEmpty == false)
        world.nodes[index].isDiskStuck = false
        world.run(milliseconds: Self.settle)
        #expect(world.view("c").members.contains(slow == "a" ? "b1" : "a1") == false)
        #expect(world.view("c").isPrimary)
    }

    @Test func `the side with the majority goes on, the other is held, gives up its place and comes back`() {
        var world = started(["a", "b", "c"])
        world.part(["a"], from: ["b", "c"])
        world.run(milliseconds: Self.settle)
        #expect(world.view("b") == ("b1 c1", true, false))
        #expect(world.view("a") == ("a1 b1 c1", true, true), "held, and no view comes")
        #expect(world.nodes[0].notes.contains { if case .noMajority = $0 { true } else { false } })
        world.heal()
        world.run(milliseconds: Self.settle)
        for name in ["a", "b", "c"] { #expect(world.view(name) == ("a1 b1 c1", true, false)) }
        // By a view of itself alone, which is not primary and held (M8).
        let alone = world.nodes[0].views.suffix(2).first
        #expect(alone?.view.members == [world.member("a")])
        #expect(alone?.primary == false)
        #expect(world.nodes[0].holds.contains(alone?.view.id ?? ViewID(epoch: 0, coordinator: world.member("a"))))
    }

    /// 9: no view that is not primary spends a vote, and suspicion is revocable.
    @Test func `three that lost each other and found each other get one view of the same members`() {
        var world = started(["a", "b", "c"])
        let before = world.nodes[0].views.count
        world.part(["a"], from: ["b", "c"])
        world.part(["b"], from: ["c"])
        world.run(milliseconds: 10_000)
        for name in ["a", "b", "c"] { #expect(world.view(name) == ("a1 b1 c1", true, true)) }
        world.heal()
        world.run(milliseconds: Self.settle)
        for name in ["a", "b", "c"] {
            #expect(world.view(name) == ("a1 b1 c1", true, false))
            let node = world.nodes[world.index(name)]
            #expect(node.views.count == before + 1)
            #expect(node.views.last?.unchanged == true)
            #expect(node.views.last?.transitional.count == 3)
        }
    }

    @Test func `of two the older goes on alone, and the younger waits for it`() {
        var world = started(["a", "b"])
        let oldest = world.nodes[0].views.last?.view.members[0] == world.member("a") ? "a" : "b"
        let other = oldest == "a" ? "b" : "a"
        world.crash(other)
        world.run(milliseconds: Self.settle)
        #expect(world.view(oldest) == ("\(oldest)1", true, false))
        world.start(other)
        world.run(milliseconds: Self.settle)
        #expect(world.view(other).isPrimary)
        world.crash(world.nodes[0].views.last?.view.members[0] == world.member("a") ? "a" : "b")
        world.run(milliseconds: Self.settle)
        let left = world.nodes.first { $0.hwg != nil }?.name ?? ""
        #expect(world.view(left).isHeld)
    }

    @Test func `after a total restart the chain goes on, also when the disks differ`() {
        var world = started(["a", "b", "c"])
        let before = world.nodes[0].views.last!.view.id
        world.crash("a", "b", "c")
        world.start("b", "c")
        world.run(milliseconds: Self.settle)
        #expect(world.view("b") == ("b2 c2", true, false))
        #expect(world.nodes[1].views.last!.view.id > before)
        world.start("a")
        world.run(milliseconds: Self.settle)
        #expect(world.view("a") == ("a2 b2 c2", true, false))
        #expect(world.nodes[0].record.last.follows == world.nodes[1].views.first?.view.id)
    }

    /// 6 and 7: a majority of the initial nodes, whatever it forgot or however fresh it is, begins no second chain.
    @Test func `initial nodes that left begin no second chain without those that went on`() {
        var world = started(["a", "b", "c"])
        world.leave("a")
        world.run(milliseconds: Self.settle)
        world.leave("b")
        world.run(milliseconds: Self.settle)
        #expect(world.view("c") == ("c1", true, false))
        world.part(["a", "b"], from: ["c"])
        world.start("a", "b")
        world.run(milliseconds: Self.settle)
        #expect(world.nodes[0].views.isEmpty)
        #expect(world.nodes[1].views.isEmpty)
        world.heal()
        world.run(milliseconds: Self.settle)
        for name in ["a", "b", "c"] { #expect(world.view(name).isPrimary) }
        #expect(world.view("a").members == "a2 b2 c1")
    }

    @Test func `with empty records the same nodes would begin a second chain`() {
        var world = started(["a", "b", "c"])
        world.leave("a")
        world.run(milliseconds: Self.settle)
        world.leave("b")
        world.run(milliseconds: Self.settle)
        for name in ["a", "b"] { world.nodes[world.index(name)].record = PrimaryRecord(initial: ["a", "b", "c"]) }
        world.part(["a", "b"], from: ["c"])
        world.start("a", "b")
        world.run(milliseconds: Self.settle)
        #expect(world.view("a") == ("a2 b2", true, false), "what the durable record is for")
    }

    /// 8: who is configured with other initial nodes is not met.
    @Test func `nodes that differ about the initial nodes do not merge, and say so`() {
        var world = ChainWorld(
            ["a", "b", "c", "d"], initial: ["a": ["a", "b"], "b": ["a", "b"], "c": ["c", "d"], "d": ["c", "d"]])
        world.start("a", "b", "c", "d")
        world.run(milliseconds: Self.settle)
        #expect(world.view("a").members == "a1 b1")
        #expect(world.view("c").members == "c1 d1")
        for node in world.nodes {
            #expect(node.notes.contains { if case .otherInitial = $0 { true } else { false } })
        }
    }

    /// The vote survives a node's life, its data do not.
    @Test
    func `one whose view's other members all started again gives up its place before it goes on with their votes`() {
        var world = started(["a", "b", "c"])
        world.crash("a", "c")
        world.run(milliseconds: Self.settle)
        #expect(world.view("b").isHeld)
        world.start("a")
        world.run(milliseconds: 4_000)
        #expect(world.view("b") == ("a2 b1", true, false))
        let last = world.nodes[1].views.suffix(3).map(\.primary)
        #expect(last == [true, false, true])
    }

    @Test func `a node that was cut off in a view that has a successor leaves it when it hears of that`() {
        var world = started(["a", "b", "c", "d", "e"])
        world.part(["a", "b"], from: ["c", "d", "e"])
        world.run(milliseconds: Self.settle)
        #expect(world.view("a").isHeld)
        #expect(world.view("c").members == "c1 d1 e1")
        // Its two members decide alone, without those who are held.
        world.crash("e")
        world.run(milliseconds: Self.settle)
        #expect(world.view("c") == ("c1 d1", true, false))
        world.heal()
        world.run(milliseconds: 4_000)
        for name in ["a", "b", "c", "d"] { #expect(world.view(name) == ("a1 b1 c1 d1", true, false)) }
    }

    @Test func `who leaves a held view is out at once`() {
        var world = started(["a", "b", "c"])
        world.part(["a"], from: ["b", "c"])
        world.run(milliseconds: Self.settle)
        world.leave("a")
        world.run(milliseconds: 100)
        #expect(world.nodes[0].hasLeft)
    }
}

@Suite struct PrimaryRecordTests {
    @Test func `a record comes back from its bytes, and cut or changed bytes are none`() throws {
        var record = PrimaryRecord(initial: ["a", "b", "c"])
        let members = ["a", "b"].map { MemberID(node: NodeID(name: $0), incarnation: 4) }
        let view = View(id: ViewID(epoch: 9, coordinator: members[0]), members: members)
        let next = View(id: ViewID(epoch: 10, coordinator: members[0]), members: members)
        let side = Side(previous: view, wasPrimary: true, continuing: members, leaving: [])
        let proposal = Proposal(
            view: next, sides: [.init(side: side, cut: [3, 4], controls: 1, hasState: true)], isPrimary: true,
            isEligible: true, after: record.last,
            mandate: Mandate(
                since: [view.id, next.id],
                groups: [.init(group: HWGID(creator: members[0], counter: 1), creator: members[1])]))
        #expect(record.acceptor.accept(proposal, at: Ballot(attempt: 3, proposer: members[1])) == .promise)
        let bytes = record.encoded
        #expect(bytes.withUnsafeBytes { PrimaryRecord(decoding: $0) } == record)
        for count in 0..<bytes.count {
            #expect(
                bytes.withUnsafeBytes { PrimaryRecord(decoding: UnsafeRawBufferPointer(rebasing: $0[..<count])) } == nil
            )
        }
    }

    @Test func `view 0 does not depend on the order of the names, and another set has another origin`() {
        #expect(PrimaryRecord(initial: ["b", "a"]) == PrimaryRecord(initial: ["a", "b"]))
        #expect(PrimaryRecord.origin(of: ["a", "b"]) != PrimaryRecord.origin(of: ["a", "b", "c"]))
        #expect(PrimaryRecord(initial: ["b", "a"]).last.nodes.first == NodeID(name: "a"))
    }

    @Test func `exactly half is a majority with rank 0 only, and strangers do not count`() {
        let view = DecidedView(initial: ["a", "b", "c", "d"])
        let nodes = { (names: String...) in Set(names.map { NodeID(name: $0) }) }
        #expect(view.isMajority(nodes("a", "b")))
        #expect(!view.isMajority(nodes("c", "d")))
        #expect(view.isMajority(nodes("b", "c", "d")))
        #expect(!view.isMajority(nodes("a", "x", "y", "z")))
    }

    /// Found by seed 110607 of the mode `primary`.
    @Test func `who led a merge, followed another and was let go for want of a majority, asks again`() {
        let now = Instant(nanoseconds: 1_000_000_000)
        let names = ["a", "b", "c", "d", "e"]
        let members = names.map { MemberID(node: NodeID(name: $0), incarnation: 1) }
        let cards = zip(names, members).map {
            NodeCard(name: $0, member: $1, address: NodeAddress(high: 0, low: 0, port: 1))
        }
        var peers = PeerTable(
            card: cards[1], heartbeatInterval: .milliseconds(100), failureTimeout: .seconds(10), now: now)
        for other in [0, 2, 3] {
            _ = peers.connected(cards[other], at: now)
            _ = peers.heartbeatArrived(
                from: members[other], Heartbeat(hearsYou: true, holdDeadline: .zero, mapping: 0), mapping: 0, at: now)
        }
        let record = PrimaryRecord(initial: names)
        var output = HWGOutput()
        var hwg = HWG(
            id: ChainWorld.group, me: members[1], cluster: 7, parameters: HWGParameters(), epochFloor: 5, nextNumber: 1,
            isFresh: false, record: record, at: now, into: &output)
        func alone(_ member: Int, _ epoch: UInt64) -> Side {
            let view = View(id: ViewID(epoch: epoch, coordinator: members[member]), members: [members[member]])
            return Side(previous: view, wasPrimary: false, continuing: [members[member]], leaving: [])
        }
        func receive(_ frame: MembershipFrame, from member: Int) {
            hwg.frameArrived(frame, from: members[member], at: now, peers: peers, into: &output)
        }
        receive(.mergeRequest(.init(side: alone(2, 1), cards: [cards[2]])), from: 2)
        #expect(hwg.merge.sides.count == 1)
        let ballot = Ballot(attempt: 9, proposer: members[0])
        let mine = Side(previous: hwg.view, wasPrimary: false, continuing: [members[1]], leaving: [])
        receive(
            .propose(
                .init(ballot: ballot, sides: [alone(0, 9), mine], cards: [cards[0]], last: record.last, authority: nil)),
            from: 0)
        #expect(hwg.following?.proposer == members[0])
        receive(
            .refuse(
                .init(
                    question: .init(ballot: ballot, view: alone(0, 9).previous.id), view: alone(0, 9).previous.id,
                    reason: .noMajority)), from: 0)
        output = HWGOutput()
        let later = View(id: ViewID(epoch: 12, coordinator: members[3]), members: [members[3], members[4]])
        receive(
            .announce(.init(view: later, isPrimary: true, coordinator: cards[3], origin: record.origin)), from: 3)
        #expect(hwg.merge.asked?.leader == members[3])
        #expect(output.transmissions.map(\.to) == [members[3]])
    }
}
