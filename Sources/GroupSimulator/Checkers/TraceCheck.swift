#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Judges traces by the properties of design.md, section 9: `lwg check`, and the end of every simulated run.
///
/// Takes the lines of real processes, and from the simulator the records that its lines would be written from; time and memory in
/// proportion to them.
public struct TraceCheck: ~Copyable {
    public struct Report: Hashable, Sendable {
        public var ok: Bool { violationCount == 0 }
        /// Lines that are of a trace.
        public let events: Int
        /// At most 20 of each property.
        public let violations: [Violation]
        public let violationCount: Int
    }

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// `code` is the system's `errno`.
        case unreadable(file: String, code: Int32)

        public var description: String {
            switch self {
            case .unreadable(let file, let code): "cannot read \(file): \(String(cString: strerror(code)))"
            }
        }
    }

    private var history = TraceHistory()

    private let isPrimaryMode: Bool
    private let flushesAtWill: Bool

    /// - Parameters:
    ///   - isPrimaryMode: the nodes ran with `partition: primary`, so that nothing may happen in other views.
    ///   - flushesAtWill: the heavyweight groups flush without a reason, to try the layer above; so that is no storm (F4).
    public init(isPrimaryMode: Bool = false, flushesAtWill: Bool = false) {
        self.isPrimaryMode = isPrimaryMode
        self.flushesAtWill = flushesAtWill
    }

    /// The lines of one file. Each process's lines are in its order, within a file and from file to file.
    public mutating func add(_ lines: UnsafeRawBufferPointer, named file: String) {
        history.begin(file: file)
        history.read(lines)
        history.endFile()
    }

    public func report() -> Report {
        Self.report(on: history, isPrimaryMode: isPrimaryMode, flushesAtWill: flushesAtWill)
    }

    static func report(on history: TraceHistory, isPrimaryMode: Bool, flushesAtWill: Bool = false) -> Report {
        let timeline = Timeline(history)
        var findings = Findings(history: history)
        findings.addWrongLines()
        ViewChecks.run(timeline, into: &findings)
        ContinuityChecks.run(timeline, into: &findings)
        PrimaryChecks.run(timeline, isPrimaryMode: isPrimaryMode, into: &findings)
        DeliveryChecks.run(timeline, into: &findings)
        SynchronyChecks.run(timeline, into: &findings)
        SenderOrderChecks.run(timeline, into: &findings)
        TotalOrderChecks.run(timeline, into: &findings)
        StabilityChecks.run(timeline, into: &findings)
        FlushChecks.run(timeline, isPrimaryMode: isPrimaryMode, flushesAtWill: flushesAtWill, into: &findings)
        MappingChecks.run(timeline, into: &findings)
        LivenessChecks.run(timeline, into: &findings)
        if isPrimaryMode { HeldChecks.run(timeline, into: &findings) }
        return Report(
            events: history.events.count, violations: findings.violations, violationCount: findings.total)
    }

    /// Reads the files, in pieces, and judges them together.
    public static func run(files: [String], isPrimaryMode: Bool = false) throws(Failure) -> Report {
        var check = TraceCheck(isPrimaryMode: isPrimaryMode)
        for file in files {
            check.history.begin(file: file)
            try check.read(file)
            check.history.endFile()
        }
        return check.report()
    }

    private static let pieceBytes = 1 << 20

    private mutating func read(_ file: String) throws(Failure) {
        let descriptor = open(file, O_RDONLY)
        guard descriptor >= 0 else { throw .unreadable(file: file, code: errno) }
        defer { close(descriptor) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 16)
        defer { piece.deallocate() }
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, piece.baseAddress, piece.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, piece.baseAddress, piece.count)
            #else
                let count = Darwin.read(descriptor, piece.baseAddress, piece.count)
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(file: file, code: errno) }
            if count == 0 { return }
            history.read(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }
}

extension TraceCheck.Report: Encodable {
    private enum CodingKeys: String, CodingKey { case ok, events, violations, violationCount }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ok, forKey: .ok)
        try container.encode(events, forKey: .events)
        try container.encode(violations, forKey: .violations)
        try container.encode(violationCount, forKey: .violationCount)
    }
}
