/// One seat in one light-weight group.
///
/// Safe to use from any thread. On the node's loop (in a handler) `tryMulticast` reaches the protocol core at once;
/// elsewhere messages are gathered and handed over once per turn of the loop.
public final class Group: Sendable {
    public let name: String
    /// This seat, as others see it in views.
    public let member: EndpointID
    /// The endpoint's name; `0` is the default.
    public let endpoint: String

    init(name: String, member: EndpointID) {
        self.name = name
        self.member = member
        endpoint = member.name.description
    }

    /// The seat's present view; nil before the first and after `left`. It may be newer than what a consumer has read.
    public var view: GroupView? { fatalError() }

    /// View, messages and the rest, in order. Empty for a seat that joined into an inbox or with a handler.
    public var events: GroupEvents { fatalError() }

    // MARK: Sending

    /// Sends to all members, this seat included. Suspends while the window is full or the group is held, and returns
    /// when the node has taken the bytes; what is taken before the seat's next view is sent in that one (F1).
    /// - Throws: `notMember`, `messageTooLarge`, `orderNotSupported`, `cancelled`.
    public func multicast(_ bytes: some Collection<UInt8>, order: Order = .fifo) async throws(GroupError) {
        fatalError()
    }

    /// The same, with bytes borrowed until it returns.
    public func multicast(_ bytes: UnsafeRawBufferPointer, order: Order = .fifo) async throws(GroupError) {
        fatalError()
    }

    /// Many messages with one hand-over; suspends as often as the window demands.
    public func multicast(_ batch: consuming OutgoingBatch) async throws(GroupError) { fatalError() }

    /// The same as `multicast`, and waits until the message has its view and number: `member#number` names it for
    /// ever. One trip to the loop and back.
    public func multicastNumbered(
        _ bytes: some Collection<UInt8>, order: Order = .fifo
    ) async throws(GroupError) -> UInt64 { fatalError() }

    /// Takes the bytes or throws `wouldBlock`; never suspends. An event `.writable` says when to try again.
    public func tryMulticast(_ bytes: UnsafeRawBufferPointer, order: Order = .fifo) throws(GroupError) {
        fatalError()
    }

    public func tryMulticast(_ bytes: [UInt8], order: Order = .fifo) throws(GroupError) {
        fatalError()
    }

    /// Point-to-point, FIFO per pair, delivered in the present view only.
    public func send(_ bytes: [UInt8], to member: EndpointID) async throws(GroupError) { fatalError() }

    // MARK: Flush and membership

    /// Returns when everything that this seat sent before is stable: received by every member (S2).
    public func flush() async throws(GroupError) { fatalError() }

    /// The promise not to send again in this view, in answer to `.hold`. Only where Holds are explicit.
    public func holdOK(_ view: ViewID) throws(GroupError) { fatalError() }

    /// Returns when the seat is gone and its last event is queued.
    public func leave() async throws(GroupError) { fatalError() }
}
