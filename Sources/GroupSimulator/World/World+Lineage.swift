import GroupModel

/// Mode `primary`: which primary views of heavyweight groups other than the control group nodes stand in, and from which birth
/// those come. The world sees all nodes, so it judges what no trace of one shows.
struct Lineages {
    struct Key: Hashable {
        let group: HWGID
        let view: ViewID
    }
    /// Per node the primary control view that it is in.
    var control: [ViewID?]
    /// Per node and group the primary view that it is in, until it gives it up.
    var places: [[(group: HWGID, view: ViewID)]]
    /// By view the birth that it comes from; a joiner may install it before anybody who knows.
    var births: [Key: Int] = [:]
    var birthCount = 0

    init(nodes: Int) {
        control = Array(repeating: nil, count: nodes)
        places = Array(repeating: [], count: nodes)
    }

    mutating func leave(_ group: HWGID, _ node: Int) { places[node].removeAll { $0.group == group } }

    mutating func end(_ node: Int) {
        control[node] = nil
        places[node] = []
    }
}

extension World {
    mutating func track(_ group: HWGID, _ view: View<MemberID>, isPrimary: Bool, _ node: Int) {
        guard options.isPrimaryMode else { return }
        guard group != Self.controlGroup else {
            lineages.control[node] = isPrimary ? view.id : nil
            return judgeLineages()
        }
        let before = lineages.places[node].first { $0.group == group }?.view
        lineages.leave(group, node)
        guard isPrimary else { return }
        let key = Lineages.Key(group: group, view: view.id)
        if let before {
            lineages.births[key] = lineages.births[Lineages.Key(group: group, view: before)]
        } else if view.members.count == 1 {
            count("birth")
            lineages.births[key] = lineages.birthCount
            lineages.birthCount += 1
        }
        lineages.places[node].append((group, view.id))
        if lineages.control[node] == nil {
            violate(
                "M7", node, group: "hwg:\(group)", "\(name(view.id)) is primary, and its member is in no control view")
        }
        judgeLineages()
    }

    /// Two nodes of one control view are never in primary views of a group that come from different births.
    private mutating func judgeLineages() {
        for node in nodes.indices {
            guard let control = lineages.control[node] else { continue }
            for other in nodes.indices where other > node && lineages.control[other] == control {
                for (group, view) in lineages.places[node] {
                    guard let theirs = lineages.places[other].first(where: { $0.group == group })?.view,
                        let mine = lineages.births[Lineages.Key(group: group, view: view)],
                        let its = lineages.births[Lineages.Key(group: group, view: theirs)], mine != its
                    else { continue }
                    violate(
                        "M7", node, group: "hwg:\(group)",
                        "\(name(view)) and \(nodes[other].name)'s \(name(theirs)) are primary, from two births, in one control view"
                    )
                }
            }
        }
    }

    /// In the mode `primary` every node ends in primary views.
    func unsettledPlaces() -> String? {
        guard options.isPrimaryMode else { return nil }
        for node in nodes.indices {
            if lineages.control[node] == nil { return "\(nodes[node].name) is in no primary view" }
            for (group, view) in heavyweightViews[node]
            where group != Self.controlGroup && !lineages.places[node].contains(where: { $0.group == group }) {
                return "\(nodes[node].name)'s hwg:\(group) view \(name(view.id)) is not primary"
            }
        }
        return nil
    }
}
