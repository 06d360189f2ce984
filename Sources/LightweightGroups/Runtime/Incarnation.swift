import EventLoop
import Glibc
import GroupModel

/// The counter that tells a node's lives apart, kept in a file so that it grows with each start; without a file, the
/// clock, which grows unless it is set back (a peer that knows a higher one says so).
///
/// The clock is counted in tenths of a second since 2026. A start returns when the tenth is over whose number it took
/// (`untilNextTick`), so that the next life has another one; a longer tick would make the start longer. The 32 bits of the wire
/// last until August 2039. From then on all lives without a file have the same number, and peers refuse the second: such
/// nodes need a state directory. Nodes once counted seconds since 2020, which is less until then.
struct Incarnation {
    private let path: String?
    private(set) var value: UInt32
    /// There was no earlier life: the node may count towards a group's first primary view. Without a file nobody can
    /// know, so it is false (else two restarted nodes of three begin a second chain beside the third, M7).
    let isFirst: Bool

    /// The node has run in the mode `primary`, so that it has a record of primary views.
    private(set) var isPrimary = false

    /// The next incarnation, which `take` puts into the file before it is used.
    init(name: String, directory: String?) throws(SystemError) {
        guard let directory else {
            path = nil
            value = Self.number(at: Self.clock())
            isFirst = false
            return
        }
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw SystemError("create \(directory)", code: errno)
        }
        let path = "\(directory)/\(name).incarnation"
        self.path = path
        let last = try Self.read(path)
        isFirst = last.value == 0
        isPrimary = last.wasPrimary
        value = last.value == .max ? .max : last.value + 1
    }

    mutating func take(isPrimary: Bool) throws(SystemError) {
        // For good: a record that is there must never be missing.
        if isPrimary { self.isPrimary = true }
        try write()
    }

    /// To one more than a peer knows. False at the end of the numbers.
    mutating func raise(above known: UInt32) throws(SystemError) -> Bool {
        guard max(known, value) < .max else { return false }
        value = max(known, value) + 1
        try write()
        return true
    }

    /// In nanoseconds.
    private static let tick = 100_000_000

    /// How long the number that was taken from the clock may be taken again; zero with a file. In nanoseconds, less than a tick.
    var untilNextTick: Int {
        guard path == nil, Self.number(at: Self.clock()) == value else { return 0 }
        return Self.tick - Self.clock() % Self.tick
    }

    static func number(at nanoseconds: Int) -> UInt32 { UInt32(clamping: max(nanoseconds / tick, 1)) }

    /// Nanoseconds since 2026-01-01.
    private static func clock() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return max(Int(now.tv_sec) - 1_767_225_600, 0) * 1_000_000_000 + Int(now.tv_nsec)
    }

    /// 0 where there is no file yet. The second line says that the node has run in the mode `primary`.
    private static func read(_ path: String) throws(SystemError) -> (value: UInt32, wasPrimary: Bool) {
        guard let bytes = try SafeFile.read(path, limit: 64) else { return (0, false) }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let digits = lines.first, let value = UInt32(digits) else {
            throw SystemError("read a number from \(path)", code: EINVAL)
        }
        return (value, lines.dropFirst().contains { $0 == mark })
    }

    private static let mark = "primary"

    func write() throws(SystemError) {
        guard let path else { return }
        try SafeFile.write(Array("\(value)\n\(isPrimary ? "\(Self.mark)\n" : "")".utf8), path)
    }
}
