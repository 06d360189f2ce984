import Foundation
import GroupModel
import LightweightGroups

/// One chaos run: faults, quiet, convergence, judgement.
struct ChaosRun: Sendable {
    let plan: ChaosPlan
    let cluster: ChaosCluster
    let progress: ProgressBar
    let soak: ChaosSoak

    init(_ plan: ChaosPlan, directory: String) throws {
        self.plan = plan
        cluster = try ChaosCluster(plan, directory: directory)
        progress = ProgressBar()
        soak = ChaosSoak(survivor: plan.names[plan.survivor])
    }

    func run() async throws -> ChaosResult {
        var result = ChaosResult(plan: plan)
        for number in 0..<plan.nodes {
            progress.show(number, of: plan.nodes, "starting nodes")
            try await cluster.start(number)
        }
        let observer = Task { await observe() }
        defer { observer.cancel() }
        var dice = ChaosDice(plan)
        for round in 1...plan.rounds where result.problems.isEmpty {
            if round > 1 { await cluster.unrest(round) }
            let begin = Monotonic.nanoseconds
            let acts = try await disturb(&dice, from: begin, round)
            result.acts.merge(acts) { $0 + $1 }
            result.faultSeconds += Monotonic.milliseconds(since: begin) / 1_000
            await cluster.calm()
            let quiet = Monotonic.nanoseconds
            result.problems = await cluster.crashes.map { ChaosProblem("crash", $0) }
            if result.problems.isEmpty {
                result.problems = await ChaosConvergence(plan: plan, cluster: cluster, progress: progress).reach()
            }
            result.convergedMilliseconds.append(Monotonic.milliseconds(since: quiet))
        }
        observer.cancel()
        await soak.sample(cluster)
        result.incarnations = await cluster.places.map(\.starts).reduce(0, +)
        await cluster.watch()
        result.problems += await cluster.crashes.map { ChaosProblem("crash", $0) }
            .filter { !result.problems.contains($0) }
        await cluster.killAll()
        try await cluster.writeQuiet()
        result.soak = await soak.judgement()
        result.problems += result.soak.problems
        progress.show("checking \(await cluster.traceBytes() >> 20) MB of traces")
        result.traceBytes = await cluster.traceBytes()
        try result.judge(await cluster.traces)
        progress.clear()
        return result
    }

    // MARK: Faults

    /// Lets acts happen until the round is over; returns how many of each did when the last one's harm is mended.
    private func disturb(_ dice: inout ChaosDice, from begin: Int64, _ round: Int) async throws -> [String: Int] {
        let seconds = plan.seconds / Double(plan.rounds)
        var counts: [String: Int] = [:]
        func elapsed() -> Double { Double(Monotonic.nanoseconds - begin) / 1e9 }
        await ChaosConvergence(plan: plan, cluster: cluster, progress: progress).seated()
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            while elapsed() < seconds, await cluster.crashes.isEmpty {
                let bytes = await cluster.traceBytes()
                let alive = await cluster.awake.count
                progress.show(
                    Int(Double(round - 1) * seconds + elapsed()), of: Int(plan.seconds),
                    "round \(round) of \(plan.rounds), \(counts.values.reduce(0, +)) acts, \(alive) of \(plan.nodes) nodes, \(bytes >> 20) MB of traces"
                )
                let share = max((Double(round - 1) * seconds + elapsed()) / plan.seconds, 0.02)
                guard Double(bytes) <= Double(plan.traceBytes) * share else {
                    try await Task.sleep(for: .milliseconds(500))
                    continue
                }
                let act = dice.act()
                let left = seconds - elapsed()
                guard left > 1 else { break }
                if await cluster.take(act.nodes) {
                    if running == ChaosPlan.actsAtOnce {
                        try await group.next()
                        running -= 1
                    }
                    counts[act.name, default: 0] += 1
                    running += 1
                    group.addTask {
                        try await perform(act)
                        await cluster.release(act.nodes)
                    }
                }
                try await Task.sleep(for: .milliseconds(dice.interval()))
            }
            try await group.waitForAll()
        }
        return counts
    }

    private func perform(_ act: ChaosAct) async throws {
        await cluster.note("\(act)")
        switch act {
        case .kill(let nodes, let after):
            for node in nodes { await cluster.kill(node) }
            try await Task.sleep(for: .milliseconds(after))
            for node in nodes { try await cluster.start(node) }
        case .succeed(let node, let after, let wakes):
            await cluster.pause(node)
            guard let old = await cluster.remove(node) else { return }
            defer { old.process.kill() }
            try await cluster.start(node, elsewhere: true)
            try await Task.sleep(for: .milliseconds(after))
            if wakes {
                await cluster.note("wake the old \(old.name)")
                old.process.signal(SIGCONT)
                try await Task.sleep(for: .milliseconds(after))
            }
            await cluster.note("kill the old \(old.name)")
        case .pause(let node, let milliseconds):
            await cluster.pause(node)
            try await Task.sleep(for: .milliseconds(milliseconds))
            await cluster.resume(node)
        case .leave(let node):
            guard let old = await cluster.remove(node) else { return }
            old.process.closeInput()
            // A node that stops waits for the others' consent at most ten failure time-outs.
            for _ in 0..<300 where !old.process.isGone { try await Task.sleep(for: .milliseconds(50)) }
            old.process.kill()
            try await cluster.start(node)
        case .noise(let loss, let duplication, let delay, let longest, let milliseconds):
            var faults = InjectedFaults()
            faults.loss = loss
            faults.duplication = duplication
            faults.delay = delay
            faults.longestDelayMilliseconds = longest
            await cluster.make(faults)
            try await Task.sleep(for: .milliseconds(milliseconds))
            await cluster.make(InjectedFaults())
        case .cut(_, let pairs, let unlinks, let milliseconds):
            let cut = await cluster.cut(pairs, unlinks: unlinks)
            try await Task.sleep(for: .milliseconds(milliseconds))
            await cluster.heal(cut)
        case .unlink(let first, let second):
            let cut = await cluster.cut([[first, second]], unlinks: true, mutes: false)
            try await Task.sleep(for: .milliseconds(100))
            await cluster.heal(cut)
        }
    }

    /// Crashes at once, memory and tables now and then.
    private func observe() async {
        var looks = 0
        while !Task.isCancelled {
            await cluster.watch()
            if looks.isMultiple(of: 20) { await soak.sample(cluster) }
            looks += 1
            try? await Task.sleep(for: .milliseconds(500))
        }
    }
}
