import GroupModel
import GroupWire
import HWGProtocol
import LWGProtocol

/// A typed remark of a machine: the shell logs it, the simulator prints it, a test asserts it.
public enum Note: Hashable, Sendable {
    case suspected(MemberID, Suspicion)
    case alive(MemberID)
    /// It says that it maps light-weight groups in another way than this node; and no longer.
    case otherMapping(MemberID)
    case sameMapping(MemberID)
    case group(HWGID, HWGNote)
    case lightweight(LWGNote)
    case rejected(FrameHeader.Rejection)
    case otherCluster(from: MemberID)
    case malformed(FrameKind, from: MemberID)

    public enum Suspicion: Hashable, Sendable {
        case silence, connectionClosed, newerIncarnation

        init(_ cause: PeerTable.Cause) {
            switch cause {
            case .silence: self = .silence
            case .connectionClosed: self = .connectionClosed
            case .newerIncarnation: self = .newerIncarnation
            }
        }
    }
}
