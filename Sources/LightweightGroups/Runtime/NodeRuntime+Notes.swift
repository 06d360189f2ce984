import EventLoop
import GroupCore
import GroupModel
import HWGProtocol
import LWGProtocol

// What the core remarks, as log lines and counters.
extension NodeRuntime {
    func log(_ note: Note) {
        switch note {
        case .suspected(let member, let cause):
            statistics.lastSuspicionNanoseconds = UInt64(monotonicNanoseconds())
            logger.write(.suspected, "suspect \(names.text(member)): \(cause)")
        case .alive(let member):
            logger.write(.heardAgain, "\(names.text(member)) is heard again")
        case .otherMapping(let member):
            logMapping(
                .otherMapping,
                """
                \(names.text(member)) has another mapping.policy, .default or .pins: of a group that both join there may \
                be two that never meet. Give all nodes the same.
                """)
        case .sameMapping(let member):
            logMapping(.sameMapping, "\(names.text(member)) maps groups as this node does again")
        case .group(let group, let note):
            log(note, of: group)
        case .lightweight(.tablesAgain(let group)):
            logger.write(.tablesAgain, "\(group): another view came while tables were exchanged")
        case .rejected(let reason):
            logger.write(.datagramRejected, "a datagram was not taken: \(reason)")
        case .otherCluster(let member):
            logger.write(.otherCluster, "a datagram of another cluster, from \(names.text(member))")
        case .malformed(let kind, let member):
            logger.write(.malformed, "a malformed \(kind) from \(names.text(member))")
        }
    }

    /// A peer may change its mind as often as it likes.
    private func logMapping(_ line: LogLine, _ text: String) {
        if let said = mappingLines.line(text, at: monotonicNanoseconds()) { logger.write(line, "\(said)") }
    }

    private func log(_ note: HWGNote, of group: HWGID) {
        switch note {
        case .installed(let view, let members, let isPrimary):
            statistics.hwgViews &+= 1
            if let since = heldSince.removeValue(forKey: group) { flushed(in: now - since) }
            logger.write(
                .viewInstalled,
                "\(group): view \(names.text(view)) of \(members)\(isPrimary ? "" : ", not primary")")
        case .held(let view):
            heldSince[group] = now
            logger.write(.held, "\(group): Hold in \(names.text(view))")
        case .restarted(let attempt): logger.write(.flushRestarted, "\(group): flush restarted, attempt \(attempt)")
        case .tookOver(let from): logger.write(.tookOver, "\(group): took over from \(names.text(from))")
        case .donorFailed(let member):
            logger.write(.donorFailed, "\(group): \(names.text(member)), which was to supply messages, failed")
        case .adopted(let view, _, _): logger.write(.adopted, "\(group): adopted \(names.text(view))")
        case .excluded(let view): logger.write(.excluded, "\(group): excluded by \(names.text(view))")
        case .refused(let by): logger.write(.flushRefused, "\(group): refused by \(names.text(by))")
        case .mergeFailed(let with): logger.write(.mergeFailed, "\(group): merge with \(names.text(with)) failed")
        case .noMajority(let view):
            majorityWait.isSaid = true
            logger.write(
                .noMajority,
                "\(group): view \(names.text(view)) is held, because too few of its members can be reached; tries again"
            )
        case .gaveUp(let view):
            logger.write(.gaveUpView, "\(group): left view \(names.text(view)), without which the primary views go on")
        case .otherInitial(let member):
            // An announcement comes every half second; the line once.
            guard otherInitial.count < NodeNames.limit, otherInitial.insert(member).inserted else { return }
            logger.write(
                .otherInitialNodes,
                """
                \(group): \(names.text(member)) has other membership.initial nodes, or another membership.partition, and \
                is not met. Give all nodes the same.
                """)
        case .lostRecord(let view):
            stateIsLost(
                "the primary view \(names.text(view)) of \(group) names this node, and its record is new: the state directory "
                    + "is not the one that it had")
        case .left:
            heldSince[group] = nil
            logger.write(.groupLeft, "\(group): left")
        }
    }

    /// Brings the present values into the statistics.
    func snapshot() {
        let counters = socket.counters
        statistics.packetsIn = counters.packetsIn
        statistics.bytesIn = counters.bytesIn
        statistics.packetsOut = counters.packetsOut
        statistics.bytesOut = counters.bytesOut
        statistics.sendCalls = counters.sendCalls
        statistics.receiveCalls = counters.receiveCalls
        statistics.droppedOutgoing = counters.overflowed &+ counters.refused &+ unaddressed
        statistics.slowConsumers = behind
        statistics.segmentation = socket.segments
        statistics.livePeers = liveness.liveMembers.count
        statistics.refusedConnections = liveness.refusals
        statistics.traceLines = trace?.lines ?? 0
        statistics.lostTraceLines = trace?.lost ?? 0
        let core = core.pointee.statistics
        statistics.droppedForSlowConsumers = core.refusedData
        statistics.hwgFlushes = core.heavyweightFlushes
        statistics.heavyweightGroups = core.heavyweightGroups
        statistics.suspicions = core.suspicions
        statistics.lacksMajority = core.lacksMajority
        statistics.heldForMajority = core.heldForMajority
        statistics.viewsGivenUp = core.gaveUp
        statistics.recordWrites = recordWrites
        statistics.recordWriteTimes = recordWriteTimes
        statistics.otherInitial = core.otherInitial
        statistics.otherMapping = core.otherMapping
        statistics.lightweightGroups = UInt64(core.lightweightGroups)
        statistics.carriedGroups = UInt64(core.carriedGroups)
        statistics.seats = UInt64(seats.lazy.filter { $0 != nil }.count)
        statistics.isReady = unreadiness == nil
        statistics.interference = core.lightweight.interference
        statistics.lwgFlushes = core.lightweight.flushes
        statistics.earlyMessages = core.lightweight.early
        statistics.holdsExpired = core.lightweight.holdsExpired
        statistics.staleMessages = core.lightweight.stale
        statistics.acknowledgements = core.multicast.acknowledgesSent
        statistics.duplicates = core.multicast.duplicates
        statistics.naks = core.multicast.negativeAcknowledgesSent
        statistics.retransmissions = core.multicast.retransmitted
        statistics.rejected = [:]
        for (reason, count) in core.rejected { statistics.rejected["\(reason)"] = count }
        statistics.rejected["otherCluster"] = core.otherCluster
        statistics.rejected["malformed"] = core.malformed
        statistics.rejected["stray"] = core.strayed
    }
}
