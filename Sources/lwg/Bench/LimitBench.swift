import Foundation
import LightweightGroups

/// What a parent tells a process of `bench limit`, once, after it said its port.
struct BareOrder: Codable, Sendable {
    var index: Int
    /// All ports, by index; this process's own among them.
    var ports: [UInt16]
    var isSender: Bool
    var senders: Int
    /// Bytes of a message.
    var size: Int
    var packetBytes: Int
    var from: Int64
    var countFrom: Int64
    var to: Int64
}

struct BareReport: Codable, Sendable {
    var port: UInt16?
    var delivered: Int?
    var failure: String?
}

extension BenchRun {
    /// What a packet may be where the configuration does not say.
    func limit() async throws -> BenchOutcome {
        let packetBytes = try ResolvedConfiguration(file: parameters.config).settings.packetBytes
        let processes = try (0..<parameters.nodes).map { _ in try ChildProcess(arguments: ["bare"]) }
        defer { for process in processes { process.kill() } }
        var ports: [UInt16] = []
        for process in processes {
            guard let port = try await Self.report(of: process).port else { throw Failure("a process has no port") }
            ports.append(port)
        }
        let start = ProcessorTime.now(children: processes.map(\.pid))
        let from = Monotonic.nanoseconds + 100_000_000
        let countFrom = from + 500_000_000
        let to = countFrom + Int64(parameters.seconds * 1e9)
        async let used = ProcessorTime.used(by: processes.map(\.pid), from: countFrom, to: to)
        for (index, process) in processes.enumerated() {
            let order = BareOrder(
                index: index, ports: ports, isSender: index < parameters.senders, senders: parameters.senders,
                size: parameters.size, packetBytes: packetBytes, from: from, countFrom: countFrom,
                to: to)
            process.send(String(decoding: try JSONEncoder().encode(order), as: UTF8.self))
        }
        var least = Int.max
        for process in processes {
            guard let delivered = try await Self.report(of: process).delivered else {
                throw Failure("a process counted nothing")
            }
            least = min(least, delivered)
        }
        let foreign = ProcessorTime.foreign(from: start, to: .now(children: processes.map(\.pid)))
        return BenchOutcome(
            measured: await Self.measured(delivered: Double(least), seconds: parameters.seconds, used: used),
            stoppedEarly: nil, foreignCpu: foreign)
    }

    private static func report(of process: ChildProcess) async throws -> BareReport {
        guard let line = await process.lines.next(),
            let report = try? JSONDecoder().decode(BareReport.self, from: Data(line.utf8))
        else { throw Failure("a process of bare sockets ended unexpectedly") }
        if let failure = report.failure { throw Failure(failure) }
        return report
    }
}
