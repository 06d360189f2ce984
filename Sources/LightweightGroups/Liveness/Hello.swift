import GroupModel
import GroupWire

/// The frames of a liveness connection. A hello both ways, then introductions of newcomers, else silence.
///
/// A frame begins with its number and, in the two that strangers exchange, with the magic and the wire version, whose
/// place never changes, so that other versions can be told apart.
enum LivenessFrame: Hashable {
    case hello(Hello)
    case refusal(Refusal)
    /// A node that the sender has just met.
    case introduction(Introduction)

    static let magic: UInt32 = 0x4C57_4748

    struct Hello: Hashable {
        var cluster: String
        var introduction: Introduction
        /// Other nodes that the sender has a connection to: the way nodes find one another.
        var known: [Introduction]
    }

    /// A node, and a number that only this process of it has: two lives with the same incarnation are told apart.
    struct Introduction: Hashable {
        var card: NodeCard
        var life: UInt64
    }

    enum Refusal: Hashable, Error {
        case wireVersion(UInt8)
        case cluster(String)
        /// The refuser knows this incarnation of the same node, or another life with the same one.
        case incarnation(known: UInt32)
        case tooMany
        case malformed
    }

    /// Nodes that one hello names; the others are heard of through these.
    static let knownLimit = 128
    static let clusterBytes = 255

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reserving: 256)
        switch self {
        case .hello(let hello):
            writer.u8(1)
            writer.u32(Self.magic)
            writer.u8(FrameHeader.version)
            writer.shortString(hello.cluster)
            writer.introduction(hello.introduction)
            writer.array(hello.known.prefix(Self.knownLimit)) { $0.introduction($1) }
        case .refusal(let refusal):
            writer.u8(2)
            writer.u32(Self.magic)
            writer.u8(FrameHeader.version)
            switch refusal {
            case .wireVersion(let version):
                writer.u8(1)
                writer.u8(version)
            case .cluster(let name):
                writer.u8(2)
                writer.shortString(name)
            case .incarnation(let known):
                writer.u8(3)
                writer.u32(known)
            case .tooMany: writer.u8(4)
            case .malformed: writer.u8(5)
            }
        case .introduction(let introduction):
            writer.u8(3)
            writer.introduction(introduction)
        }
        return writer.bytes
    }

    /// - Throws: `wireVersion` for another version's hello, `malformed` for anything else that is not a frame.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> LivenessFrame {
        var reader = ByteReader(bytes)
        let number = reader.u8()
        if number == 1 || number == 2 {
            let isOurs = reader.u32() == magic
            let version = reader.u8()
            guard isOurs, reader.isValid else { throw .malformed }
            // A refusal is understood in every version that puts its reason here.
            guard number == 2 || version == FrameHeader.version else { throw .wireVersion(version) }
        }
        let frame: LivenessFrame
        switch number {
        case 1:
            let cluster = reader.shortString(limit: clusterBytes)
            let introduction = reader.introduction()
            let known = reader.array(limit: knownLimit, elementBytes: 39) { $0.introduction() }
            frame = .hello(Hello(cluster: cluster, introduction: introduction, known: known))
        case 2:
            switch reader.u8() {
            case 1: frame = .refusal(.wireVersion(reader.u8()))
            case 2: frame = .refusal(.cluster(reader.shortString(limit: clusterBytes)))
            case 3: frame = .refusal(.incarnation(known: reader.u32()))
            case 4: frame = .refusal(.tooMany)
            default: frame = .refusal(.malformed)
            }
        case 3: frame = .introduction(reader.introduction())
        default: throw .malformed
        }
        guard reader.isValid else { throw .malformed }
        return frame
    }
}

extension ByteWriter {
    fileprivate mutating func introduction(_ value: LivenessFrame.Introduction) {
        card(value.card)
        u64(value.life)
    }
}

extension ByteReader {
    /// Fails on a name that is none, or that is not the identity's.
    fileprivate mutating func introduction() -> LivenessFrame.Introduction {
        let card = card()
        let life = u64()
        if !NodeSettings.isNodeName(card.name) || NodeID(name: card.name) != card.member.node { fail() }
        return LivenessFrame.Introduction(card: card, life: life)
    }
}
