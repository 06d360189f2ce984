import Logging

/// Every kind of line that the library logs. Its name is in the line's metadata, as `event`; `Design/Operations.md`
/// says what each means and what to do.
public enum LogLine: String, CaseIterable, Sendable {
    // The node.
    case started, stopped, failed, leaveTimedOut, metricsListening
    case incarnationRaised, incarnationNotRaised, namesake
    case traceFailed, joinRefused, seatsEvicted
    // Other nodes.
    case connected, disconnected, peerUnreached, peerUnresolved, peerRefused, strangerRefused, refusedByPeer, turnedAway
    case suspected, heardAgain
    case otherMapping, sameMapping
    case datagramRejected, otherCluster, malformed
    // Heavyweight groups.
    case viewInstalled, held, flushRestarted, tookOver, adopted, excluded, flushRefused, mergeFailed, groupLeft
    case donorFailed, tablesAgain
    // Mode `partition: primary`.
    case noMajority, gaveUpView, otherInitialNodes, recordNotWritten, recordWritten
    // Configuration at run time.
    case reloaded, needsRestart, reloadRefused, reloadUnchanged

    /// What needs somebody is a warning or worse; what tells the group's history is `info`; the rest is `debug`.
    public var level: Logger.Level {
        switch self {
        case .failed, .incarnationNotRaised, .namesake, .traceFailed, .reloadRefused, .recordNotWritten: .error
        case .leaveTimedOut, .joinRefused, .seatsEvicted, .peerUnresolved, .peerRefused, .refusedByPeer, .excluded,
            .otherMapping, .needsRestart, .noMajority, .gaveUpView, .otherInitialNodes:
            .warning
        case .incarnationRaised, .sameMapping, .reloaded, .recordWritten: .notice
        case .started, .stopped, .metricsListening, .disconnected, .peerUnreached, .strangerRefused, .turnedAway,
            .suspected,
            .viewInstalled, .tookOver, .adopted, .groupLeft, .reloadUnchanged:
            .info
        case .connected, .heardAgain, .datagramRejected, .otherCluster, .malformed, .held, .flushRestarted,
            .flushRefused, .mergeFailed, .donorFailed, .tablesAgain:
            .debug
        }
    }
}
