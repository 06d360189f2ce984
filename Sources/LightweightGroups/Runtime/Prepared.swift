import CoreMetrics
import EventLoop
import Glibc
import GroupCore
import GroupModel
import HWGProtocol
import Logging

/// What a node needs before its loop runs: settings checked, addresses bound, incarnation taken.
struct Prepared {
    let settings: NodeSettings
    let logger: NodeLog
    let metrics: any MetricsFactory
    let loop: EventLoop
    let socket: DatagramSocket
    let liveness: Liveness
    let incarnation: Incarnation
    let recordFile: RecordFile?
    let endpoint: HTTPListener?
    let core: CoreConfiguration
    let peers: [HostPort]

    /// Ports that are tried when any will do: the one that the datagram socket got may be another's for streams.
    private static let portAttempts = 32

    init(_ settings: NodeSettings, logger: Logger?, metrics: any MetricsFactory) async throws(GroupError) {
        self.settings = settings
        self.logger = NodeLog(logger ?? Logger(label: "lwg"), node: settings.name, level: settings.logLevel)
        self.metrics = metrics
        guard NodeSettings.isNodeName(settings.name) else { throw .badName(settings.name) }
        guard (1...LivenessFrame.clusterBytes).contains(settings.cluster.utf8.count) else {
            throw .setting(key: "node.cluster", problem: "a cluster's name has 1 to 255 bytes")
        }
        let (listen, peers) = try await Self.addresses(settings)
        self.peers = peers
        let metricsAddress = try await Self.metricsAddress(settings)
        let defaultGroup = try CoreConfiguration.hwg(settings.defaultGroup, key: "mapping.default")
        try Self.check(settings)

        let loop: EventLoop
        var incarnation: Incarnation
        do {
            loop = try EventLoop()
        } catch {
            throw .system(error, advice: "Check the limits of the process.")
        }
        do {
            incarnation = try Incarnation(name: settings.name, directory: settings.stateDirectory)
        } catch {
            throw .system(error, advice: "Check the state directory and its permissions.")
        }
        // The record first: the incarnation's file says that there is one.
        let opened = try Self.record(settings, defaultGroup, hadOne: incarnation.isPrimary)
        do {
            try incarnation.take(isPrimary: opened != nil)
        } catch {
            throw .system(error, advice: "Check the state directory and its permissions.")
        }
        recordFile = opened?.file
        let seed = settings.seed ?? .random(in: 0 ... .max)
        let member = MemberID(node: NodeID(name: settings.name), incarnation: incarnation.value)
        let placeholder = NodeCard(name: settings.name, member: member, address: NodeAddress(listen))
        let liveness = Liveness(
            loop, me: .init(card: placeholder, life: .random(in: 1 ... .max)), cluster: settings.cluster)
        let socket = try Self.bind(listen, settings, loop, liveness)
        let card = NodeCard(name: settings.name, member: member, address: NodeAddress(socket.address))
        liveness.me.card = card
        do {
            endpoint = try metricsAddress.map { address throws(SystemError) in try HTTPListener(loop, bind: address) }
        } catch {
            throw .system(error, advice: "Choose another metrics.listen address, or end what uses this one.")
        }
        self.loop = loop
        self.socket = socket
        self.liveness = liveness
        self.incarnation = incarnation

        var core = CoreConfiguration(card: card, cluster: settings.cluster, seed: seed, defaultGroup: defaultGroup)
        core.initialNodes = settings.initialNodes.map { NodeID(name: $0) }
        core.initialCount =
            core.initialNodes.isEmpty
            ? 1 + peers.filter { $0.numeric != socket.address }.count : core.initialNodes.count
        try core.retune(by: settings)
        core.isFresh = incarnation.isFirst
        core.record = opened?.record
        core.packetBytes = settings.packetBytes
        core.windowPackets = settings.windowPackets
        core.windowBytes = settings.windowBytes
        core.traces = settings.traceFile != nil
        self.core = core
    }

    private static func record(
        _ settings: NodeSettings, _ group: HWGID, hadOne: Bool
    ) throws(GroupError) -> (file: RecordFile, record: PrimaryRecord)? {
        guard settings.partition == .primary, let directory = settings.stateDirectory else { return nil }
        return try RecordFile.open(
            .init(name: settings.name, cluster: settings.cluster, group: group), in: directory,
            initial: settings.initialNodes, hadOne: hadOne)
    }

    private static func addresses(
        _ settings: NodeSettings
    ) async throws(GroupError) -> (listen: SocketAddress, peers: [HostPort]) {
        let listen: SocketAddress
        do {
            let found = try await HostPort(parsing: settings.listen).addresses()
            guard let first = found.first else { throw GroupError.stopped }
            listen = first
        } catch {
            throw .setting(key: "transport.listen", problem: "\(error)")
        }
        guard listen.isLoopback || settings.insecure else {
            throw .setting(
                key: "transport.listen",
                problem: "\(listen) can be reached from other machines, and packets are not authenticated yet. Use a "
                    + "loopback address such as 127.0.0.1, or accept the risk with transport.insecure: true")
        }
        var peers: [HostPort] = []
        for text in settings.peers {
            do {
                peers.append(try HostPort(parsing: text))
            } catch {
                throw .setting(key: "membership.peers", problem: "\(error)")
            }
        }
        return (listen, peers)
    }

    private static func metricsAddress(_ settings: NodeSettings) async throws(GroupError) -> SocketAddress? {
        guard let text = settings.metricsListen else { return nil }
        let address: SocketAddress
        do {
            let wanted = SettingForm.metricsAddress(text).map { HostPort(host: $0.host, port: $0.port) }
            guard let first = try await (wanted ?? HostPort(parsing: text)).addresses().first else { return nil }
            address = first
        } catch {
            throw .setting(key: "metrics.listen", problem: "\(error)")
        }
        guard address.isLoopback || settings.metricsInsecure else {
            throw .setting(
                key: "metrics.listen",
                problem: "\(address) can be reached from other machines, and everybody there may read the metrics. Use "
                    + "a loopback address, or accept that with metrics.insecure: true")
        }
        return address
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
        if let problem = SettingRules.primaryProblems(settings).first {
            throw .setting(key: problem.key, problem: problem.reason)
        }
        for name in settings.initialNodes where !NodeSettings.isNodeName(name) { throw .badName(name) }
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
        let isOutOfDescriptors = error.code == EMFILE || error.code == ENFILE
        let descriptors =
            "Raise the limit of open files (ulimit -n): a node needs some 16, and two for each other node."
        return .system(
            operation: error.operation, error: error.reason, advice: isOutOfDescriptors ? descriptors : advice)
    }
}
