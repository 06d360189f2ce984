/// M1 self inclusion, M2 growing view IDs, M3 an initial view, M4 one view ID one view, L3 one mapping per view, and
/// `unchanged`, which a view line says when its members are those of the view before.
enum ViewChecks {
    static func run(_ timeline: Timeline, into findings: inout Findings) {
        let history = timeline.history
        for installation in history.installations {
            oneView(installation, history, &findings)
            sameMembers(installation, history, &findings)
        }
        for seat in history.seats.indices {
            var before: Int32 = -1
            for place in timeline.starts[seat]..<timeline.starts[seat + 1] {
                let index = timeline.order[place]
                let event = history.events[Int(index)]
                switch event.kind {
                case .view:
                    // M2 holds across leaving and coming back: else leave and rejoin alone name two views alike.
                    if before >= 0, !history.isOrdered(before, event.view) {
                        findings.add(
                            "M2", index,
                            """
                            installs \(history.name(view: event.view)) after \(history.name(view: before)), whose epoch is no \
                            lower
                            """)
                    }
                    before = event.view
                case .send, .deliver, .hold, .holdOK:
                    if timeline.tenureOf[Int(index)] < 0 {
                        findings.add(
                            "M3", index,
                            before < 0
                                ? "\(event.kind) before the first view"
                                : "\(event.kind) after it left \(history.name(view: before)) and before its next view")
                    }
                default:
                    break
                }
            }
        }
    }

    private static func oneView(
        _ installation: TraceHistory.Installation, _ history: TraceHistory, _ findings: inout Findings
    ) {
        let name = history.name(view: installation.view)
        let members = history.lists[Int(installation.members)]
        if !members.contains(history.member(seat: installation.seat)) {
            findings.add("M1", installation.event, "installs \(name), which does not contain it")
        }
        let index = Int(history.views[Int(installation.view)].firstInstallation)
        let first = history.installations[index]
        if first.event == installation.event {
            if Set(members).count != members.count {
                findings.add("M4", installation.event, "\(name) names a member twice")
            }
            return
        }
        let other = history.name(member: history.member(seat: first.seat))
        if first.members != installation.members, history.lists[Int(first.members)] != members {
            findings.add("M4", installation.event, "\(name) has other members or ranks at \(other)")
        } else if first.primary != installation.primary {
            findings.add("M4", installation.event, "\(name) is primary here or at \(other), not at both")
        }
        if first.carrier != installation.carrier || first.carrierView != installation.carrierView {
            findings.add(
                "L3", installation.event,
                """
                \(name) is on \(carrier(installation, history)) here and on \(carrier(first, history)) at \(other)
                """)
        }
    }

    /// The lists may differ in ranks, and a member that left and joined again may come anew.
    private static func sameMembers(
        _ installation: TraceHistory.Installation, _ history: TraceHistory, _ findings: inout Findings
    ) {
        guard installation.previous >= 0 else {
            if installation.unchanged {
                findings.add("unchanged", installation.event, "says that its first view is unchanged")
            }
            return
        }
        let first = history.views[Int(installation.previous)].firstInstallation
        guard first >= 0 else { return }
        let before = history.installations[Int(first)].members
        if before == installation.members, installation.unchanged { return }
        let members = history.lists[Int(installation.members)]
        let isSame =
            history.lists[Int(before)].count == members.count && Set(history.lists[Int(before)]) == Set(members)
        if installation.unchanged, !isSame {
            findings.add(
                "unchanged", installation.event,
                """
                \(history.name(view: installation.view)) has other members than \
                \(history.name(view: installation.previous)), and says that it is unchanged
                """)
        } else if !installation.unchanged, isSame, history.lists[Int(installation.trans)].count == members.count {
            findings.add(
                "unchanged", installation.event,
                """
                \(history.name(view: installation.view)) has the members of \
                \(history.name(view: installation.previous)), who all come along, and does not say that it is unchanged
                """)
        }
    }

    private static func carrier(_ installation: TraceHistory.Installation, _ history: TraceHistory) -> String {
        guard installation.carrier >= 0 else { return "no HWG" }
        return "\(history.name(group: installation.carrier)) view \(history.name(view: installation.carrierView))"
    }
}
