import Glibc

/// The machine's monotonic clock, the same in all processes, so that they can compare times.
enum Monotonic {
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func milliseconds(from start: Int64, to end: Int64) -> Double { Double(end - start) / 1_000_000 }

    static func milliseconds(since start: Int64) -> Double { milliseconds(from: start, to: nanoseconds) }
}
