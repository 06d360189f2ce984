import GroupModel

/// A join or a leave of one endpoint, as ordered in the HWG.
struct Change: Hashable, Sendable {
    let endpoint: EndpointID
    /// The rank of the endpoint's node in the HWG view.
    let rank: UInt16
    let isJoin: Bool
}

/// One LWG's way from one view to the next within an HWG view: opened by a record, complete at the last flushOK.
struct FlushRound: Sendable {
    enum Outcome { case waiting, complete, ignored }

    let changes: [Change]
    /// Ranks of the nodes whose flushOK is missing, in order of LWG ranks.
    private(set) var awaited: [UInt16] = []

    /// Every member's node is awaited, but those whose endpoints all leave: a leave counts as flushOK, and joiners
    /// send none.
    init(changes: [Change], members: [EndpointID], ranks: [UInt16]) {
        self.changes = changes
        for (member, rank) in zip(members, ranks) where !awaited.contains(rank) {
            if !changes.contains(where: { !$0.isJoin && $0.endpoint == member }) { awaited.append(rank) }
        }
    }

    mutating func flushOKArrived(from rank: UInt16) -> Outcome {
        guard let index = awaited.firstIndex(of: rank) else { return .ignored }
        awaited.remove(at: index)
        return awaited.isEmpty ? .complete : .waiting
    }
}
