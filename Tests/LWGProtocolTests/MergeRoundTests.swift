import GroupModel
import Testing

@testable import LWGProtocol

@Suite("Tables of sides, put together")
struct MergeRoundTests {
    @Test("A table in parts counts when its last part is delivered")
    func parts() {
        let names = (0..<100).map { "group \($0)" }
        let entries = names.map { SideEntry(id: LWGID(name: $0), name: $0, origins: [], members: []) }
        let parts = Carrier.parts(of: entries, covering: [0], limit: 200)
        #expect(parts.count > 5 && parts.filter(\.isLast).count == 1 && parts.last?.isLast == true)
        #expect(parts.flatMap(\.entries) == entries)
        var round = MergeRound(side: [0], own: [], isCovered: [false, true])
        for part in parts {
            #expect(!round.isComplete)
            let isTaken = round.partArrived(part, from: 0)
            #expect(isTaken)
        }
        #expect(round.isComplete && round.merged().count == 100)
    }

    @Test("What a side tells of an LWG a second time is ignored")
    func toldTwice() {
        let members = ["a", "b"].map {
            SideEntry.Member(
                endpoint: EndpointID(member: MemberID(node: NodeID(name: "n"), incarnation: 1), name: ShortName($0)!),
                rank: 0, origin: nil)
        }
        let entries = members.map { SideEntry(id: LWGID(raw: 1), name: "g", origins: [], members: [$0]) }
        var round = MergeRound(side: [0], own: [], isCovered: [false])
        _ = round.partArrived(TablePart(isLast: true, covers: [0], entries: entries), from: 0)
        #expect(round.merged() == [entries[0]])
    }

    @Test("A name that collides with another side's id loses to the lower side's")
    func collidingSides() {
        let entry = { (name: String) in SideEntry(id: LWGID(raw: 1), name: name, origins: [], members: []) }
        var round = MergeRound(side: [0], own: [], isCovered: [false, false])
        _ = round.partArrived(TablePart(isLast: true, covers: [1], entries: [entry("b")]), from: 1)
        _ = round.partArrived(TablePart(isLast: true, covers: [0], entries: [entry("a")]), from: 0)
        #expect(round.merged().map(\.name) == ["a"])
    }
}
