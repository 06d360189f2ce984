import Foundation
import LightweightGroups

/// What must come about when the faults have stopped: one view per group with exactly its members, nothing unfinished,
/// and everything that is then sent delivered.
struct ChaosConvergence: Sendable {
    let plan: ChaosPlan
    let cluster: ChaosCluster
    let progress: ProgressBar

    func reach() async -> [ChaosProblem] {
        let nodes = await cluster.awake
        guard nodes.count == plan.nodes else {
            return [ChaosProblem("liveness", "\(plan.nodes - nodes.count) nodes are not running")]
        }
        // They go on a little in the calm, then bring to an end what they have begun.
        try? await Task.sleep(for: .seconds(1))
        let quiet = await withTaskGroup(of: Bool.self) { group in
            for node in nodes { group.addTask { await Self.within(plan.patience) { try await node.ask(.roam(nil)) } } }
            return await group.reduce(true) { $0 && $1 }
        }
        if !quiet {
            let open = await standings(nodes).flatMap { standing in
                standing.unfinished.map { "\(standing.member): \($0)" }
            }
            return [
                ChaosProblem(
                    "liveness", "not finished \(plan.patience) s after the faults: \(open.joined(separator: "; "))")
            ]
        }
        if let why = await settled(nodes, { Self.unsettled($0) }) { return [ChaosProblem("liveness", why)] }
        let before = await standings(nodes)
        for node in nodes where !(await Self.within(plan.patience) { try await node.ask(.speak) }) {
            return [ChaosProblem("liveness", "\(node.name) cannot send \(plan.patience) s after the faults")]
        }
        let missing = await settled(nodes) { standings in
            for (standing, earlier) in zip(standings, before) {
                let expected = earlier.seats.map { $0.members.count * 3 }.reduce(0, +)
                let spoken = standing.spoken - earlier.spoken
                if spoken != expected {
                    return "\(standing.member) delivered \(spoken) of \(expected) messages of the end"
                }
            }
            return nil
        }
        return missing.map { [ChaosProblem("liveness", $0)] } ?? []
    }

    /// Until every node that is awake is in some group: before that there is little to disturb.
    func seated() async {
        _ = await settled(await cluster.awake) { standings in
            standings.first { $0.seats.isEmpty }.map { "\($0.member) is in no group" }
        }
    }

    /// Asks again until nothing is wrong; what still was when the time ran out.
    private func settled(
        _ nodes: [ClusterNode], _ look: ([WorkerReport.Standing]) -> String?
    ) async -> String? {
        let begin = Monotonic.nanoseconds
        while true {
            let now = await standings(nodes)
            if let wrong = now.first(where: { $0.wrongPayload != nil }) {
                return "\(wrong.member) got a message that its sender did not send: \(wrong.wrongPayload ?? "")"
            }
            let why =
                now.count < nodes.count ? "\(nodes.count - now.count) nodes do not answer" : look(now)
            guard let why else { return nil }
            progress.show("converging: \(why)")
            if Monotonic.milliseconds(since: begin) > plan.patience * 1_000 {
                return "\(plan.patience) s after the faults, \(why)"
            }
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    private func standings(_ nodes: [ClusterNode]) async -> [WorkerReport.Standing] {
        var found: [WorkerReport.Standing] = []
        for node in nodes {
            let answer = Box()
            let came = await Self.within(10) { answer.put(try await node.ask(.standing)) }
            if came, case .standing(let standing) = answer.take() { found.append(standing) }
        }
        return found
    }

    /// Whether some work ended well in time. What has not ended goes on unheard.
    static func within(_ seconds: Double, _ work: @escaping @Sendable () async throws -> Void) async -> Bool {
        let (results, ended) = AsyncStream<Bool>.makeStream()
        let task = Task {
            do {
                try await work()
                ended.yield(true)
            } catch { ended.yield(false) }
            ended.finish()
        }
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds))
            ended.yield(false)
            ended.finish()
        }
        defer {
            deadline.cancel()
            task.cancel()
        }
        return await results.first { _ in true } ?? false
    }

    private final class Box: @unchecked Sendable {
        // Written before `within` returns, read after.
        private var value: WorkerReport.Answer?
        func put(_ answer: WorkerReport.Answer) { value = answer }
        func take() -> WorkerReport.Answer? { value }
    }

    /// What is not as it must be.
    static func unsettled(_ standings: [WorkerReport.Standing]) -> String? {
        var hwgs: [String: (view: String, member: String)] = [:]
        var groups: [String: (seat: WorkerReport.Standing.Seat, member: String)] = [:]
        var seated: [String: Set<String>] = [:]
        for standing in standings {
            for seat in standing.seats {
                if let other = hwgs[seat.hwg], other.view != seat.hwgView {
                    return
                        "hwg:\(seat.hwg) is in \(seat.hwgView) at \(standing.member), in \(other.view) at \(other.member)"
                }
                hwgs[seat.hwg] = (seat.hwgView, standing.member)
                if let other = groups[seat.group], other.seat.view != seat.view {
                    return
                        "lwg:\(seat.group) is in \(seat.view) at \(standing.member), in \(other.seat.view) at \(other.member)"
                }
                groups[seat.group] = (seat, standing.member)
                seated[seat.group, default: []].insert(standing.member + "/0")
            }
        }
        for (group, place) in groups.sorted(by: { $0.key < $1.key }) where Set(place.seat.members) != seated[group] {
            return """
                lwg:\(group) has the members \(place.seat.members.joined(separator: " ")), and seats have \
                \((seated[group] ?? []).sorted().joined(separator: " "))
                """
        }
        return nil
    }
}
