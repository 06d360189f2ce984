import GroupModel

/// A primary view that is known to be decided, as what follows it is decided: votes are of nodes, and survive their lives.
public struct DecidedView: Hashable, Sendable {
    public let id: ViewID
    /// By rank, each once.
    public let nodes: [NodeID]
    /// The decided view before it; nil for view 0.
    public let follows: ViewID?

    public init(id: ViewID, nodes: [NodeID], follows: ViewID?) {
        self.id = id
        self.nodes = nodes
        self.follows = follows
    }

    /// View 0: `membership.initial`, sorted by name, so that a first start, a restart and a flush are one rule.
    public init(initial names: [String]) {
        let nodes = Set(names).sorted().map { NodeID(name: $0) }
        let first = nodes.first ?? NodeID(raw: 0)
        self.init(id: ViewID(epoch: 0, coordinator: MemberID(node: first, incarnation: 0)), nodes: nodes, follows: nil)
    }

    /// Nil for a proposal that is not primary in the mode `primary`.
    init?(_ proposal: Proposal) {
        guard proposal.isPrimary, let after = proposal.after else { return nil }
        self.init(id: proposal.view.id, nodes: Self.nodes(of: proposal.view.members), follows: after.id)
    }

    static func nodes(of members: some Sequence<MemberID>) -> [NodeID] {
        var nodes: [NodeID] = []
        for member in members where !nodes.contains(member.node) { nodes.append(member.node) }
        return nodes
    }

    /// Whether these nodes are a majority of the view's, exactly half with rank 0 counting as one.
    func isMajority(_ voters: Set<NodeID>) -> Bool { Self.isMajority(voters, of: nodes) }

    static func isMajority(_ voters: Set<NodeID>, of nodes: [NodeID]) -> Bool {
        guard let oldest = nodes.first else { return false }
        let doubled = 2 * nodes.count(where: voters.contains)
        return doubled > nodes.count
            || (doubled == nodes.count && (voters.contains(oldest) || Mutant.wrongMajority.isOn))
    }
}

/// What a node in the mode `partition: primary` keeps on stable storage: one Paxos acceptor per primary view (Design/0010).
///
/// ▸ It is synced before the answer that rests on it leaves: the promise before `flushed`, the acceptance before
/// `cutReached`. A later life of the node votes with it.
public struct PrimaryRecord: Hashable, Sendable {
    /// The hash of the initial nodes: two nodes that differ about them may not meet.
    public let origin: UInt64
    /// The last primary view that this node knows to be decided.
    public internal(set) var last: DecidedView
    /// About the successor of `last`.
    var acceptor = Acceptor()

    /// A first start: `last` is view 0.
    public init(initial names: [String]) {
        last = DecidedView(initial: names)
        origin = Self.origin(of: names)
    }

    init(origin: UInt64, last: DecidedView, acceptor: Acceptor) {
        self.origin = origin
        self.last = last
        self.acceptor = acceptor
    }

    /// Never zero, which is a node in the mode `all`.
    public static func origin(of names: [String]) -> UInt64 {
        max(StableHash.of(Set(names).sorted().joined(separator: "\n")), 1)
    }

    /// The epochs of all views that the record names: a later life's are larger.
    var highestEpoch: UInt64 { max(last.id.epoch, acceptor.accepted?.proposal.view.id.epoch ?? 0) }

    /// Takes note of a later decision; everything about the successor of the earlier view is void.
    mutating func learned(_ decided: DecidedView) -> Bool {
        guard decided.id > last.id else { return false }
        last = decided
        acceptor = Acceptor()
        return true
    }
}

/// A record that must reach stable storage; `recordPersisted(sequence)` answers. A later one replaces an earlier one.
///
/// A class, because an output is looked at, passed on and emptied per datagram, and hardly ever has one.
public final class RecordWrite: Sendable {
    public let sequence: UInt64
    public let record: PrimaryRecord
    public init(sequence: UInt64, record: PrimaryRecord) {
        self.sequence = sequence
        self.record = record
    }
}
