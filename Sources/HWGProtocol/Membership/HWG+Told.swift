import GroupModel

/// What the layer above is told of a view. In the mode `primary` it knows primary views, and the one in which a member that
/// gave up its place is alone; views that are not primary otherwise only bring nodes together.
extension HWG {
    private var told: View<MemberID>? { isShown ? shown ?? view : nil }

    /// ▸ Members of a side that is not primary come each from a view of its own, or from none.
    func change(to proposal: Proposal, from side: Side) -> ViewChange<MemberID> {
        let comesAlone = isPrimaryMode && !side.wasPrimary
        let subViews = proposal.sides.flatMap { sideCut -> [SubView<MemberID>] in
            let (side, hasState) = (sideCut.side, sideCut.hasState)
            if side.continuing.isEmpty { return [] }
            guard isPrimaryMode, !side.wasPrimary else {
                return [SubView(previous: side.previous.id, members: side.continuing, hasState: hasState)]
            }
            return side.continuing.map { SubView(previous: side.previous.id, members: [$0], hasState: hasState) }
        }
        let next = proposal.view
        return ViewChange(
            view: next, previous: told?.id,
            joined: next.members.filter { !(told?.members.contains($0) ?? false) },
            left: told?.members.filter { !next.members.contains($0) } ?? [],
            transitional: comesAlone ? [me] : side.continuing, subViews: subViews, primary: proposal.isPrimary)
    }

    /// The record and the Hold of a view that is installed.
    mutating func primaryModeInstalled(
        _ proposal: Proposal, _ installed: View<MemberID>, isTold: Bool, at now: Instant,
        into output: inout HWGOutput
    ) {
        guard isPrimaryMode else { return }
        isGivingUp = false
        filling = nil
        if isTold { shown = installed }
        if dependence != nil { dependenceInstalled(proposal, at: now) }
        chain?.isHeldBack = false
        chain?.gone = []
        chain?.restarts = 0
        chain?.waiting = []
        chain?.seekers = []
        if let mandate = proposal.mandate, proposal.isPrimary {
            chain?.control = ControlView(view: proposal.view, mandate: mandate)
        }
        if let decided = DecidedView(proposal) {
            chain?.retryDelay = .zero
            chain?.strays = []
            // Nothing waits for it: until it is written, the record has the acceptance that it follows from.
            if chain?.record.learned(decided) == true { persist(into: &output) }
        }
        guard !isPrimary else { return }
        if isTold {
            hold = .raised
            output.indications.events.append(.hold(view.id))
        }
        if hold != .none { _ = streams.freeze() }
    }
}
