/// The position of a member in one view, oldest first; meaningless outside it.
public typealias Rank = Int

/// The identity of a view: ordered lexicographically, it grows at each process and group (M2).
///
/// For a light-weight group the epoch is (era, count), 32 bits each: the era grows at views computed when the
/// heavyweight view changes, the count at changes within one (design.md, section 6).
public struct ViewID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Larger in each later view of the group.
    public let epoch: UInt64
    /// Who proposed the view; of a light-weight one, who proposed the heavyweight view that it was computed in.
    public let coordinator: MemberID
    public init(epoch: UInt64, coordinator: MemberID) {
        self.epoch = epoch
        self.coordinator = coordinator
    }
    public init(era: UInt32, count: UInt32, coordinator: MemberID) {
        self.init(epoch: UInt64(era) << 32 | UInt64(count), coordinator: coordinator)
    }
    /// The epoch's high half, of a light-weight view.
    public var era: UInt32 { UInt32(truncatingIfNeeded: epoch >> 32) }
    /// The epoch's low half, of a light-weight view.
    public var count: UInt32 { UInt32(truncatingIfNeeded: epoch) }
    public var description: String { "\(epoch)@\(coordinator)" }
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.epoch != rhs.epoch ? lhs.epoch < rhs.epoch : lhs.coordinator < rhs.coordinator
    }
}

/// A ranked member list, oldest first. The same type serves heavyweight groups (`Member` is `MemberID`) and
/// light-weight ones (`EndpointID`).
public struct View<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    /// The same at all members; one ID, one view (M4).
    public let id: ViewID
    /// By rank.
    public let members: [Member]
    public init(id: ViewID, members: [Member]) {
        self.id = id
        self.members = members
    }
    /// The member's index in `members`; nil when it is not one.
    public func rank(of member: Member) -> Rank? { members.firstIndex(of: member) }
}

/// The members of a new view that come from one previous view.
public struct SubView<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    /// The view that they come from.
    public let previous: ViewID
    /// Those who do, in the order of the new view.
    public let members: [Member]
    /// Whether the layer above at any of them said, with its `holdOK`, that it keeps state to reconcile.
    public let hasState: Bool
    public init(previous: ViewID, members: [Member], hasState: Bool) {
        self.previous = previous
        self.members = members
        self.hasState = hasState
    }
}

/// A view as one member is told of it: one indication per group and view, never a join and a leave apart.
public struct ViewChange<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    /// The new view.
    public let view: View<Member>
    /// The view that this member comes from; nil for its first.
    public let previous: ViewID?
    /// Members of the new view that do not come from this member's previous one; all in its first view.
    public let joined: [Member]
    /// Members of the previous view that do not come along.
    public let left: [Member]
    /// The members that come from the same previous view together with me, me included (M6).
    public let transitional: [Member]
    /// One entry per previous view, in the order of ranks; more than one after a merge.
    public let subViews: [SubView<Member>]
    /// Of the views of a partition's sides at most one is (M7).
    public let primary: Bool
    /// The membership is that of the previous view.
    public var unchanged: Bool { joined.isEmpty && left.isEmpty && previous != nil }
    public init(
        view: View<Member>, previous: ViewID?, joined: [Member], left: [Member], transitional: [Member],
        subViews: [SubView<Member>], primary: Bool
    ) {
        self.view = view
        self.previous = previous
        self.joined = joined
        self.left = left
        self.transitional = transitional
        self.subViews = subViews
        self.primary = primary
    }
}
