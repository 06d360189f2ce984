/// D4, virtual synchrony: who goes from V to V′ together delivered the same set in V.
///
/// Each member's set is a sum of mixed message numbers and a count; sets are walked only where these differ.
enum SynchronyChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        for view in timeline.history.views.indices {
            for group in timeline.tenuresByNext(in: Int32(view)) where group.next >= 0 && group.tenures.count > 1 {
                let first = timeline.tenures[Int(group.tenures[0])]
                let expected = digest(first, timeline)
                for index in group.tenures.dropFirst() {
                    let tenure = timeline.tenures[Int(index)]
                    if digest(tenure, timeline) != expected { report(first, tenure, timeline, &findings) }
                }
            }
        }
    }

    private struct Digest: Equatable {
        var sum: UInt64 = 0
        var count = 0
    }

    /// Point-to-point messages are outside the cut.
    private static func digest(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> Digest {
        var digest = Digest()
        for place in tenure.events {
            let event = timeline.event(at: place)
            guard event.kind == .deliver, event.to < 0 else { continue }
            var hash = UInt64(UInt32(bitPattern: event.message)) &+ 0x9E37_79B9_7F4A_7C15
            hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
            digest.sum &+= hash ^ (hash >> 27)
            digest.count += 1
        }
        return digest
    }

    private static func delivered(_ tenure: Timeline.Tenure, _ timeline: Timeline) -> [Int32] {
        tenure.events.compactMap { place in
            let event = timeline.event(at: place)
            return event.kind == .deliver && event.to < 0 ? event.message : nil
        }
    }

    private static func report(
        _ first: Timeline.Tenure, _ second: Timeline.Tenure, _ timeline: Timeline, _ findings: inout Findings
    ) {
        let history = timeline.history
        let mine = Set(delivered(second, timeline))
        let others = Set(delivered(first, timeline))
        let way = "\(history.name(view: second.view)) to \(history.name(view: timeline.nextView(second)))"
        let event = timeline.installation(timeline.tenures[Int(second.next)]).event
        if let missing = delivered(first, timeline).first(where: { !mine.contains($0) }) {
            findings.add(
                "D4", event,
                """
                went from \(way) with \(timeline.name(first)), which delivered \(history.name(message: missing)), \
                and did not
                """)
        } else if let surplus = delivered(second, timeline).first(where: { !others.contains($0) }) {
            findings.add(
                "D4", event,
                """
                went from \(way) with \(timeline.name(first)), which did not deliver \
                \(history.name(message: surplus)), and did
                """)
        }
    }
}
