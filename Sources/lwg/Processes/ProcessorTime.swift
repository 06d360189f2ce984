import Foundation
import Glibc

/// What the machine's processors did, to tell how much other processes disturbed a measurement.
struct ProcessorTime: Sendable {
    /// Processor seconds in use by all processes of the machine.
    let machine: Double
    /// Processor seconds of this process and of the ones named.
    let own: Double
    let at: Int64

    static func now(children: [pid_t]) -> ProcessorTime {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        var own = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        // Those that have ended and were waited for.
        getrusage(RUSAGE_CHILDREN.rawValue, &usage)
        own += seconds(usage.ru_utime) + seconds(usage.ru_stime)
        for child in children { own += ofProcess(child) ?? 0 }
        return ProcessorTime(machine: ofMachine() ?? 0, own: own, at: Monotonic.nanoseconds)
    }

    /// The share of one processor that other processes used between two moments, in percent.
    static func foreign(from start: ProcessorTime, to end: ProcessorTime) -> Double {
        let elapsed = Double(end.at - start.at) / 1e9
        guard elapsed > 0 else { return 0 }
        return max(0, (end.machine - start.machine) - (end.own - start.own)) / elapsed * 100
    }

    /// Processor seconds that these processes use between two points of the monotonic clock, which are waited for.
    static func used(by pids: [pid_t], from: Int64, to: Int64) async -> Double {
        func at(_ point: Int64) async -> Double {
            try? await Task.sleep(for: .nanoseconds(max(0, point - Monotonic.nanoseconds)))
            return pids.reduce(0) { $0 + (ofProcess($1) ?? 0) }
        }
        let before = await at(from)
        return await at(to) - before
    }

    /// User, nice, system and stolen time of the first line of `/proc/stat`; interrupts are mostly our own packets.
    private static func ofMachine() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
        let fields = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard fields.count >= 8 else { return nil }
        return (fields[0] + fields[1] + fields[2] + fields[7]) / ticksPerSecond
    }

    /// Fields 14 and 15 of `/proc/PID/stat`, counted after the name, which may contain anything.
    private static func ofProcess(_ pid: pid_t) -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / ticksPerSecond
    }

    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
