import Glibc

// What libFuzzer calls. One program for all targets; the environment chooses.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> Int32 {
    if let directory = getenv("LWG_FUZZ_SEEDS") {
        Corpus.write(to: String(cString: directory))
        exit(0)
    }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    Target.chosen.run(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}

enum Target: String, CaseIterable {
    /// Every decoder of frames, by the frame's own kind; what it takes must mean the same when it is written again.
    case frames
    /// Control messages of the light-weight layer.
    case control
    /// A whole node in a formed group, among real packets and mutated ones.
    case node
    /// The same in the mode `primary`.
    case primary
    /// The file of a record of primary views, and a node that starts with what it says.
    case record
    /// A liveness connection's stream.
    case liveness
    /// Trace files, read and checked.
    case trace
    /// The configuration file.
    case configuration
    /// A line of the shell.
    case shell
    /// What `lwg top` reads.
    case metrics

    static let chosen: Target = {
        let name = getenv("LWG_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = Target(rawValue: name) else {
            print("LWG_FUZZ_TARGET must be one of \(allCases.map(\.rawValue).joined(separator: " "))")
            exit(2)
        }
        return target
    }()

    func run(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .frames: Decoders.frame(bytes)
        case .control: Decoders.control(bytes)
        case .node: NodeTarget.run(bytes)
        case .primary: NodeTarget.runInPrimaryMode(bytes)
        case .record: RecordTarget.run(bytes)
        case .liveness: LivenessTarget.run(bytes)
        case .trace: Decoders.trace(bytes)
        case .configuration: Decoders.configuration(bytes)
        case .shell: Decoders.shell(bytes)
        case .metrics: Decoders.metrics(bytes)
        }
    }
}
