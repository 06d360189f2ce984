import EventLoop
import GroupCore
import GroupModel
import HWGProtocol
import Synchronization

/// One node at work: the protocol core, the sockets, the trace and the seats, on one loop.
///
/// Only the loop's thread touches its state, except for the members that say otherwise. A turn is: datagrams to the
/// core, requests and messages of other threads, the deadline if it is due, `turnEnded`; then the trace goes to the
/// operating system, the packets to the network, and the indications to the applications.
final class NodeRuntime: @unchecked Sendable {
    // Any thread.
    let loop: EventLoop
    private let current: Mutex<NodeSettings>
    let names = NodeNames()
    let tickets = Tickets()
    let outbox: Outbox
    let listenAddress: SocketAddress
    /// Who waits for the end; nil when it has come.
    let enders = Mutex<[Answer<Void>]?>([])
    private let myself: Mutex<MemberID>
    let problem = Mutex<GroupError?>(nil)

    // The core and its effects live in memory of their own: `inout` access to a class's property is checked for
    // exclusivity, which on the data path costs a factor of two.
    let core: UnsafeMutablePointer<NodeCore>
    let effects: UnsafeMutablePointer<Effects>

    var logger: NodeLog
    let metrics: MetricsReporter?
    let endpoint: HTTPListener?
    let socket: DatagramSocket
    let liveness: Liveness
    var trace: TraceFile?
    var incarnation: Incarnation
    /// Mode `primary`: the record, what is to be written of it, and when a write that failed is tried again.
    let recordFile: RecordFile?
    var unwritten: RecordWrite?
    var rewriting: LoopTimer?
    var waitsToRewrite = false
    /// Why the last attempt to write the record failed; said once.
    var recordProblem: SystemError?
    var recordWrites: UInt64 = 0
    var recordWriteTimes = DurationHistogram()
    var otherInitial: Set<MemberID> = []
    var mappingLines = LineBudget()
    var majorityWait = MajorityWait()
    var majorityLook: LoopTimer?
    var deadline: DeadlineTimer?
    var reporting: LoopTimer?
    /// When each heavyweight group that is held now was; at most one entry per group.
    var heldSince: [HWGID: Instant] = [:]
    var pause: LoopTimer?
    var grace: LoopTimer?
    var limit: LoopTimer?
    /// What a test does to the datagrams that leave; nil always else.
    var faults: FaultFilter?
    var delayed: LoopTimer?

    var seats: [Seat?] = []
    var nextSerial: UInt64 = 0
    var consumers: [Consumer?] = []
    var inboxes: [ObjectIdentifier: Consumer] = [:]
    /// Where the slices of each seat go: the consumer's index, or -1.
    var routes: [Int32] = []
    var touched: [Consumer] = []
    /// Seats that are gone, until their last events are handed over.
    var ending: [(consumer: Consumer, seat: SeatKey)] = []
    var explicitEndpoints: Set<ShortName> = []
    var delivering = LWGIndications()
    var carrier: (hwg: HWGID, view: ViewID)?

    var joins: [JoinKey: JoinCall] = [:]
    var flushes: [UInt64: (seat: SeatKey, answer: Answer<Void>)] = [:]
    var nextToken: UInt64 = 0

    var load = Outbox.Load()
    var credits: [(seat: SeatKey, cost: Int)] = []
    /// Seats with retained items, and whether it is worth trying them again.
    var blocked: [SeatKey] = []
    var retriesBlocked = false
    /// Seats that were refused on the loop and want to hear when there is room.
    var wanting: [SeatKey] = []
    /// Consumers over their bounds.
    var behind = 0
    /// The heavyweight groups that they stop, and how many of them each: nothing is taken from them, and nothing sent in them.
    var stopped: [HWGID: Int] = [:]
    /// The core does not know yet; somebody waits for less to be stopped.
    var stopsAreStale = false
    var hasRelief = false
    /// Consumers slept through too many views.
    var hasSleepers = false
    var graceDue: Instant?
    var isReadingPaused = false
    /// Seats by the heavyweight group that carries them.
    var seatsOn: [HWGID: Int] = [:]

    var addresses: [MemberID: SocketAddress] = [:]
    var runs: [SocketAddress: Int] = [:]
    var buckets: [[OutgoingDatagram]] = []
    var outgoing: [OutgoingDatagram] = []

    /// The core was given something since its turn was last ended: what it packed meanwhile has not left.
    var isTurnOpen = false
    /// Packets for members without a known address.
    var unaddressed: UInt64 = 0
    var statistics = NodeStatistics()
    var stage = Stage.running
    var mayRaise = true
    /// The highest incarnation of a namesake that was said: who is refused dials on, and is refused again.
    private var namesake: UInt32 = 0
    enum Stage { case running, draining, stopping, stopped }

    init(_ prepared: Prepared) throws(SystemError) {
        loop = prepared.loop
        current = Mutex(prepared.settings)
        let settings = prepared.settings
        logger = prepared.logger
        socket = prepared.socket
        liveness = prepared.liveness
        metrics = MetricsReporter(prepared.metrics, node: prepared.settings.name)
        endpoint = prepared.endpoint
        incarnation = prepared.incarnation
        recordFile = prepared.recordFile
        listenAddress = prepared.socket.address
        myself = Mutex(prepared.core.card.member)
        let loop = prepared.loop
        outbox = Outbox(seatBytes: prepared.settings.sendQueueBytes) { loop.wake() }
        core = .allocate(capacity: 1)
        core.initialize(
            to: NodeCore(configuration: prepared.core, at: Instant(nanoseconds: monotonicNanoseconds())))
        effects = .allocate(capacity: 1)
        effects.initialize(to: Effects())
        trace = nil
        if let path = settings.traceFile { trace = try TraceFile(appendingTo: path) }
        names.learn(settings.name, of: me.node)
        trace?.learn(prepared.core.card)
        deadline = try DeadlineTimer(loop)
        pause = try LoopTimer(loop) { [unowned self] in pauseEnded() }
        grace = try LoopTimer(loop) { [unowned self] in graceEnded() }
        limit = try LoopTimer(loop) { [unowned self] in stopLimitReached() }
        // It only begins a turn, which lets go what is due.
        delayed = try LoopTimer(loop) {}
        rewriting = try LoopTimer(loop) { [unowned self] in retryRecord() }
        majorityLook = try LoopTimer(loop) { [unowned self] in lookForMajority() }
        reporting = try LoopTimer(loop) { [unowned self] in reportMetrics() }
        statistics.receiveBufferBytes = socket.receiveBufferBytes
        statistics.sendBufferBytes = socket.sendBufferBytes
        statistics.coalescing = socket.coalesces
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
        effects.deinitialize(count: 1)
        effects.deallocate()
    }

    // MARK: Any thread

    /// This node's member; it changes once at most, when a peer knows a higher incarnation at the start.
    var identity: MemberID { myself.withLock { $0 } }

    /// Why the node ended by itself.
    var failure: GroupError? { problem.withLock { $0 } }

    /// As they are in force: `reload` changes some of them on the loop.
    var settings: NodeSettings {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    // MARK: On the loop

    var me: MemberID { core.pointee.configuration.card.member }
    var now: Instant { Instant(nanoseconds: monotonicNanoseconds()) }

    // MARK: Start

    /// Starts the loop's thread; `firstContact` runs on it when each configured peer has answered or failed once.
    func start(peers: [HostPort], firstContact: @escaping @Sendable () -> Void) {
        liveness.events = Liveness.Events(
            connected: { [unowned self] in peerConnected($0, $1) },
            disconnected: { [unowned self] in peerDisconnected($0) },
            outlived: { [unowned self] in outlived(by: $0) },
            log: { [unowned self] line, text in logger.write(line, "\(text)") })
        let core = core
        let effects = effects
        socket.start { bytes, _, memory in
            core.pointee.datagramArrived(
                bytes, memory: memory, at: Instant(nanoseconds: monotonicNanoseconds()), into: &effects.pointee)
        }
        endpoint?.answer = { [unowned self] in answer($0) }
        if let endpoint {
            logger.write(.metricsListening, "metrics on http://\(endpoint.address)/metrics")
        }
        loop.turnEnded = { [unowned self] in turn() }
        loop.execute { [self] in
            if settings.explicitHolds, let name = ShortName("0") { explicitHolds(name, true) }
            self.effects.pointee.trace.append(TraceRecord(time: now, member: .node(me), event: .start))
            logger.write(.started, "\(names.text(me)) listens on \(listenAddress)")
            reportMetrics()
            beginMajorityLooks()
            liveness.dial(peers, firstContact: firstContact)
        }
        // The thread keeps the runtime alive until the loop has ended.
        loop.start(name: "lwg \(settings.name)") { [self] in tellEnd() }
    }

    // MARK: Peers

    private func peerConnected(_ card: NodeCard, _ address: SocketAddress) {
        meet(card, address)
        core.pointee.handle(.peerConnected(card), at: now, into: &effects.pointee)
        logger.write(.connected, "connected to \(names.text(card.member)) at \(address)")
    }

    private func peerDisconnected(_ member: MemberID) {
        logger.write(.disconnected, "the connection to \(names.text(member)) ended")
        // What it sent before its end is judged before its end is.
        if !isReadingPaused { socket.drain() }
        core.pointee.handle(.peerDisconnected(member), at: now, into: &effects.pointee)
    }

    /// Addresses of members; of nodes that have been met or heard of, as many as names are kept.
    func meet(_ card: NodeCard, _ address: SocketAddress) {
        names.learn(card.name, of: card.member.node)
        trace?.learn(card)
        if addresses[card.member] == nil {
            // Of a node that has started again only the last incarnation is spoken to.
            let lives = addresses.keys.filter { $0.node == card.member.node }
            guard !lives.contains(where: { $0.incarnation > card.member.incarnation }) else { return }
            for life in lives { addresses.removeValue(forKey: life) }
        }
        if addresses.count >= NodeNames.limit {
            let live = liveness.liveMembers
            addresses = addresses.filter { live.contains($0.key) }
        }
        addresses[card.member] = address
    }

    /// A peer knows this incarnation of this node's name, or another life with it. A node that has not done anything
    /// yet takes a higher one; a node at work has a namesake.
    func outlived(by known: UInt32) {
        // A node that ends for it has said so, and better.
        guard known >= me.incarnation, failure == nil else { return }
        let isIdle = joins.isEmpty && seats.allSatisfy { $0 == nil } && stage == .running
        var raised = false
        if mayRaise, isIdle {
            if recordFile != nil { return stateIsLost(known: known) }
            mayRaise = false
            do {
                raised = try incarnation.raise(above: known)
            } catch {
                logger.write(.incarnationNotRaised, "the incarnation cannot be raised: \(error)")
            }
        }
        guard raised else {
            guard known > namesake else { return }
            namesake = known
            logger.write(
                .namesake,
                """
                another node runs, or ran later, as ‘\(settings.name)’ (incarnation \(known), this one \
                \(me.incarnation)). Give each node a name of its own, or restart this one.
                """)
            return
        }
        var configuration = core.pointee.configuration
        configuration.card = NodeCard(
            name: settings.name, member: MemberID(node: me.node, incarnation: incarnation.value),
            address: configuration.card.address)
        configuration.isFresh = false
        // What the last life asked to be written is in it, and is written with the next.
        configuration.record = core.pointee.currentRecord
        unwritten = nil
        effects.pointee.write = nil
        core.pointee = NodeCore(configuration: configuration, at: now)
        myself.withLock { $0 = configuration.card.member }
        for endpoint in explicitEndpoints.sorted() { explicitHolds(endpoint, true) }
        effects.pointee.trace.append(TraceRecord(time: now, member: .node(me), event: .start))
        logger.write(.incarnationRaised, "took incarnation \(incarnation.value), because a peer knows \(known)")
        liveness.reborn(as: .init(card: configuration.card, life: liveness.me.life))
    }
}
