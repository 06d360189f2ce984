import Glibc

/// A file that a user names: what is there is written to, be it a link, a pipe or a device, and not replaced.
enum OutputFile {
    /// - Throws: `Failure`, with what the system has against it.
    static func write(_ bytes: some Collection<UInt8>, to path: String, appending: Bool = false) throws {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (appending ? O_APPEND : O_TRUNC)
        let file = open(path, flags, 0o644)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        let all = Array(bytes)
        var written = 0
        while written < all.count {
            let count = all[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            written += count
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure("cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
