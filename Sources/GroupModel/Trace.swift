/// The member of a trace line: of a heavyweight group (`name.incarnation`) or of a light-weight one
/// (`name.incarnation/endpoint`).
public enum TraceMember: Hashable, Sendable {
    case node(MemberID)
    case endpoint(EndpointID)
}

/// The group of a trace line: `hwg:ID` or `lwg:NAME`.
public enum TraceGroup: Hashable, Sendable {
    case hwg(HWGID)
    case lwg(String)
}

/// `m` of a trace line: `sender#number`, unique in its group for ever.
public struct MessageName: Hashable, Sendable {
    public let sender: TraceMember
    public let number: UInt64
    public init(sender: TraceMember, number: UInt64) {
        self.sender = sender
        self.number = number
    }
}

/// A view as a trace line tells it.
public struct TraceView: Hashable, Sendable {
    public let id: ViewID
    public let members: [TraceMember]
    public let previous: ViewID?
    public let transitional: [TraceMember]
    public let primary: Bool
    public let unchanged: Bool
    /// For a light-weight group, the heavyweight group and view that carry it.
    public let carrier: HWGID?
    public let carrierView: ViewID?
    public init(
        id: ViewID, members: [TraceMember], previous: ViewID?, transitional: [TraceMember], primary: Bool,
        unchanged: Bool, carrier: HWGID?, carrierView: ViewID?
    ) {
        self.id = id
        self.members = members
        self.previous = previous
        self.transitional = transitional
        self.primary = primary
        self.unchanged = unchanged
        self.carrier = carrier
        self.carrierView = carrierView
    }
}

/// One line of a trace (design.md, section 8). The core emits these when tracing is on; the shell writes them as
/// JSON and the checkers judge them.
public struct TraceRecord: Hashable, Sendable {
    public enum Event: Hashable, Sendable {
        case start
        case stop
        case join(TraceGroup)
        case leave(TraceGroup)
        case view(TraceGroup, TraceView)
        /// Written when the message gets its view.
        case send(TraceGroup, MessageName, ViewID, Order, to: TraceMember?)
        case deliver(TraceGroup, MessageName, ViewID, Order, trans: Bool, to: TraceMember?)
        case hold(TraceGroup, ViewID)
        case holdOK(TraceGroup, ViewID)
        case stable(TraceGroup, MessageName, k: Int)
        case flush(TraceGroup)
        case switched(TraceGroup, from: HWGID, to: HWGID)
        case map(TraceGroup, HWGID, version: UInt64)
        case quiet
    }
    public let time: Instant
    public let member: TraceMember
    public let event: Event
    public init(time: Instant, member: TraceMember, event: Event) {
        self.time = time
        self.member = member
        self.event = event
    }
}
