import EventLoop
import Glibc
import GroupModel

/// The counter that tells a node's lives apart, kept in a file so that it grows with each start; without a file, the
/// seconds since 2020, which grow unless the clock is set back (a peer that knows a higher one says so).
struct Incarnation {
    private let path: String?
    private(set) var value: UInt32
    /// There was no earlier life: the node may count towards a group's first primary view. Without a file nobody can
    /// know, so it is false (else two restarted nodes of three begin a second chain beside the third, M7).
    let isFirst: Bool

    /// Takes the next incarnation; in the file before it is used.
    init(name: String, directory: String?) throws(SystemError) {
        guard let directory else {
            path = nil
            value = Self.clock()
            isFirst = false
            return
        }
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw SystemError("create \(directory)", code: errno)
        }
        let path = "\(directory)/\(name).incarnation"
        self.path = path
        let last = try Self.read(path)
        isFirst = last == 0
        value = last == .max ? .max : last + 1
        try Self.write(value, path)
    }

    /// To one more than a peer knows. False at the end of the numbers.
    mutating func raise(above known: UInt32) throws(SystemError) -> Bool {
        guard max(known, value) < .max else { return false }
        value = max(known, value) + 1
        if let path { try Self.write(value, path) }
        return true
    }

    private static func clock() -> UInt32 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        // 2020-01-01 in Unix time; 32 bits of seconds last until 2156.
        return UInt32(clamping: max(Int(now.tv_sec) - 1_577_836_800, 1))
    }

    /// 0 where there is no file yet.
    private static func read(_ path: String) throws(SystemError) -> UInt32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return 0 }
            throw SystemError("read \(path)", code: errno)
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw SystemError("read \(path)", code: errno) }
        let digits = String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard let value = UInt32(digits) else { throw SystemError("read a number from \(path)", code: EINVAL) }
        return value
    }

    /// A new file that takes the old one's place when it is on the disk: a crash leaves one of the two, whole.
    private static func write(_ value: UInt32, _ path: String) throws(SystemError) {
        let fresh = "\(path).new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("write \(fresh)", code: errno) }
        let text = Array("\(value)\n".utf8)
        let written = text.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isSafe = written == text.count && fsync(descriptor) == 0
        let code = written >= 0 && written < text.count ? ENOSPC : errno
        close(descriptor)
        guard isSafe else { throw SystemError("write \(fresh)", code: code) }
        guard rename(fresh, path) == 0 else { throw SystemError("rename \(fresh)", code: errno) }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let directory = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }
}
