import GroupModel

/// What the seats of an LWG are told of its new view, made from what those of the LWG before were told.
///
/// At an HWG view change thousands of LWGs go from views of some members to views of others, and many from the same to the
/// same: these share their lists.
struct ToldChange: Sendable {
    private var old: [EndpointID] = []
    private var new: [EndpointID] = []
    private var together: [EndpointID] = []
    private var joined: [EndpointID] = []
    private var left: [EndpointID] = []
    private var subViews: [SubView<EndpointID>] = []

    /// The one sub-view of a change within one side: the first `survivors` of the members come from `previous`.
    mutating func subViews(
        from previous: ViewID?, _ members: [EndpointID], survivors: Int
    ) -> [SubView<EndpointID>] {
        guard let previous, survivors > 0 else { return [] }
        let together = survivors == members.count ? members : Array(members[..<survivors])
        if subViews.first?.previous != previous || subViews.first?.members != together {
            subViews = [SubView(previous: previous, members: together, hasState: true)]
        }
        return subViews
    }

    /// The change as one member sees it that comes from `old`.
    mutating func change(
        to view: View<EndpointID>, for member: EndpointID, from old: View<EndpointID>?,
        subViews: [SubView<EndpointID>], primary: Bool
    ) -> ViewChange<EndpointID> {
        let side = old.flatMap { old in subViews.first { $0.previous == old.id } }
        let together = side?.members ?? [member]
        compare(old?.members ?? [], view.members, together)
        return ViewChange(
            view: view, previous: old?.id, joined: old == nil ? view.members : joined, left: left,
            transitional: together, subViews: subViews, primary: primary)
    }

    private mutating func compare(_ old: [EndpointID], _ new: [EndpointID], _ together: [EndpointID]) {
        if old == self.old, new == self.new, together == self.together { return }
        self.old = old
        self.new = new
        self.together = together
        joined = Self.difference(new, together)
        left = Self.difference(old, together)
    }

    /// `subset` is contained in `members`.
    private static func difference(_ members: [EndpointID], _ subset: [EndpointID]) -> [EndpointID] {
        if members.isEmpty || members.count == subset.count { return [] }
        if subset.count <= 16 { return members.filter { !subset.contains($0) } }
        let set = Set(subset)
        return members.filter { !set.contains($0) }
    }
}
