import GroupModel

/// One node's whole protocol core as one value: events in, effects out, no I/O, no clock.
///
/// Its owner calls `handle` and the two data-path methods with the time, empties `Effects` after each turn, sends
/// `turnEnded` before it sleeps, and sleeps at most until `nextDeadline`.
public struct NodeCore: Sendable {
    public let configuration: CoreConfiguration

    public init(configuration: CoreConfiguration, at now: Instant) {
        self.configuration = configuration
    }

    /// When `deadlineReached` is due; nil when nothing is pending.
    public var nextDeadline: Instant? { nil }

    public mutating func handle(_ event: NodeEvent, at now: Instant, into effects: inout Effects) {}

    /// The bulk path in: one datagram, borrowed for the call. Nothing in it can trap.
    public mutating func datagramArrived(
        _ bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) {}

    /// The bulk path out: one message, copied before the call returns.
    public mutating func multicast(
        _ seat: SeatHandle, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) -> SendOutcome { .notMember }
}
