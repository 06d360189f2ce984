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
///
/// One reference to what never changes: an HWG view change passes one of these on for each of thousands of LWGs, through
/// several hands, and its five lists would be counted at each.
public struct ViewChange<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    @usableFromInline
    final class Content: Sendable {
        @usableFromInline let view: View<Member>
        @usableFromInline let previous: ViewID?
        @usableFromInline let joined: [Member]
        @usableFromInline let left: [Member]
        @usableFromInline let transitional: [Member]
        @usableFromInline let subViews: [SubView<Member>]
        @usableFromInline let primary: Bool

        @inlinable
        init(
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

    @usableFromInline let content: Content

    /// The new view.
    @inlinable public var view: View<Member> { content.view }
    /// The view that this member comes from; nil for its first.
    @inlinable public var previous: ViewID? { content.previous }
    /// Members of the new view that do not come from this member's previous one; all in its first view.
    @inlinable public var joined: [Member] { content.joined }
    /// Members of the previous view that do not come along.
    @inlinable public var left: [Member] { content.left }
    /// The members that come from the same previous view together with me, me included (M6).
    @inlinable public var transitional: [Member] { content.transitional }
    /// One entry per previous view, in the order of ranks; more than one after a merge.
    @inlinable public var subViews: [SubView<Member>] { content.subViews }
    /// Of the views of a partition's sides at most one is (M7).
    @inlinable public var primary: Bool { content.primary }
    /// The membership is that of the previous view.
    public var unchanged: Bool { joined.isEmpty && left.isEmpty && previous != nil }

    @inlinable
    public init(
        view: View<Member>, previous: ViewID?, joined: [Member], left: [Member], transitional: [Member],
        subViews: [SubView<Member>], primary: Bool
    ) {
        content = Content(
            view: view, previous: previous, joined: joined, left: left, transitional: transitional,
            subViews: subViews, primary: primary)
    }

    public static func == (one: Self, other: Self) -> Bool {
        one.content === other.content
            || one.view == other.view && one.previous == other.previous && one.joined == other.joined
                && one.left == other.left && one.transitional == other.transitional && one.subViews == other.subViews
                && one.primary == other.primary
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(view)
        hasher.combine(previous)
        hasher.combine(joined)
        hasher.combine(left)
        hasher.combine(transitional)
        hasher.combine(subViews)
        hasher.combine(primary)
    }
}
