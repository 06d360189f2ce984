import EventLoop
import Glibc
import HWGProtocol

/// The file of a node's record of primary views (mode `partition: primary`), in the state directory as `NAME.primary`.
///
/// A file that is missing where there was one, or damaged, stops the node at its start: a node that forgets what it
/// promised can fork the chain of primary views.
final class RecordFile {
    let path: String
    private let contents: RecordContents
    /// Held for the node's life, so that no two write the same record; -1 when released.
    private var lock: Int32

    /// Opens the record, or begins one where this node has never had one.
    /// - Parameter hadOne: this node has run in this mode before.
    static func open(
        _ owner: RecordContents.Owner, in directory: String, initial: [String], hadOne: Bool
    ) throws(GroupError) -> (file: RecordFile, record: PrimaryRecord) {
        let file: RecordFile
        let bytes: [UInt8]?
        do {
            file = try RecordFile(owner, in: directory)
            bytes = try SafeFile.read(file.path, limit: RecordContents.limit)
        } catch {
            let isTaken = error.code == EWOULDBLOCK
            throw .system(
                error,
                advice: isTaken
                    ? "End that process, or give this node a name and a state directory of its own."
                    : "Check the state directory and its permissions.")
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
        let record: PrimaryRecord
        switch bytes.withUnsafeBytes(file.contents.decode) {
        case .success(let read): record = read
        case .failure(let error): throw .lostState(file.path, problem: error.problem)
        }
        guard record.origin == fresh.origin else {
            throw .setting(
                key: "membership.initial",
                problem:
                    "it is not what it was when the chain of primary views began (\(file.path)). It names the nodes "
                    + "of the first view only and stays the same for ever: other nodes join and leave without it")
        }
        return (file, record)
    }

    private init(_ owner: RecordContents.Owner, in directory: String) throws(SystemError) {
        path = "\(directory)/\(owner.name).primary"
        contents = RecordContents(owner)
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
        guard lock >= 0 else { return }
        // A process that is being forked has a copy of the descriptor for a moment, which would keep the lock.
        flock(lock, LOCK_UN)
        close(lock)
        lock = -1
    }

    /// On the disk when it returns.
    func write(_ record: PrimaryRecord) throws(SystemError) { try SafeFile.write(contents.encode(record), path) }

    /// Nobody votes with this record again: a peer knows a later life. Otherwise the next start, whose incarnation is higher,
    /// would not be refused.
    func void(because reason: String) throws(SystemError) {
        try SafeFile.write(RecordContents.void(because: reason), path)
    }
}
