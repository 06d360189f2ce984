import GroupModel

// Whether a calm world has converged, and if not, why not.
extension World {
    func unsettled() -> String? {
        for node in nodes.indices {
            if !nodes[node].isAlive { return "\(nodes[node].name) is not running" }
            if nodes[node].isStopping { return "the stop of \(nodes[node].name) has no end" }
        }
        return unsettledPlaces() ?? unsettledHeavyweight() ?? unsettledLightweight()
    }

    /// Every node that is in a heavyweight group is in the same view of it, and that view holds just these nodes.
    private func unsettledHeavyweight() -> String? {
        var groups: [(group: HWGID, view: View<MemberID>, members: [MemberID])] = []
        for node in nodes.indices {
            for (group, view) in heavyweightViews[node] {
                guard let place = groups.firstIndex(where: { $0.group == group }) else {
                    groups.append((group, view, [nodes[node].member]))
                    continue
                }
                groups[place].members.append(nodes[node].member)
                if groups[place].view.id != view.id {
                    return """
                        \(nodes[node].name) is in hwg:\(group) view \(name(view.id)) with \(view.members.count) members, \
                        another in \(name(groups[place].view.id)) with \(groups[place].view.members.count)
                        """
                }
            }
        }
        for (group, view, members) in groups {
            if let ghost = view.members.first(where: { !members.contains($0) }) {
                return "hwg:\(group) view \(name(view.id)) holds the ghost \(name(ghost))"
            }
        }
        return nil
    }

    private func unsettledLightweight() -> String? {
        var views = [(id: ViewID, members: [EndpointID], seated: Int)?](repeating: nil, count: options.groups)
        for node in nodes.indices {
            let applications = nodes[node].applications
            for (place, membership) in applications.memberships.enumerated() {
                let group = groupNames[place % options.groups]
                if membership == .joining { return "\(nodes[node].name)'s join of \(group) has no end" }
                if membership == .leaving { return "\(nodes[node].name)'s leave of \(group) has no end" }
            }
            for seat in applications.seats {
                guard let seat, let view = seat.view else { continue }
                let group = groupNames[seat.group]
                if seat.held != nil { return "a Hold of \(nodes[node].name) in \(group) has no end" }
                if seat.isFull { return "\(nodes[node].name) is not told that \(group) has room again" }
                if !seat.flushTokens.isEmpty { return "a flush of \(nodes[node].name) in \(group) does not return" }
                guard let other = views[seat.group] else {
                    views[seat.group] = (view.id, view.members, 1)
                    continue
                }
                if other.id != view.id {
                    return "\(nodes[node].name) is in \(group) view \(name(view.id)), another in \(name(other.id))"
                }
                views[seat.group]?.seated += 1
            }
        }
        for (group, view) in views.enumerated() {
            guard let view, view.members.count != view.seated else { continue }
            return
                "\(groupNames[group]) view \(name(view.id)) holds a ghost: \(view.members.count) members, \(view.seated) seats"
        }
        return nil
    }

    func name(_ member: MemberID) -> String {
        guard let index = index(of: member.node) else { return member.description }
        return "\(nodes[index].name).\(member.incarnation)"
    }

    func name(_ view: ViewID) -> String { "\(view.epoch)@\(name(view.coordinator))" }
}
