import Glibc

/// What the process uses, under the names that Prometheus' own libraries have.
public struct ProcessFigures: Sendable {
    /// User and system time.
    public let processorSeconds: Double
    /// Nil where `/proc` is not there.
    public let residentBytes: Int?

    /// Names and texts, for the exposition and for the test of `Operations.md`.
    static let names: [(name: String, text: String)] = [
        ("process_cpu_seconds_total", "User and system time of the process."),
        ("process_resident_memory_bytes", "Memory of the process that is in the machine's memory."),
    ]

    public static func now() -> ProcessFigures {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        return ProcessFigures(processorSeconds: seconds, residentBytes: residentPages().map { $0 * pageBytes })
    }

    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// The second field of `/proc/self/statm`.
    private static func residentPages() -> Int? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        let fields = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Int(fields[1]) : nil
    }
}
