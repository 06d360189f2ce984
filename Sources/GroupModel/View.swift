/// The position of a member in one view, oldest first; meaningless outside it.
public typealias Rank = Int

/// The identity of a view: ordered lexicographically, it grows at each process and group (M2).
///
/// For a light-weight group the epoch is (era, count), 32 bits each: the era grows at views computed when the
/// heavyweight view changes, the count at changes within one (design.md, section 6).
public struct ViewID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let epoch: UInt64
    public let coordinator: MemberID
    public init(epoch: UInt64, coordinator: MemberID) {
        self.epoch = epoch
        self.coordinator = coordinator
    }
    public init(era: UInt32, count: UInt32, coordinator: MemberID) {
        self.init(epoch: UInt64(era) << 32 | UInt64(count), coordinator: coordinator)
    }
    public var era: UInt32 { UInt32(truncatingIfNeeded: epoch >> 32) }
    public var count: UInt32 { UInt32(truncatingIfNeeded: epoch) }
    public var description: String { "\(epoch)@\(coordinator)" }
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.epoch != rhs.epoch ? lhs.epoch < rhs.epoch : lhs.coordinator < rhs.coordinator
    }
}

/// A ranked member list, oldest first. The same type serves heavyweight groups (`Member` is `MemberID`) and
/// light-weight ones (`EndpointID`).
public struct View<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    public let id: ViewID
    public let members: [Member]
    public init(id: ViewID, members: [Member]) {
        self.id = id
        self.members = members
    }
    public func rank(of member: Member) -> Rank? { members.firstIndex(of: member) }
}

/// The members of a new view that come from one previous view.
public struct SubView<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    public let previous: ViewID
    public let members: [Member]
    /// Whether the layer above at any of them said, with its `holdOK`, that it keeps state to reconcile.
    public let hasState: Bool
    public init(previous: ViewID, members: [Member], hasState: Bool) {
        self.previous = previous
        self.members = members
        self.hasState = hasState
    }
}

/// One indication per group and view: never a join and a leave apart.
public struct ViewChange<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    public let view: View<Member>
    /// The view that this member comes from; nil for its first.
    public let previous: ViewID?
    public let joined: [Member]
    public let left: [Member]
    /// The members that come from the same previous view together with me, me included (M6).
    public let transitional: [Member]
    /// One entry per previous view, in the order of ranks; more than one after a merge.
    public let subViews: [SubView<Member>]
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
