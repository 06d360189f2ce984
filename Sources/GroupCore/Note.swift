import GroupModel
import GroupWire

/// A typed remark of a machine: the shell logs it, the simulator prints it, a test asserts it.
public enum Note: Hashable, Sendable {
    case suspected(MemberID, Suspicion)
    case alive(MemberID)
    case heavyweightView(HWGID, ViewID, members: Int, primary: Bool)
    case heavyweightHold(HWGID, ViewID)
    case heavyweightLeft(HWGID)
    case rejected(FrameHeader.Rejection)
    case otherCluster(from: MemberID)
    case malformed(FrameKind, from: MemberID)
    case flushRestarted(HWGID, attempt: UInt32)
    case tookOver(HWGID, from: MemberID)
    case excluded(HWGID, by: ViewID)
    case mergeFailed(HWGID, with: MemberID)

    public enum Suspicion: Hashable, Sendable {
        case silence, connectionClosed, adopted, newerIncarnation
    }
}
