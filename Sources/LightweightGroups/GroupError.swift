/// What can go wrong at the library's surface. Each description says what to do next.
public enum GroupError: Error, Hashable, Sendable {
    /// A setting cannot be used; nothing was started.
    case setting(key: String, problem: String)
    /// The operating system refused something at start: an address in use, a directory that cannot be written.
    case system(operation: String, error: String, advice: String)
    /// The record of primary views (`membership.partition: primary`) is lost or damaged; nothing was started.
    case lostState(String, problem: String)
    /// The name is empty, longer than 255 bytes, or (endpoints) has another character than `[A-Za-z0-9_.-]`.
    case badName(String)
    /// This endpoint is in that group already, or has just lost its seat and the others have not agreed yet.
    case alreadyJoined(group: String, endpoint: String)
    /// The seat is gone. `reason` says why: it left, it was put out because it did not answer a Hold or did not take its
    /// messages, its join was refused by what the others had joined before, or the node stopped; nil where this node has no such seat.
    case notMember(group: String, reason: LeftReason? = nil)
    /// A point-to-point message is for somebody who is not in the seat's present view.
    case unknownMember(group: String, EndpointID)
    /// Another group's name has the same 64-bit hash.
    case nameCollision(group: String, with: String)
    /// A limit of the wire format is reached.
    case limitReached(String)
    /// `causal` is reserved until causal order exists.
    case orderNotSupported(Order)
    /// The message is larger than 16 MiB.
    case messageTooLarge(bytes: Int, limit: Int)
    /// `tryMulticast` found the window full, the group held, or the consumer of this node behind.
    case wouldBlock(group: String)
    /// The inbox belongs to another node, or a consumer was given twice.
    case consumerInUse
    /// The node is stopping or has stopped.
    case stopped
    /// The task that waited was cancelled.
    case cancelled
}

extension GroupError: CustomStringConvertible {
    /// What is wrong and what to do, in a sentence or two.
    public var description: String {
        switch self {
        case .setting(let key, let problem):
            "\(key): \(problem)"
        case .system(let operation, let error, let advice):
            "\(operation): \(error). \(advice)"
        case .lostState(let path, let problem):
            "\(path): \(problem). A node that forgets what it promised could begin a second chain of primary views. Restore "
                + "the newest copy of the file if nothing has run since it was made; otherwise give the node a new name and "
                + "an empty state directory."
        case .badName(let name):
            "‘\(name)’ is no usable name. A group's name has 1 to 255 bytes of UTF-8; an endpoint's has 1 to 15 of "
                + "[A-Za-z0-9_.-]; a node's has 1 to 63 of [A-Za-z0-9_-]."
        case .alreadyJoined(let group, let endpoint):
            "Endpoint \(endpoint) is in ‘\(group)’ already. Use the group that the first join returned, or join from "
                + "another endpoint of the node; after an eviction, try again when the others have a view without it."
        case .notMember(let group, let reason):
            Self.notMember(group, reason)
        case .unknownMember(let group, let member):
            "\(member) is not in the present view of ‘\(group)’. Choose a member of the group's `view`."
        case .nameCollision(let group, let other):
            "‘\(group)’ and ‘\(other)’ have the same 64-bit hash. Choose another name."
        case .limitReached(let what):
            "A limit is reached: \(what). Leave groups that are not needed, or spread them over more nodes."
        case .orderNotSupported(let order):
            "Order \(order) does not exist yet. Use .fifo, or .total, which is causal for one sender at least."
        case .messageTooLarge(let bytes, let limit):
            "A message of \(bytes) bytes is over the limit of \(limit). Split it, or send a reference to the data."
        case .wouldBlock(let group):
            "‘\(group)’ cannot take a message now. Use `multicast`, which waits, or try again after the next "
                + ".writable or .view event."
        case .consumerInUse:
            "This inbox belongs to another node. Make one inbox per node."
        case .stopped:
            "The node has stopped. Start a new one."
        case .cancelled:
            "The task was cancelled while it waited. The request may still take effect."
        }
    }

    private static func notMember(_ group: String, _ reason: LeftReason?) -> String {
        switch reason {
        case nil: "There is no seat in ‘\(group)’ here, or it is about to leave. Join first."
        case .requested: "This seat has left ‘\(group)’. Join again."
        case .holdExpired:
            "This seat lost ‘\(group)’ because a Hold was not answered before flush.holdDeadline. Call `holdOK` as soon as "
                + "`.hold` is read, or let the library answer Holds; then join again."
        case .slow:
            "This seat lost ‘\(group)’ because it did not take its messages. Read its events faster, or allow it to stop its "
                + "senders (limits.slowConsumer: block); then join again."
        case .stopped: "The node of this seat has stopped. Start a new one."
        case .nameCollision(let other): Self.nameCollision(group: group, with: other).description
        case .limitReached(.groups): Self.limitReached("groups of one heavyweight group").description
        case .limitReached(.seats): Self.limitReached("endpoints of one node in one group").description
        }
    }
}
