import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

/// What the fuzzer of frames found.
@Suite struct MembershipCodingTests {
    private func announce(origin: UInt64) -> Packet {
        let member = MemberID(node: NodeID(name: "a"), incarnation: 1)
        let frame = MembershipFrame.announce(
            .init(
                view: View(id: ViewID(epoch: 1, coordinator: member), members: [member]), isPrimary: false,
                coordinator: NodeCard(name: "a", member: member, address: NodeAddress(high: 0, low: 1, port: 1)),
                origin: origin))
        return frame.encoded(group: HWGID(creator: member, counter: 1), cluster: 1, sender: member)
    }

    @Test func `an announcement with an origin comes back, and one whose origin is written as zero is none`() throws {
        let packet = announce(origin: 7)
        guard case .announce(let read)? = MembershipFrame.decode(.announce, packet.contents) else {
            Issue.record("it was refused")
            return
        }
        #expect(read.origin == 7)
        // Without the field it is a node in the mode `all`; with a zero it would have two encodings.
        let bare = announce(origin: 0)
        #expect(bare.count == packet.count - 8)
        #expect(MembershipFrame.decode(.announce, bare.contents) != nil)
        let zero = Packet(Array(bare.contents) + [UInt8](repeating: 0, count: 8))
        #expect(MembershipFrame.decode(.announce, zero.contents) == nil)
    }
}
