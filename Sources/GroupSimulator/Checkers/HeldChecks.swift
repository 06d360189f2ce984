/// What the mode `partition: primary` allows in a view that is not primary: nothing. A light-weight view without the label is
/// held from its installation on, and nothing is sent or delivered in it, point-to-point messages included. (Deliveries at
/// the end of a primary view are of that view.) Property `primary`.
enum HeldChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        let isHeld = history.views.map { view in
            view.firstInstallation >= 0 && history.groups[Int(view.group)].isLightweight
                && !history.installations[Int(view.firstInstallation)].primary
        }
        for (index, event) in history.events.enumerated() where [.send, .deliver].contains(event.kind) {
            guard event.view >= 0, isHeld[Int(event.view)] else { continue }
            findings.add(
                "primary", Int32(index),
                """
                \(event.kind == .send ? "sends" : "delivers") \(history.name(message: event.message)) in \
                \(history.name(view: event.view)), which is not primary
                """)
        }
        for tenure in timeline.tenures where isHeld[Int(tenure.view)] && !tenure.isLeaving {
            guard !tenure.events.contains(where: { timeline.event(at: $0).kind == .hold }) else { continue }
            findings.add(
                "primary", timeline.installation(tenure).event,
                "\(history.name(view: tenure.view)) is not primary, and not held")
        }
    }
}
