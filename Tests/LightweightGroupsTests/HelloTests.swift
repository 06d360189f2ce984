import GroupModel
import GroupWire
import Testing

@testable import LightweightGroups

@Suite("Frames of liveness connections")
struct HelloTests {
    static func introduction(_ name: String, incarnation: UInt32 = 3) -> LivenessFrame.Introduction {
        let member = MemberID(node: NodeID(name: name), incarnation: incarnation)
        let address = NodeAddress(high: 0, low: 0xFFFF_7F00_0001, port: 7_000)
        return .init(card: NodeCard(name: name, member: member, address: address), life: 99)
    }

    static let frames: [LivenessFrame] = [
        .hello(.init(cluster: "default", introduction: introduction("a"), known: [])),
        .hello(.init(cluster: "x", introduction: introduction("a"), known: (0..<128).map { introduction("n\($0)") })),
        .introduction(introduction("b", incarnation: .max)),
        .refusal(.wireVersion(9)), .refusal(.cluster("other")), .refusal(.incarnation(known: 7)),
        .refusal(.tooMany), .refusal(.malformed),
    ]

    static func decode(_ bytes: [UInt8]) -> Result<LivenessFrame, LivenessFrame.Refusal> {
        bytes.withUnsafeBytes { raw in
            Result { () throws(LivenessFrame.Refusal) in try LivenessFrame.decode(raw) }
        }
    }

    @Test("what is written is read back", arguments: frames)
    func roundTrip(_ frame: LivenessFrame) {
        #expect(Self.decode(frame.encoded()) == .success(frame))
    }

    @Test("a frame cut anywhere is malformed", arguments: frames.indices)
    func cut(_ index: Int) {
        let frame = Self.frames[index]
        let bytes = frame.encoded()
        for count in 0..<min(bytes.count, 400) {
            let decoded = Self.decode(Array(bytes[..<count]))
            // The reason of a refusal may be cut to one that is shorter; nothing else may pass.
            if case .refusal = frame, case .success(.refusal) = decoded { continue }
            #expect(decoded == .failure(.malformed))
        }
    }

    @Test("a mutated frame is rejected or is a frame again")
    func mutated() {
        var generator = SeededGenerator(seed: 5)
        for frame in Self.frames {
            let bytes = frame.encoded()
            for _ in 0..<3_000 {
                var changed = bytes
                for _ in 0...generator.below(3) {
                    changed[generator.below(changed.count)] = UInt8(truncatingIfNeeded: generator.next())
                }
                if case .success(let other) = Self.decode(changed) {
                    #expect(Self.decode(other.encoded()) == .success(other))
                }
            }
        }
    }

    @Test("a hello of another wire version is told apart from one that is malformed")
    func version() {
        var bytes = Self.frames[0].encoded()
        let other = FrameHeader.version + 1
        bytes[5] = other
        #expect(Self.decode(bytes) == .failure(.wireVersion(other)))
        bytes[1] ^= 1
        #expect(Self.decode(bytes) == .failure(.malformed))
    }

    @Test("a card whose name is not its identity's is malformed")
    func name() {
        let wrong = NodeCard(
            name: "a", member: MemberID(node: NodeID(name: "b"), incarnation: 1),
            address: NodeAddress(high: 0, low: 1, port: 1))
        let frame = LivenessFrame.introduction(.init(card: wrong, life: 1))
        #expect(Self.decode(frame.encoded()) == .failure(.malformed))
        let bad = NodeCard(
            name: "a b", member: MemberID(node: NodeID(name: "a b"), incarnation: 1),
            address: NodeAddress(high: 0, low: 1, port: 1))
        #expect(Self.decode(LivenessFrame.introduction(.init(card: bad, life: 1)).encoded()) == .failure(.malformed))
    }
}
