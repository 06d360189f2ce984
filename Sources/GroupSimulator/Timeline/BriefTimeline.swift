import GroupCore
import GroupModel

/// What a line of a timeline is about.
enum TimelineKind {
    /// Faults, suspicions, heavyweight views, and what goes another way than the usual one.
    case matter
    /// What applications ask for.
    case request
    case frame
    /// A light-weight view.
    case view
    case sent
    case delivered
    /// Holds, joins and the like.
    case detail

    init(_ event: TraceRecord.Event) {
        switch event {
        case .start, .stop, .quiet, .view(.hwg, _): self = .matter
        case .view: self = .view
        case .send: self = .sent
        case .deliver: self = .delivered
        case .join, .leave, .hold, .holdOK, .stable, .flush, .switched, .map: self = .detail
        }
    }

    init(_ note: Note) {
        switch note {
        case .suspected, .alive, .otherMapping, .sameMapping, .group, .lightweight: self = .matter
        case .rejected, .otherCluster, .malformed: self = .detail
        }
    }

    init(_ act: WorldAct) {
        switch act {
        case .join, .leave, .flush, .direct, .send, .holdOK, .holdOKAgain: self = .request
        case .start, .crash, .stop, .pause, .resume, .deafen, .hear, .evict, .slow, .block, .heal, .clog, .reset, .lose,
            .calm, .explicitHolds, .reload:
            self = .matter
        }
    }
}

/// Counts what a brief timeline does not show.
struct BriefTally {
    private var requests = 0
    private var frames = 0
    private var views = 0
    private var sent = 0
    private var delivered = 0

    mutating func count(_ kind: TimelineKind) {
        switch kind {
        case .request: requests += 1
        case .frame: frames += 1
        case .view: views += 1
        case .sent: sent += 1
        case .delivered: delivered += 1
        case .matter, .detail: break
        }
    }

    /// What was counted since the last time; nil when it was nothing but frames.
    mutating func take() -> String? {
        defer { self = BriefTally() }
        let parts = [
            (requests, "requests of applications"), (views, "light-weight views"), (sent, "messages sent"),
            (delivered, "delivered"),
        ].filter { $0.0 > 0 }
        if parts.isEmpty { return nil }
        return "… " + (parts + [(frames, "frames")]).map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}

/// What to know before one reads a timeline.
public enum TimelineLegend {
    public static let lines = [
        "Virtual time in ms; `*` is what is done to the world, `…` what came about since the last line.",
        "n2.3 is the third incarnation of node n2; a view is EPOCH@COORDINATOR of its members, oldest first.",
        "",
    ]
}
