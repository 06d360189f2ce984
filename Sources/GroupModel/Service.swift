// The virtually synchronous service interface, one for heavyweight and light-weight groups alike
// (design.md, section 4; Birman's GMS lectures; Guo and Rodrigues, ICDCS 1997, section 2).
//
// Down, as requests: join, leave, multicast, send, holdOK, flush. Up, as indications: view, message, hold,
// stable, left. A provider takes requests as calls and answers with `Indications`, which the layer above reads
// in order, once per turn.

/// What became of a multicast.
public enum SendOutcome: Hashable, Sendable {
    /// The provider has the bytes. `number` is the sender's count for the message when it already has its view
    /// and packet; nil when that comes later (a message of several packets), as a `sent` indication.
    case accepted(number: UInt64?)
    /// The window is full: ask again after `writable`. Nothing was taken.
    case full
    /// Between HoldOK and the next view: ask again after the view. Nothing was taken (F1).
    case held
    /// Not a member.
    case notMember
    /// It can never be sent. Nothing was taken.
    case refused(SendRefusal)
}

/// Why a message can never be sent.
public enum SendRefusal: Hashable, Sendable {
    /// Over `Limits.messageBytes`, or point-to-point over `Limits.directBytes`.
    case messageTooLarge
    /// `causal` is reserved until causal order exists.
    case orderNotSupported
}

/// Why a member's seat is gone.
public enum LeftReason: Hashable, Sendable {
    /// It asked.
    case requested
    /// It did not answer a Hold before the deadline.
    case holdExpired
    /// It did not take its messages (policy `evict`).
    case slow
    /// The node stops.
    case stopped
    /// Its join was refused at its place in the order: another group's name has the same 64-bit hash.
    case nameCollision(with: String)
    /// Its join was refused at its place in the order, or a merge has more groups than there are numbers.
    case limitReached(ReachedLimit)
}

/// A limit of the wire format.
public enum ReachedLimit: Hashable, Sendable {
    /// `Limits.groupsPerHWG`.
    case groups
    /// `Limits.seatsPerNode`.
    case seats
}

/// What a group tells its member, in order. `Group` is unit for one heavyweight group.
public enum Indication<Member: Hashable & Comparable & Sendable>: Hashable, Sendable {
    /// A new view. All messages of the previous one precede it.
    case view(ViewChange<Member>)
    /// Stop sending in this view, then answer `holdOK`.
    case hold(ViewID)
    /// The next `count` slices of the batch, in delivery order.
    case messages(count: Int)
    /// Point-to-point bytes that were sent to me in the current view.
    case direct(from: Member, number: UInt64, bytes: [UInt8])
    /// A message accepted without a number got its view and number now.
    case sent(label: UInt32, number: UInt64, order: Order)
    /// After `full`: the window has room.
    case writable
    /// A `flush` request returned: everything that was sent before it is stable.
    case flushed(token: UInt64)
    /// The seat is gone; nothing follows.
    case left(LeftReason)
}

/// Indications of one turn from one heavyweight group to the layer above it, and the messages they count.
public struct HWGIndications: Sendable {
    public var events: [Indication<MemberID>] = []
    public var batch = MessageBatch()
    public init() {}
    public var isEmpty: Bool { events.isEmpty }
    public mutating func removeAll() {
        if !events.isEmpty { events.removeAll(keepingCapacity: true) }
        batch.removeAll()
    }
    /// Appends one delivered message, extending the last `messages` event when nothing came between.
    @inline(__always)
    public mutating func deliver(_ slice: MessageSlice) {
        batch.slices.append(slice)
        if case .messages(let count) = events.last {
            events[events.count - 1] = .messages(count: count + 1)
        } else {
            events.append(.messages(count: 1))
        }
    }
    /// Appends `count` messages whose slices the caller has just appended to the batch.
    public mutating func delivered(count: Int) {
        guard count > 0 else { return }
        if case .messages(let before) = events.last {
            events[events.count - 1] = .messages(count: before + count)
        } else {
            events.append(.messages(count: count))
        }
    }
}

/// What the layer above asks of one heavyweight group, beside the data path (`multicast`), which is a direct call.
public enum HWGRequest: Hashable, Sendable {
    case join(HWGID)
    case leave(HWGID)
    /// A totally ordered message of the layer above for itself. Never refused between views, and outside the
    /// window of data: it has a reserve of its own, bounded because the layer keeps one or two in flight per kind.
    case control(HWGID, [UInt8])
    /// Point-to-point within the current view, FIFO per pair, outside the cut.
    case direct(HWGID, to: MemberID, [UInt8])
    /// The promise not to send again in this view, and whether this node's layer above keeps state that a merge
    /// must reconcile.
    case holdOK(HWGID, ViewID, hasState: Bool)
    /// Ask for `flushed(token)` when everything this node has sent so far is stable.
    case flush(HWGID, token: UInt64)
}
