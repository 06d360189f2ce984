import EventLoop
import Glibc
import GroupModel
import GroupWire
import HWGProtocol

/// The file of a node's record of primary views (mode `partition: primary`), in the state directory as `NAME.primary`.
///
/// It has a magic number, a version, whose record it is, the record and a checksum. A file that is missing where there was
/// one, or damaged, stops the node at its start: a node that forgets what it promised can fork the chain of primary views.
final class RecordFile {
    let path: String
    private let owner: [UInt8]
    /// Held for the node's life, so that no two write the same record; -1 when released.
    private var lock: Int32

    private static let magic: UInt32 = 0x4C57_5052
    private static let version: UInt8 = 2
    /// Far more than the largest record, which names a few hundred members a few times.
    private static let limit = 4 << 20

    struct Owner {
        let name: String
        let cluster: String
        let group: HWGID
    }

    /// Opens the record, or begins one where this node has never had one.
    /// - Parameter hadOne: this node has run in this mode before.
    static func open(
        _ owner: Owner, in directory: String, initial: [String], hadOne: Bool
    ) throws(GroupError) -> (file: RecordFile, record: PrimaryRecord) {
        let file: RecordFile
        let bytes: [UInt8]?
        do {
            file = try RecordFile(owner, in: directory)
            bytes = try SafeFile.read(file.path, limit: limit)
        } catch {
            throw .system(error, advice: "Check the state directory and its permissions.")
        }
        let fresh = PrimaryRecord(initial: initial)
        guard let bytes else {
            guard !hadOne else {
                throw .lostState(
                    file.path, problem: "it is missing, but this node has run with partition: primary before")
            }
            do { try file.write(fresh) } catch {
                throw .system(error, advice: "Check the state directory and its permissions.")
            }
            return (file, fresh)
        }
        let record = try file.decode(bytes, owner)
        guard record.origin == fresh.origin else {
            throw .setting(
                key: "membership.initial",
                problem:
                    "it is not what it was when the chain of primary views began (\(file.path)). It names the nodes "
                    + "of the first view only and stays the same for ever: other nodes join and leave without it")
        }
        return (file, record)
    }

    private init(_ owner: Owner, in directory: String) throws(SystemError) {
        path = "\(directory)/\(owner.name).primary"
        var writer = ByteWriter(reserving: 32)
        writer.u64(NodeID(name: owner.name).raw)
        writer.u32(FrameHeader.cluster(named: owner.cluster))
        writer.hwgID(owner.group)
        self.owner = writer.bytes
        let lockPath = "\(path).lock"
        lock = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw SystemError("open \(lockPath)", code: errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(lock)
            lock = -1
            throw SystemError("lock \(lockPath) (another process runs this node)", code: code)
        }
    }

    deinit { release() }

    /// The node has ended: another may take over.
    func release() {
        if lock >= 0 { close(lock) }
        lock = -1
    }

    /// On the disk when it returns.
    func write(_ record: PrimaryRecord) throws(SystemError) { try SafeFile.write(encode(record), path) }

    /// Nobody votes with this record again: a peer knows a later life. Otherwise the next start, whose incarnation is higher,
    /// would not be refused.
    func void(because reason: String) throws(SystemError) {
        try SafeFile.write(Array("\(Self.voidMark)\(reason)".utf8), path)
    }

    private static let voidMark = "void: "

    private func encode(_ record: PrimaryRecord) -> [UInt8] {
        var writer = ByteWriter(reserving: 512)
        writer.u32(Self.magic)
        writer.u8(Self.version)
        writer.raw(owner)
        let payload = record.encoded
        writer.u32(UInt32(payload.count))
        writer.raw(payload)
        writer.u64(StableHash.of(writer.bytes))
        return writer.bytes
    }

    private func decode(_ bytes: [UInt8], _ owner: Owner) throws(GroupError) -> PrimaryRecord {
        if bytes.starts(with: Self.voidMark.utf8) {
            throw .lostState(path, problem: String(decoding: bytes.dropFirst(Self.voidMark.utf8.count), as: UTF8.self))
        }
        var problem = "it is damaged: the checksum is wrong"
        let record = bytes.withUnsafeBytes { raw -> PrimaryRecord? in
            guard raw.count > 8, raw.count <= Self.limit else { return nil }
            let body = UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - 8)])
            var end = ByteReader(UnsafeRawBufferPointer(rebasing: raw[(raw.count - 8)...]))
            guard end.u64() == StableHash.of(body) else { return nil }
            var reader = ByteReader(body)
            guard reader.u32() == Self.magic else {
                problem = "it is no record of primary views"
                return nil
            }
            let version = reader.u8()
            guard version == Self.version else {
                problem = "it has version \(version), and this program reads \(Self.version)"
                return nil
            }
            guard reader.raw(self.owner.count).elementsEqual(self.owner) else {
                problem =
                    "it belongs to another node, cluster or heavyweight group than ‘\(owner.name)’, "
                    + "‘\(owner.cluster)’, ‘\(owner.group)’"
                return nil
            }
            problem = "it is damaged: its contents make no sense"
            let payload = reader.raw(Int(reader.u32()))
            guard reader.isComplete else { return nil }
            return PrimaryRecord(decoding: payload)
        }
        guard let record else { throw .lostState(path, problem: problem) }
        return record
    }
}
