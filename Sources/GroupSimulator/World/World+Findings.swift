// What the world counts, tells and finds wrong.
extension World {
    mutating func count(_ name: String) { rare[name, default: 0] += 1 }

    /// A line of the timeline, shown and told to the script; `isShown` false: only told.
    mutating func happened(_ kind: TimelineKind = .matter, isShown: Bool = true, _ text: (Self) -> String) {
        guard options.keepsTranscript else { return }
        if options.isBrief, kind != .matter { return tally.count(kind) }
        let text = text(self)
        if isShown {
            if options.isBrief, let rest = tally.take() { say(rest) }
            say(text)
        }
        let now = now
        stage?.happened(text, at: now)
    }

    mutating func say(_ text: String) {
        guard options.keepsTranscript, transcript.count < Self.transcriptLimit else { return }
        transcript.append("\(TimeText.column(now))  \(text)")
    }

    mutating func violate(_ property: String, _ node: Int, group: String = "", _ why: String) {
        // One cause shows again and again.
        guard violations.count < 50 else { return }
        say("VIOLATION \(property) \(why)")
        violations.append(
            Violation(
                property: property, group: group, process: "\(nodes[node].name).\(nodes[node].incarnation)",
                file: "", line: 0, why: "at \(now / 1_000) us: \(why)"))
    }
}
