import GroupModel

/// What a primary control view lays down beside its members, in the mode `primary`: under its authority the other heavyweight
/// groups change (Design/0010, "Other HWGs").
public struct Mandate: Hashable, Sendable {
    /// Another heavyweight group that is alive when the view begins.
    public struct Living: Hashable, Sendable {
        public let group: HWGID
        /// Who begins it with this view; nil when members of the view are in it already.
        public let creator: MemberID?
        public init(group: HWGID, creator: MemberID?) {
            self.group = group
            self.creator = creator
        }
    }

    /// Groups that a mandate names at most; births come first. Those that it leaves out only wait for their births.
    static let groupLimit = 512

    /// Per rank of the view: the control view with which the member came in, without a break since.
    public let since: [ViewID]
    /// By group.
    public let groups: [Living]

    public init(since: [ViewID], groups: [Living]) {
        self.since = since
        self.groups = groups
    }
}

/// A primary view of the control group, as the other groups of the node know it.
public struct ControlView: Hashable, Sendable {
    public let view: View<MemberID>
    public let mandate: Mandate
    public init(view: View<MemberID>, mandate: Mandate) {
        self.view = view
        self.mandate = mandate
    }

    public var id: ViewID { view.id }

    public func contains(_ member: MemberID) -> Bool { view.members.contains(member) }

    /// Since which control view the member is in, without a break; nil when it is not in this one.
    public func since(_ member: MemberID) -> ViewID? {
        guard let rank = view.rank(of: member), rank < mandate.since.count else { return nil }
        return mandate.since[rank]
    }

    /// Who begins the group with this view, when somebody does.
    func creator(of group: HWGID) -> MemberID? { mandate.groups.first { $0.group == group }?.creator }

    func isLiving(_ group: HWGID) -> Bool { mandate.groups.contains { $0.group == group } }
}

/// What a node is in the control group, as its other groups are told.
public struct ControlStanding: Hashable, Sendable {
    /// The primary control view that it is in; nil when it is in none, or knows that it is out.
    public var view: ControlView?
    /// It has answered a flush, or is about to: nobody comes into another group at this node until the next control view, because
    /// births rest on what it told.
    public var isHeld = false
    /// A majority is missing.
    public var isHeldBack = false
    public init() {}
}

/// What a member of the control group tells of its node's other groups, in a flush.
public struct Places: Hashable, Sendable {
    /// Groups that it is in a primary view of, or may be without knowing it yet.
    public var attached: [HWGID] = []
    /// Groups that it looks for.
    public var wanted: [HWGID] = []
    public init() {}

    /// Groups of a node in this mode: all of them are named in one datagram.
    public static let limit = 256
}
