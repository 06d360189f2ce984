import EventLoop
import GroupCore
import GroupModel
import Logging

/// What a node needs before its loop runs: settings checked, addresses bound, incarnation taken.
struct Prepared {
    let settings: NodeSettings
    let logger: Logger
    let loop: EventLoop
    let socket: DatagramSocket
    let liveness: Liveness
    let incarnation: Incarnation
    let core: CoreConfiguration
    let peers: [HostPort]

    /// Ports that are tried when any will do: the one that the datagram socket got may be another's for streams.
    private static let portAttempts = 32

    init(_ settings: NodeSettings, logger: Logger?) throws(GroupError) {
        var logger = logger ?? Logger(label: "lwg")
        logger.logLevel = settings.logLevel
        logger[metadataKey: "node"] = "\(settings.name)"
        self.settings = settings
        self.logger = logger
        guard NodeSettings.isNodeName(settings.name) else { throw .badName(settings.name) }
        guard (1...LivenessFrame.clusterBytes).contains(settings.cluster.utf8.count) else {
            throw .setting(key: "node.cluster", problem: "a cluster's name has 1 to 255 bytes")
        }
        let (listen, peers) = try Self.addresses(settings)
        self.peers = peers
        let defaultGroup = try Self.hwg(settings.defaultGroup, key: "mapping.defaultGroup")
        var pins: [(pattern: String, group: HWGID)] = []
        for pin in settings.pins { pins.append((pin.pattern, try Self.hwg(pin.group, key: "mapping.pins"))) }
        try Self.check(settings)

        let loop: EventLoop
        let incarnation: Incarnation
        do {
            loop = try EventLoop()
            incarnation = try Incarnation(name: settings.name, directory: settings.stateDirectory)
        } catch {
            throw .system(error, advice: "Check the state directory and its permissions.")
        }
        let seed = settings.seed ?? .random(in: 0 ... .max)
        let member = MemberID(node: NodeID(name: settings.name), incarnation: incarnation.value)
        let placeholder = NodeCard(name: settings.name, member: member, address: NodeAddress(listen))
        let liveness = Liveness(
            loop, me: .init(card: placeholder, life: .random(in: 1 ... .max)), cluster: settings.cluster)
        let socket = try Self.bind(listen, settings, loop, liveness)
        let card = NodeCard(name: settings.name, member: member, address: NodeAddress(socket.address))
        liveness.me.card = card
        self.loop = loop
        self.socket = socket
        self.liveness = liveness
        self.incarnation = incarnation

        var core = CoreConfiguration(card: card, cluster: settings.cluster, seed: seed, defaultGroup: defaultGroup)
        core.initialNodes = settings.initialNodes.map { NodeID(name: $0) }
        core.initialCount =
            core.initialNodes.isEmpty
            ? 1 + peers.filter { $0.numeric != socket.address }.count : core.initialNodes.count
        core.heartbeatInterval = Interval(settings.heartbeatInterval)
        core.failureTimeout = Interval(settings.failureTimeout)
        core.gather = Interval(settings.gather)
        core.mergeGather = Interval(settings.mergeGather)
        core.resendInterval = Interval(settings.resendInterval)
        core.holdDeadline = Interval(settings.holdDeadline)
        core.flushTimeout = Interval(settings.flushTimeout)
        core.joinGather = peers.isEmpty ? .zero : Interval(settings.joinGather)
        core.announceInterval = Interval(settings.announceInterval)
        core.isFresh = incarnation.isFirst
        core.packetBytes = settings.packetBytes
        core.windowPackets = settings.windowPackets
        core.windowBytes = settings.windowBytes
        core.pins = pins
        core.perGroup = settings.perGroupHWG
        core.traces = settings.traceFile != nil
        self.core = core
    }

    private static func addresses(
        _ settings: NodeSettings
    ) throws(GroupError) -> (listen: SocketAddress, peers: [HostPort]) {
        let listen: SocketAddress
        do {
            guard let first = try HostPort(parsing: settings.listen).resolve().first else { throw GroupError.stopped }
            listen = first
        } catch {
            throw .setting(key: "node.listen", problem: "\(error)")
        }
        guard listen.isLoopback || settings.insecure else {
            throw .setting(
                key: "node.listen",
                problem: "\(listen) can be reached from other machines, and packets are not authenticated yet. Use a "
                    + "loopback address such as 127.0.0.1, or accept the risk with transport.insecure: true")
        }
        var peers: [HostPort] = []
        for text in settings.peers {
            do {
                peers.append(try HostPort(parsing: text))
            } catch {
                throw .setting(key: "node.peers", problem: "\(error)")
            }
        }
        return (listen, peers)
    }

    private static func check(_ settings: NodeSettings) throws(GroupError) {
        guard (1_200...Limits.packetBytes).contains(settings.packetBytes) else {
            throw .setting(
                key: "transport.packetBytes",
                problem: "it is \(settings.packetBytes), not 1200 to \(Limits.packetBytes)")
        }
        guard (1...Limits.windowPackets).contains(settings.windowPackets) else {
            throw .setting(
                key: "transport.windowPackets",
                problem: "it is \(settings.windowPackets), not 1 to \(Limits.windowPackets)")
        }
        guard settings.windowBytes >= settings.packetBytes else {
            throw .setting(
                key: "transport.windowBytes",
                problem: "it is \(settings.windowBytes), less than one packet (\(settings.packetBytes))")
        }
        guard settings.failureTimeout > settings.heartbeatInterval, settings.heartbeatInterval > .zero else {
            throw .setting(
                key: "failureDetector.timeout",
                problem: "it must be longer than the heartbeat interval, which must be "
                    + "longer than zero")
        }
        guard settings.holdDeadline > .zero, settings.holdDeadline * 2 <= settings.flushTimeout else {
            throw .setting(
                key: "flush.holdDeadline",
                problem:
                    "it must be longer than zero and at most half of flush.timeout: one silent application would cost "
                    + "its whole node its groups")
        }
        for name in settings.initialNodes where !NodeSettings.isNodeName(name) { throw .badName(name) }
    }

    private static func hwg(_ name: String, key: String) throws(GroupError) -> HWGID {
        guard let short = ShortName(name) else {
            throw .setting(key: key, problem: "‘\(name)’ is no group name: 1 to 15 of [A-Za-z0-9_.-]")
        }
        return HWGID(named: short)
    }

    /// Datagrams and streams on one port number.
    private static func bind(
        _ wanted: SocketAddress, _ settings: NodeSettings, _ loop: EventLoop, _ liveness: Liveness
    ) throws(GroupError) -> DatagramSocket {
        var options = DatagramOptions()
        options.receiveBufferBytes = settings.receiveBufferBytes
        options.sendBufferBytes = settings.sendBufferBytes
        options.segmentation = settings.segmentation
        options.coalescing = settings.segmentation
        var attempts = wanted.port == 0 ? portAttempts : 1
        while true {
            do {
                let socket = try DatagramSocket(loop, bind: wanted, options: options)
                _ = try liveness.listen(on: socket.address)
                return socket
            } catch {
                attempts -= 1
                if attempts == 0 {
                    throw .system(error, advice: "Choose another --listen address, or end what uses this one.")
                }
            }
        }
    }
}

extension Interval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self.init(nanoseconds: overflow ? .max / 4 : product &+ attoseconds / 1_000_000_000)
    }
}

extension GroupError {
    static func system(_ error: SystemError, advice: String) -> GroupError {
        .system(operation: error.operation, error: error.reason, advice: advice)
    }
}
