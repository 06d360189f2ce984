import Foundation
import LightweightGroups
import Synchronization

/// One node process of a run, as its parent sees it.
final class ClusterNode: Sendable {
    let number: Int
    let name: String
    let process: ChildProcess

    private struct State {
        var nextOrder = 1
        var waiting: [Int: CheckedContinuation<WorkerReport.Answer?, Never>] = [:]
        /// The report `ready`, when it came before anybody asked.
        var early: [Int: WorkerReport.Answer] = [:]
        var isEnded = false
    }
    private let state = Mutex(State())

    init(number: Int, name: String, arguments: [String], errors: String? = nil, apart: Bool = false) throws {
        self.number = number
        self.name = name
        process = try ChildProcess(arguments: arguments, errors: errors, apart: apart)
        // The first report comes without an order.
        Task { await self.readReports() }
    }

    /// Suspends until the node runs; returns its address.
    func ready() async throws -> String {
        guard case .ready(_, let listen) = try await answer(to: 0) else {
            throw Failure("node \(name) did not say that it is ready")
        }
        return listen
    }

    /// Gives an order and suspends until its report.
    /// - Throws: what the node could not do, or that its process is gone.
    @discardableResult
    func ask(_ work: WorkerOrder.Work) async throws -> WorkerReport.Answer {
        let id = state.withLock { state in
            defer { state.nextOrder += 1 }
            return state.nextOrder
        }
        let line = try JSONEncoder().encode(WorkerOrder(id: id, work: work))
        return try await answer(to: id) { self.process.send(String(decoding: line, as: UTF8.self)) }
    }

    /// Gives an order whose report is not waited for, in the order of the calls.
    func tell(_ work: WorkerOrder.Work) {
        let id = state.withLock { state in
            defer { state.nextOrder += 1 }
            return state.nextOrder
        }
        guard let line = try? JSONEncoder().encode(WorkerOrder(id: id, work: work)) else { return }
        process.send(String(decoding: line, as: UTF8.self))
    }

    private func answer(to id: Int, after send: () -> Void = {}) async throws -> WorkerReport.Answer {
        let answer: WorkerReport.Answer? = await withCheckedContinuation { continuation in
            let isEnded = state.withLock { state in
                if let early = state.early.removeValue(forKey: id) {
                    continuation.resume(returning: early)
                    return false
                }
                if !state.isEnded { state.waiting[id] = continuation }
                return state.isEnded
            }
            if isEnded { continuation.resume(returning: nil) } else { send() }
        }
        switch answer {
        case .failed(let reason): throw Failure("node \(name): \(reason)")
        case let answer?: return answer
        case nil: throw Failure("node \(name) ended unexpectedly")
        }
    }

    private func readReports() async {
        while let line = await process.lines.next() {
            guard let report = try? JSONDecoder().decode(WorkerReport.self, from: Data(line.utf8)) else { continue }
            state.withLock { state in
                if let waiting = state.waiting.removeValue(forKey: report.id) {
                    waiting.resume(returning: report.answer)
                } else if report.id == 0 {
                    state.early[0] = report.answer
                }
            }
        }
        state.withLock { state in
            state.isEnded = true
            for waiting in state.waiting.values { waiting.resume(returning: nil) }
            state.waiting = [:]
        }
    }
}
