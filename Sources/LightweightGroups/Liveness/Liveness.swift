import EventLoop
import GroupModel

/// The liveness connections of a node: one TCP connection per pair of nodes, a hello each way, then silence. Its end
/// is the instant sign that a process is gone (design.md, section 5, "Failure detection"). Lives on the loop.
///
/// Who knows an address dials; when both sides dial at once both connections stay, and only the end of the last one
/// counts. Configured peers are dialled for ever.
final class Liveness {
    /// Hellos are small and come at once: a peer that has not said who it is by then is none. In nanoseconds.
    static let helloTime: Int64 = 5_000_000_000
    /// Inbound connections that have not said who they are.
    static let strangers = 64
    /// All connections: two per node of the largest cluster that a view holds, twice.
    static let connections = 1_024
    /// Nodes that were heard of and are dialled.
    static let learnedTargets = 1_024
    /// Log lines that are not said again; what is forgotten costs one line of the budget.
    static let complaintsKept = 256

    struct Events {
        var connected: (NodeCard, SocketAddress) -> Void
        var disconnected: (MemberID) -> Void
        /// A peer knows this incarnation of this node's name, or another life with the same one.
        var outlived: (UInt32) -> Void
        var log: (LogLine, String) -> Void
    }

    let loop: EventLoop
    let cluster: String
    var me: LivenessFrame.Introduction
    var events: Events?
    private(set) var refusals: [String: UInt64] = [:]

    var links: [ObjectIdentifier: Link] = [:]
    /// Who is known, by identity: the newest incarnation met or heard of.
    var known: [NodeID: LivenessFrame.Introduction] = [:]
    var targets: [SocketAddress: DialTarget] = [:]
    var peers: [HostPort: ConfiguredPeer] = [:]
    let resolver: HostResolver
    private var listener: StreamListener?
    var complaints: Set<String> = []
    var complaintBudget = LineBudget()
    var timer: LoopTimer?
    var generator: SystemRandomNumberGenerator = .init()
    /// Configured peers that have not been tried yet: `start` waits for them a moment.
    var untried: Set<HostPort> = []
    var firstContact: (() -> Void)?
    private(set) var isClosed = false
    /// Nodes that a test keeps from this one; empty always else.
    var severed: Set<NodeID> = []

    init(
        _ loop: EventLoop, me: LivenessFrame.Introduction, cluster: String, resolver: HostResolver = HostResolver()
    ) {
        self.loop = loop
        self.resolver = resolver
        self.me = me
        self.cluster = cluster
    }

    /// Binds the port; the loop need not run yet.
    func listen(on address: SocketAddress) throws(SystemError) -> SocketAddress {
        let listener = try StreamListener(loop, bind: address) { [unowned self] in accept($0) }
        self.listener = listener
        timer = try LoopTimer(loop) { [unowned self] in tick() }
        return listener.address
    }

    func close() {
        isClosed = true
        listener?.close()
        listener = nil
        timer?.cancel()
        for link in links.values { link.connection.close() }
        links = [:]
        targets = [:]
        peers = [:]
        resolver.close()
    }

    /// Nodes with a connection that stands.
    var liveMembers: Set<MemberID> { Set(links.values.compactMap { $0.peer?.card.member }) }

    func isLinked(to member: MemberID) -> Bool { links.values.contains { $0.peer?.card.member == member } }

    /// A new life of this node: everybody is told anew.
    func reborn(as introduction: LivenessFrame.Introduction) {
        me = introduction
        for link in links.values { link.connection.close() }
        links = [:]
        for key in targets.keys { targets[key]?.retry(at: monotonicNanoseconds()) }
        schedule()
    }

    // MARK: Connections

    private func accept(_ connection: StreamConnection) {
        guard !isClosed else { return }
        guard links.count < Self.connections,
            links.values.lazy.filter({ $0.peer == nil && $0.target == nil }).count < Self.strangers
        else {
            count("tooMany")
            connection.send(LivenessFrame.refusal(.tooMany).encoded())
            return connection.close()
        }
        adopt(connection, target: nil)
    }

    func adopt(_ connection: StreamConnection, target: SocketAddress?) {
        let link = Link(connection, target: target, deadline: monotonicNanoseconds() + Self.helloTime)
        links[ObjectIdentifier(link)] = link
        connection.onFrame = { [unowned self, unowned link] in arrived($0, on: link) }
        connection.onEnd = { [unowned self, unowned link] in ended(link, $0) }
        // Who dials speaks first, so that the answer says that it was accepted.
        if target != nil { connection.send(LivenessFrame.hello(mine()).encoded()) }
        schedule()
    }

    private func mine() -> LivenessFrame.Hello {
        let standing = Set(links.values.compactMap(\.peer))
        return LivenessFrame.Hello(
            cluster: cluster, introduction: me, known: Array(standing.prefix(LivenessFrame.knownLimit)))
    }

    private func ended(_ link: Link, _ end: StreamConnection.End) {
        guard links.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
        if let target = link.target { dialEnded(target, link, end) }
        if case .frameTooLong = end { count("malformed") }
        part(link)
        // Whatever the direction was, this node dials from now on.
        if let peer = link.peer { learn(peer, from: nil) }
    }

    /// Ends a link on purpose.
    func drop(_ link: Link) {
        guard links.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
        link.connection.close()
        if let target = link.target { dialEnded(target, link, nil) }
        part(link)
    }

    /// What the end of a link is to its peer: nothing, while another link to it stands.
    private func part(_ link: Link) {
        guard let member = link.peer?.card.member, !isLinked(to: member) else { return }
        redial(member)
        events?.disconnected(member)
    }

    // MARK: Frames

    private func arrived(_ bytes: UnsafeRawBufferPointer, on link: Link) {
        do throws(LivenessFrame.Refusal) {
            switch try LivenessFrame.decode(bytes) {
            case .hello(let hello):
                guard link.peer == nil else { throw LivenessFrame.Refusal.malformed }
                try greeted(hello, on: link)
            case .refusal(let refusal): refused(refusal, by: link)
            case .introduction(let introduction):
                guard link.peer != nil else { throw LivenessFrame.Refusal.malformed }
                learn(introduction, from: link)
            }
        } catch {
            refuse(link, error)
        }
    }

    private func greeted(_ hello: LivenessFrame.Hello, on link: Link) throws(LivenessFrame.Refusal) {
        var peer = hello.introduction
        let card = Self.reachable(peer.card, through: link.connection.peer)
        link.claim = card
        guard hello.cluster == cluster else { throw .cluster(cluster) }
        if peer.life == me.life, card.member == me.card.member { return dropSelf(link) }
        // The same name elsewhere, or an earlier life of mine that is remembered: the higher incarnation stays.
        if card.member.node == me.card.member.node {
            guard card.member.incarnation > me.card.member.incarnation else {
                throw .incarnation(known: me.card.member.incarnation)
            }
            events?.outlived(card.member.incarnation)
            return drop(link)
        }
        guard !severed.contains(card.member.node) else { return drop(link) }
        if let newest = known[card.member.node] {
            let isOlder = newest.card.member.incarnation > card.member.incarnation
            let isOther = newest.card.member == card.member && newest.life != peer.life
            guard !isOlder, !isOther else { throw .incarnation(known: newest.card.member.incarnation) }
        }
        peer.card = card
        let isNew = known[card.member.node]?.card.member != card.member || !isLinked(to: card.member)
        remember(peer)
        endOlder(than: peer)
        if link.target == nil {
            link.connection.send(LivenessFrame.hello(mine()).encoded())
            // A connection that this ended has connected nobody. Its other end is an address like any that was heard of.
            guard links[ObjectIdentifier(link)] != nil else { return learn(peer, from: nil) }
        }
        link.peer = peer
        link.deadline = .max
        if let target = link.target { dialSucceeded(target, peer.card.member) }
        events?.connected(peer.card, SocketAddress(peer.card.address))
        for introduction in hello.known { learn(introduction, from: link) }
        if isNew { introduce(peer) }
        schedule()
    }

    /// A life that is outlived and still has a connection here: its machine has crashed without a word, or two processes have
    /// one name. The second kind must hear of it, since nobody else here speaks to it any more.
    ///
    /// No two processes have one address, so that the same address means that the life before is gone.
    private func endOlder(than peer: LivenessFrame.Introduction) {
        let member = peer.card.member
        for link in links.values {
            guard let older = link.peer, older.card.member.node == member.node,
                older.card.member.incarnation < member.incarnation
            else { continue }
            guard older.card.address != peer.card.address, older.life != peer.life else {
                drop(link)
                continue
            }
            refuse(link, .incarnation(known: member.incarnation), at: SocketAddress(peer.card.address))
        }
    }

    /// Two newcomers that met the same node at once hear of one another through it.
    private func introduce(_ peer: LivenessFrame.Introduction) {
        let frame = LivenessFrame.introduction(peer).encoded()
        for link in links.values {
            guard let other = link.peer, other.card.member.node != peer.card.member.node else { continue }
            link.connection.send(frame)
        }
    }

    private func dropSelf(_ link: Link) {
        if let target = link.target {
            // Another port is no address of this node: TCP can connect a socket to itself when nobody listens there.
            if target.port == me.card.address.port { targets[target]?.isSelf = true }
        } else {
            // The end that dialled learns it from this.
            link.connection.send(LivenessFrame.hello(mine()).encoded())
        }
        drop(link)
    }

    /// A node that listens everywhere does not know by which address it is reached.
    static func reachable(_ card: NodeCard, through address: SocketAddress) -> NodeCard {
        guard SocketAddress(card.address).isWildcard else { return card }
        return NodeCard(
            name: card.name, member: card.member,
            address: NodeAddress(high: address.high, low: address.low, port: card.address.port))
    }

    func remember(_ introduction: LivenessFrame.Introduction) {
        let node = introduction.card.member.node
        if known[node] == nil, known.count >= NodeNames.limit { return }
        known[node] = introduction
    }

    func count(_ reason: String) { refusals[reason, default: 0] += 1 }
}
