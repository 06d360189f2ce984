import GroupModel
import GroupWire
import HWGProtocol

/// What the file of a record of primary views has in it: a magic number, a version, whose record it is, the record and a
/// checksum of all that.
struct RecordContents {
    struct Owner {
        let name: String
        let cluster: String
        let group: HWGID
    }

    /// Why it is not this node's record.
    struct Unreadable: Error {
        let problem: String
    }

    private let owner: Owner
    private let ownerBytes: [UInt8]

    private static let magic: UInt32 = 0x4C57_5052
    private static let version: UInt8 = 2
    private static let checksumBytes = 8
    /// Far more than the largest record, which names a few hundred members a few times.
    static let limit = 4 << 20

    init(_ owner: Owner) {
        self.owner = owner
        var writer = ByteWriter(reserving: 32)
        writer.u64(NodeID(name: owner.name).raw)
        writer.u32(FrameHeader.cluster(named: owner.cluster))
        writer.hwgID(owner.group)
        ownerBytes = writer.bytes
    }

    func encode(_ record: PrimaryRecord) -> [UInt8] { enclose(record.encoded) }

    /// In place of a record that nobody may vote with again.
    static func void(because reason: String) -> [UInt8] { Array("\(voidMark)\(reason)".utf8) }

    private static let voidMark = "void: "
    /// Of a reason that the file gives, what is told: far more than any that this program writes.
    private static let reasonLimit = 1_000

    /// With all that comes before and after it.
    func enclose(_ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(reserving: 512)
        writer.u32(Self.magic)
        writer.u8(Self.version)
        writer.raw(ownerBytes)
        writer.u32(UInt32(payload.count))
        writer.raw(payload)
        return Self.sealed(writer.bytes)
    }

    /// With its checksum.
    static func sealed(_ body: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(reserving: body.count + checksumBytes)
        writer.raw(body)
        writer.u64(StableHash.of(body))
        return writer.bytes
    }

    func decode(_ raw: UnsafeRawBufferPointer) -> Result<PrimaryRecord, Unreadable> {
        guard raw.count <= Self.limit else { return .failure(Unreadable(problem: "it is larger than any record")) }
        if raw.starts(with: Self.voidMark.utf8) {
            let reason = raw.dropFirst(Self.voidMark.utf8.count).prefix(Self.reasonLimit)
            return .failure(Unreadable(problem: String(decoding: reason, as: UTF8.self)))
        }
        guard raw.count > Self.checksumBytes else {
            return .failure(Unreadable(problem: "it is damaged: it is cut short"))
        }
        let body = UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - Self.checksumBytes)])
        var end = ByteReader(UnsafeRawBufferPointer(rebasing: raw[(raw.count - Self.checksumBytes)...]))
        guard end.u64() == StableHash.of(body) else {
            return .failure(Unreadable(problem: "it is damaged: the checksum is wrong"))
        }
        var reader = ByteReader(body)
        guard reader.u32() == Self.magic, reader.isValid else {
            return .failure(Unreadable(problem: "it is no record of primary views"))
        }
        let version = reader.u8()
        guard version == Self.version else {
            return .failure(Unreadable(problem: "it has version \(version), and this program reads \(Self.version)"))
        }
        guard reader.raw(ownerBytes.count).elementsEqual(ownerBytes) else {
            return .failure(
                Unreadable(
                    problem: "it belongs to another node, cluster or heavyweight group than ‘\(owner.name)’, "
                        + "‘\(owner.cluster)’, ‘\(owner.group)’"))
        }
        let payload = reader.raw(Int(reader.u32()))
        guard reader.isComplete, let record = PrimaryRecord(decoding: payload) else {
            return .failure(Unreadable(problem: "it is damaged: its contents make no sense"))
        }
        return .success(record)
    }
}
