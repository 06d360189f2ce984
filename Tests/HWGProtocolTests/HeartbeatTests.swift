import GroupModel
import GroupWire
import HWGProtocol
import Testing

@Suite("What a heartbeat tells")
struct HeartbeatTests {
    private let me = MemberID(node: NodeID(name: "a"), incarnation: 1)

    private func bytes(_ heartbeat: Heartbeat) -> [UInt8] {
        Array(heartbeat.packet(cluster: 7, sender: me).contents)
    }

    private func read(_ bytes: [UInt8]) -> Heartbeat? { bytes.withUnsafeBytes { Heartbeat($0) } }

    @Test(arguments: [
        (Interval.zero, Interval.zero), (.milliseconds(50), .milliseconds(50)), (.seconds(60), .seconds(60)),
        (.microseconds(1), .milliseconds(1)), (.microseconds(2_001), .milliseconds(3)), (.seconds(3_600), .seconds(65)),
    ])
    func `a time comes back in milliseconds, rounded up and bounded`(_ told: Interval, _ heard: Interval) {
        for hearsYou in [false, true] {
            let heartbeat = Heartbeat(hearsYou: hearsYou, holdDeadline: told, mapping: 0xDEAD_BEEF)
            #expect(read(bytes(heartbeat)) == Heartbeat(hearsYou: hearsYou, holdDeadline: heard, mapping: 0xDEAD_BEEF))
        }
    }

    @Test func `one that is too short, too long or neither true nor false is malformed`() {
        let whole = bytes(Heartbeat(hearsYou: true, holdDeadline: .seconds(2), mapping: 1))
        #expect(read(Array(whole.dropLast())) == nil)
        #expect(read(whole + [0]) == nil)
        #expect(read([]) == nil)
        var odd = whole
        odd[FrameHeader.bytes] = 2
        #expect(read(odd) == nil)
    }
}
