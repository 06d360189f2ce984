import GroupModel

/// Everything that can happen to a node, beside the bulk data path: facts in the past tense and requests of
/// applications. One enum, so that a run can be recorded, replayed and fuzzed.
public enum NodeEvent: Sendable {
    /// The deadline that `NodeCore.nextDeadline` named has come.
    case deadlineReached
    /// A liveness connection to a peer stands, and it has said who it is.
    case peerConnected(NodeCard)
    /// The last liveness connection to this member was closed by the other side or by an error.
    case peerDisconnected(MemberID)
    /// The write of this number (`Effects.write`) is on stable storage.
    case recordPersisted(UInt64)
    /// The loop is about to sleep: open packets are sealed and acknowledgements leave.
    case turnEnded

    /// The node is told new times or another mapping; of the rest of the configuration nothing is taken.
    /// Indirect, because it would make every event as large as itself.
    indirect case configurationChanged(CoreConfiguration)

    // Requests of applications. Answers are `LWGEvent`s.
    case join(endpoint: ShortName, groups: [String])
    case leave(seats: [SeatHandle])
    /// The application does not take its messages: `left(reason)` is told at once.
    case evict(seats: [SeatHandle], LeftReason)
    case holdOK(SeatHandle, ViewID)
    /// Answered by `flushed(token)`.
    case flush(SeatHandle, token: UInt64)
    case direct(SeatHandle, to: EndpointID, bytes: [UInt8])
    /// Seats of this endpoint answer Holds themselves from now on (`true`), or the core does (`false`, the default).
    case explicitHolds(endpoint: ShortName, Bool)
    /// Leave all groups in one flush, then say `stopped`.
    case stop
    /// From now on data of these heavyweight groups, and of no others, are put back to the network: somebody here does not
    /// take them. Their senders repeat them, and stop when their windows are full. A flush takes what its cut names.
    case refuseData(of: [HWGID])
}
