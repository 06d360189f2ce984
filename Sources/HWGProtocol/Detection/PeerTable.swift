import GroupModel

/// The nodes that this one knows, and what it thinks of each: failure detection is per pair of nodes, whatever the
/// number of groups they share (design.md, section 5).
///
/// Suspicion is local opinion. A peer is suspected when nothing came from it for the time-out, at once when its
/// liveness connection closes, and when a later incarnation of its node is seen.
public struct PeerTable: Sendable {
    public enum Cause: Hashable, Sendable { case silence, connectionClosed, newerIncarnation }

    public struct Change: Hashable, Sendable {
        public let member: MemberID
        /// Nil: the peer is heard again.
        public let suspicion: Cause?
    }

    struct Peer: Sendable {
        var card: NodeCard
        var isConnected: Bool
        var isSuspected: Bool
        var lastHeard: Instant
        /// When the peer last said that it hears me.
        var heardMe: Instant?
        /// How long it gives its applications to answer a Hold, as it said last.
        var holdDeadline = Interval.zero
        /// Its mapping was another one than this node's, when it spoke last.
        var isMappedOtherwise = false
    }

    /// Peers beyond this are not learned: four times the largest view, room for past incarnations.
    static let maximum = 4 * Limits.viewMembers

    public var me: MemberID { myCard.member }
    private let myCard: NodeCard
    private(set) var heartbeatInterval: Interval
    private(set) var failureTimeout: Interval
    private var peers: [Peer] = []
    private var index: [MemberID: Int] = [:]
    /// Where the peer that was heard last stands: packets come in runs.
    private var recent = 0
    private var heartbeatAt: Instant?
    private var lastTurn: Instant

    public init(card: NodeCard, heartbeatInterval: Interval, failureTimeout: Interval, now: Instant) {
        myCard = card
        self.heartbeatInterval = heartbeatInterval
        self.failureTimeout = failureTimeout
        lastTurn = now
    }

    /// New times: the next heartbeat comes at most one new interval after the last.
    public mutating func retime(heartbeatInterval: Interval, failureTimeout: Interval) {
        self.heartbeatInterval = heartbeatInterval
        self.failureTimeout = failureTimeout
        if let due = heartbeatAt { heartbeatAt = min(due, lastTurn + heartbeatInterval) }
    }

    // MARK: Questions

    /// Nodes known.
    public var count: Int { peers.count }

    public func card(of member: MemberID) -> NodeCard? {
        member == me ? myCard : index[member].map { peers[$0].card }
    }

    /// Known, connected or heard, and not suspected.
    public func isReachable(_ member: MemberID) -> Bool {
        member == me || (index[member].map { !peers[$0].isSuspected } ?? false)
    }

    /// Reachable, and it said within the time-out that it hears me. Only such a peer is asked to merge.
    public func isMutual(_ member: MemberID, at now: Instant) -> Bool {
        guard let position = index[member], !peers[position].isSuspected, let heardMe = peers[position].heardMe else {
            return false
        }
        return now - heardMe <= failureTimeout
    }

    /// How long it gives its applications to answer a Hold; 0 where it has not said, and of this node.
    func holdDeadline(of member: MemberID) -> Interval { index[member].map { peers[$0].holdDeadline } ?? .zero }

    public func isSuspected(_ member: MemberID) -> Bool { index[member].map { peers[$0].isSuspected } ?? false }

    public var suspected: [MemberID] { peers.lazy.filter(\.isSuspected).map(\.card.member).sorted() }

    /// All reachable peers, by identity.
    public var reachable: [MemberID] { peers.lazy.filter { !$0.isSuspected }.map(\.card.member).sorted() }

    /// Reachable peers that map light-weight groups in another way than this node.
    public var mappedOtherwise: Int { peers.count { !$0.isSuspected && $0.isMappedOtherwise } }

    /// All peers whose node has not started again since, suspected ones too, by identity.
    public var current: [MemberID] { peers.lazy.map(\.card.member).filter { !isSuperseded($0) }.sorted() }

    public func knows(_ member: MemberID) -> Bool { index[member] != nil }

    // MARK: Facts

    /// A liveness connection stands.
    public mutating func connected(_ card: NodeCard, at now: Instant) -> [Change] {
        var changes = superseded(by: card.member)
        guard learn(card, at: now), let position = index[card.member] else { return changes }
        peers[position].card = card
        peers[position].isConnected = true
        peers[position].lastHeard = now
        if peers[position].isSuspected {
            peers[position].isSuspected = false
            changes.append(Change(member: card.member, suspicion: nil))
        }
        if heartbeatAt == nil { heartbeatAt = now }
        return changes
    }

    /// The last liveness connection is gone: the kernel reports the end of a process within a millisecond.
    public mutating func disconnected(_ member: MemberID) -> [Change] {
        guard let position = index[member] else { return [] }
        peers[position].isConnected = false
        return suspect(position, .connectionClosed)
    }

    /// Heard of through others. It has the time-out to be heard itself.
    /// - Returns: Whether it is known now.
    @discardableResult
    public mutating func learn(_ card: NodeCard, at now: Instant) -> Bool {
        guard card.member != me, index[card.member] == nil else { return card.member != me }
        guard peers.count < Self.maximum,
            !peers.contains(where: {
                $0.card.member.node == card.member.node
                    && $0.card.member.incarnation > card.member.incarnation
            })
        else { return false }
        index[card.member] = peers.count
        peers.append(Peer(card: card, isConnected: false, isSuspected: false, lastHeard: now, heardMe: nil))
        if heartbeatAt == nil { heartbeatAt = now }
        return true
    }

    /// Any packet counts as a heartbeat.
    @inline(__always)
    public mutating func heard(_ member: MemberID, at now: Instant) -> Change? {
        if recent >= peers.count || peers[recent].card.member != member {
            guard let position = position(of: member) else { return nil }
            recent = position
        }
        let position = recent
        peers[position].lastHeard = now
        guard peers[position].isSuspected, !isSuperseded(member) else { return nil }
        peers[position].isSuspected = false
        return Change(member: member, suspicion: nil)
    }

    /// - Parameter mapping: the digest of this node's.
    /// - Returns: Whether the peer's mapping is another one, where the last heartbeat said otherwise.
    public mutating func heartbeatArrived(
        from member: MemberID, _ heartbeat: Heartbeat, mapping: UInt32, at now: Instant
    ) -> Bool? {
        guard let position = position(of: member) else { return nil }
        peers[position].holdDeadline = heartbeat.holdDeadline
        if heartbeat.hearsYou { peers[position].heardMe = now }
        let isOther = heartbeat.mapping != mapping
        guard isOther != peers[position].isMappedOtherwise else { return nil }
        peers[position].isMappedOtherwise = isOther
        return isOther
    }

    /// Looking at so many peers is faster than hashing one.
    private static let few = 8

    private func position(of member: MemberID) -> Int? {
        guard peers.count <= Self.few else { return index[member] }
        for position in peers.indices where peers[position].card.member == member { return position }
        return nil
    }

    /// Peers that are not connected, are suspected, and share no view with this node.
    public mutating func forget(unless isNeeded: (MemberID) -> Bool) {
        let kept = peers.filter { $0.isConnected || !$0.isSuspected || isNeeded($0.card.member) }
        guard kept.count != peers.count else { return }
        peers = kept
        index = [:]
        for (position, peer) in peers.enumerated() { index[peer.card.member] = position }
    }

    // MARK: Time

    /// Mutating, so that it is read in place: elsewhere the caller copies the whole value first.
    public var nextDeadline: Instant? { mutating get { peers.isEmpty ? nil : heartbeatAt } }

    /// Heartbeats that are due, each with whether the peer is heard here, and new suspicions.
    ///
    /// After a pause of this process nobody is suspected before packets had a chance to be read: silence is only
    /// counted while the node itself was awake.
    public mutating func deadlineReached(
        at now: Instant, heartbeat: (MemberID, _ hearsYou: Bool) -> Void
    ) -> [Change] {
        guard let due = heartbeatAt, due <= now else { return [] }
        heartbeatAt = now + heartbeatInterval
        let slept = now - lastTurn
        lastTurn = now
        if slept > heartbeatInterval * 3 {
            for position in peers.indices where !peers[position].isSuspected {
                peers[position].lastHeard = now
            }
        }
        var changes: [Change] = []
        for position in peers.indices {
            if !peers[position].isSuspected, now - peers[position].lastHeard > failureTimeout {
                changes += suspect(position, .silence)
            }
            let hears = now - peers[position].lastHeard <= failureTimeout
            if !isSuperseded(peers[position].card.member) { heartbeat(peers[position].card.member, hears) }
        }
        return changes
    }

    // MARK: -

    private mutating func suspect(_ position: Int, _ cause: Cause) -> [Change] {
        guard !peers[position].isSuspected else { return [] }
        peers[position].isSuspected = true
        peers[position].heardMe = nil
        return [Change(member: peers[position].card.member, suspicion: cause)]
    }

    /// The node has started again since.
    func isSuperseded(_ member: MemberID) -> Bool {
        peers.contains { $0.card.member.node == member.node && $0.card.member.incarnation > member.incarnation }
    }

    private mutating func superseded(by member: MemberID) -> [Change] {
        var changes: [Change] = []
        for position in peers.indices
        where peers[position].card.member.node == member.node
            && peers[position].card.member.incarnation < member.incarnation
        {
            peers[position].isConnected = false
            changes += suspect(position, .newerIncarnation)
        }
        return changes
    }
}
