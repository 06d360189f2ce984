/// S1: a safe message is received by all of V when it is delivered; or it is delivered at V's end, marked `trans`, and
/// received by the deliverer's transitional set. S2: flush returns only when what was sent is stable.
///
/// Received by all means that whoever goes on from V, to whatever view, has delivered it there: a member's own cut
/// holds what it received. (That the transitional set has it is D4.) And that nobody whom V names went past it, from an
/// earlier view to a later one: such a member never was in V, and received nothing there.
enum StabilityChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        transMarks(timeline, &findings)
        // Per message the view whose claims hold it already, for S1 and for S2.
        var claimed = Claimed(safe: Array(repeating: -1, count: history.messages.count))
        var seen = claimed.safe
        for view in history.views.indices {
            let view = Int32(view)
            let tenures = timeline.tenures(in: view)
            if tenures.isEmpty { continue }
            // What somebody's lines say was received by all, and the line that says so.
            var claims: [(message: Int32, event: Int32, property: String)] = []
            for index in tenures {
                collect(timeline.tenures[Int(index)], view, timeline, &claimed, &claims)
            }
            if claims.isEmpty { continue }
            passedBy(view, claims, timeline, &findings)
            for index in tenures {
                let tenure = timeline.tenures[Int(index)]
                if tenure.next < 0 { continue }
                for place in tenure.events {
                    let event = timeline.event(at: place)
                    if event.kind == .deliver { seen[Int(event.message)] = index }
                }
                for claim in claims where seen[Int(claim.message)] != index {
                    findings.add(
                        claim.property, claim.event,
                        """
                        \(what(claim.property)) \(history.name(message: claim.message)) in \(history.name(view: view)), which \
                        \(timeline.name(tenure)) left for \(history.name(view: timeline.nextView(tenure))) without it
                        """)
                    break
                }
            }
        }
    }

    private static func passedBy(
        _ view: Int32, _ claims: [(message: Int32, event: Int32, property: String)], _ timeline: Timeline,
        _ findings: inout Findings
    ) {
        let history = timeline.history
        for member in history.members(of: view) ?? [] {
            guard let seat = history.seat(group: history.views[Int(view)].group, member: member),
                timeline.tenure(of: seat, in: view) == nil,
                let tenure = timeline.tenurePassing(view, by: seat).map({ timeline.tenures[Int($0)] })
            else { continue }
            for property in ["S1", "S2"] {
                guard let claim = claims.first(where: { $0.property == property }) else { continue }
                findings.add(
                    property, claim.event,
                    """
                    \(what(claim.property)) \(history.name(message: claim.message)) in \(history.name(view: view)), where \
                    \(timeline.name(tenure)) never was: it went from \(history.name(view: tenure.view)) to \
                    \(history.name(view: timeline.nextView(tenure)))
                    """)
            }
        }
    }

    private static func what(_ property: String) -> String {
        property == "S1" ? "delivers safe" : "a flush returned after it sent"
    }

    private struct Claimed {
        var safe: [Int32]
        var flushed: [Int32]
        init(safe: [Int32]) {
            self.safe = safe
            flushed = safe
        }
    }

    private static func collect(
        _ tenure: Timeline.Tenure, _ view: Int32, _ timeline: Timeline, _ claimed: inout Claimed,
        _ claims: inout [(message: Int32, event: Int32, property: String)]
    ) {
        // Sends since the last flush; a flush line covers those of this view, which the sender made before it.
        var unflushed: [Int32] = []
        for place in tenure.events {
            let event = timeline.event(at: place)
            switch event.kind {
            case .send where event.to < 0 && event.view == view:
                unflushed.append(event.message)
            case .flush:
                for message in unflushed where claimed.flushed[Int(message)] != view {
                    claimed.flushed[Int(message)] = view
                    claims.append((message, timeline.order[place], "S2"))
                }
                unflushed.removeAll(keepingCapacity: true)
            case .deliver where event.order == TraceHistory.safe && !event.trans && event.to < 0:
                if claimed.safe[Int(event.message)] != view, event.view == view {
                    claimed.safe[Int(event.message)] = view
                    claims.append((event.message, timeline.order[place], "S1"))
                }
            default:
                break
            }
        }
    }

    private static func transMarks(_ timeline: Timeline, _ findings: inout Findings) {
        let history = timeline.history
        for tenure in timeline.tenures {
            var marked: Int32 = -1
            for place in tenure.events {
                let event = timeline.event(at: place)
                if event.kind == .deliver, event.trans {
                    marked = event.message
                    if event.order != TraceHistory.safe {
                        findings.add(
                            "S1", timeline.order[place],
                            """
                            marks \(history.name(message: event.message)) as transitional, which is \
                            \(TraceHistory.orders[Int(event.order)])
                            """)
                    }
                } else if event.kind == .send, marked >= 0 {
                    findings.add(
                        "S1", timeline.order[place],
                        """
                        still sends in \(history.name(view: tenure.view)), at whose end it delivered \
                        \(history.name(message: marked))
                        """)
                    break
                }
            }
        }
    }
}
