import GroupModel

/// What a script asks for and did not get.
public struct ScenarioFailure: Hashable, Sendable, CustomStringConvertible {
    /// Of the script, from 1.
    public let line: Int
    public let why: String
    public var description: String { "line \(line): \(why)" }
}

// A world that does what a script says.
extension World {
    /// How long a script waits for what it names.
    private static var patience: Int64 { 60_000_000_000 }

    mutating func play(_ steps: [ScenarioStep]) -> [ScenarioFailure] {
        stage = Stage()
        isBusy = false
        var failures: [ScenarioFailure] = []
        for step in steps {
            if step.statement.isDirection { say("* \(step.text)") }
            if let why = play(step.statement) {
                say("FAILED line \(step.line): \(step.text): \(why)")
                failures.append(ScenarioFailure(line: step.line, why: "\(step.text): \(why)"))
                // What follows would be about another situation.
                break
            }
        }
        trace.finish()
        for trigger in stage?.triggers ?? [] where failures.isEmpty {
            failures.append(ScenarioFailure(line: 0, why: "`when \(trigger.pattern)` never came"))
        }
        return failures
    }

    /// Nil when it could be done.
    private mutating func play(_ statement: ScenarioStatement) -> String? {
        switch statement {
        case .expect(let expectation): return expectation.failure(in: Array(stage?.scene ?? []))
        case .at(let moment):
            guard moment.time >= now else { return "that time is over" }
            run(until: moment)
        case .run(let length): run(until: now + length)
        case .runUntil(let pattern):
            stage?.awaited = pattern
            stage?.isReached = false
            run(until: now + Self.patience)
            defer { stage?.awaited = nil }
            return stage?.isReached == true ? nil : "it never came"
        case .runUntilQuiet: return runUntilQuiet()
        case .converge: comeTogether()
        default:
            obey(statement)
            _ = react()
        }
        return nil
    }

    /// A statement that takes no time.
    private mutating func obey(_ statement: ScenarioStatement) {
        switch statement {
        case .act(let act): perform(act)
        case .luck(let state): random = SeededGenerator(seed: state)
        case .rule(let rule): stage?.rules.append(rule)
        case .pass: stage?.rules.removeAll()
        case .scene: stage?.begin()
        case .release(let rule): release(rule)
        case .when(let pattern, let statement):
            stage?.triggers.append(Stage.Trigger(pattern: pattern, statement: statement))
        case .at, .run, .runUntil, .runUntilQuiet, .expect, .converge: break
        }
    }

    /// Does what triggers have set off. Whether the line came that the script waits for.
    mutating func react() -> Bool {
        while let statement = stage?.due.first {
            stage?.due.removeFirst()
            obey(statement)
        }
        return stage?.awaited != nil && stage?.isReached == true
    }

    /// Whether a script ends this node at this very point of what it does.
    mutating func isStruck(_ node: Int) -> Bool {
        guard isStaged, let place = stage?.due.firstIndex(where: { $0.crashed == node }) else { return false }
        stage?.due.remove(at: place)
        happened { "* crash \($0.nodes[node].name)" }
        return true
    }

    private mutating func release(_ rule: PacketRule) {
        let held = stage?.held ?? []
        stage?.held.removeAll { rule.covers($0.text, from: $0.from, to: $0.to) }
        for each in held where rule.covers(each.text, from: each.from, to: each.to) {
            happened { "\($0.nodes[each.from].name) > \($0.nodes[each.to].name) \(each.text) (released)" }
            enqueue(each.packet, from: each.from, to: each.to)
        }
    }

    /// Nothing but background for longer than a failure time-out and an announcement take.
    private mutating func runUntilQuiet() -> String? {
        let span = max(plan.failureTimeout.nanoseconds, 600_000_000) + 100_000_000
        let end = now + Self.patience
        while let last = stage?.lastLine, now - last < span {
            guard now < end else { return "it never became quiet" }
            run(until: now + 10_000_000)
        }
        return nil
    }

    /// The end of a script: the world heals and must converge. Of that the timeline shows only whether it did.
    private mutating func comeTogether() {
        stage?.rules.removeAll()
        let shown = transcript.count
        let known = violations.count
        if mayFail { perform(.calm) }
        converge()
        if violations.count == known {
            transcript.removeSubrange(shown...)
            say("all converge")
        }
    }
}
