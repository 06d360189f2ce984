import EventLoop
import Glibc

/// Small files that must survive a crash at any time.
enum SafeFile {
    /// A new file that takes the old one's place when it is on the disk: a crash leaves one of the two, whole.
    static func write(_ bytes: [UInt8], _ path: String) throws(SystemError) {
        let fresh = "\(path).new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("write \(fresh)", code: errno) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isSafe = written == bytes.count && fsync(descriptor) == 0
        let code = written >= 0 && written < bytes.count ? ENOSPC : errno
        close(descriptor)
        guard isSafe else { throw SystemError("write \(fresh)", code: code) }
        guard rename(fresh, path) == 0 else { throw SystemError("rename \(fresh)", code: errno) }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let directory = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SystemError("open \(path[..<slash])", code: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw SystemError("sync \(path[..<slash])", code: errno) }
    }

    /// Nil where there is no file; at most `limit` bytes and one more.
    static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError("read \(path)", code: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= limit {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw SystemError("read \(path)", code: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
