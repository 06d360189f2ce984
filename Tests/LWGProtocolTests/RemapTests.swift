import GroupModel
import LWGProtocol
import Testing

@Suite("Another mapping for a node at work")
struct RemapTests {
    @Test("Groups joined from then on follow it; a group that the node is in stays, for further endpoints too (L3)")
    func remap() throws {
        let (first, second) = (HWGID(named: ShortName("first")!), HWGID(named: ShortName("second")!))
        var layer = LWGLayer(
            me: MemberID(node: NodeID(name: "n"), incarnation: 1), mapping: StaticMapping(default: first),
            reportsHolds: false)
        var out = LWGOutput()
        func seats() -> [SeatHandle] {
            out.up.events.compactMap { if case .seated(let seat, _, _) = $0 { seat } else { nil } }
        }
        layer.join(endpoint: ShortName("0")!, groups: ["old"], into: &out)
        layer.remap(StaticMapping(default: second))
        layer.join(endpoint: ShortName("0")!, groups: ["new"], into: &out)
        layer.join(endpoint: ShortName("1")!, groups: ["old"], into: &out)
        #expect(seats().map(layer.carrier(of:)) == [first, second, first])
        #expect(out.requests == [.join(first), .join(second)])
        #expect(layer.seatedGroups == 2)
    }
}
