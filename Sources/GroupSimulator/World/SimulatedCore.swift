import GroupCore
import GroupModel

/// What the world runs at each node: `NodeCore`, and in tests cores that are wrong on purpose.
public protocol SimulatedCore: Sendable {
    init(configuration: CoreConfiguration, at now: Instant)
    var nextDeadline: Instant? { mutating get }
    /// The end of a turn changes nothing and asks for nothing.
    var isAtRest: Bool { mutating get }
    mutating func handle(_ event: NodeEvent, at now: Instant, into effects: inout Effects)
    mutating func datagramArrived(_ bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects)
    mutating func multicast(
        _ seat: SeatHandle, order: Order, bytes: UnsafeRawBufferPointer, at now: Instant, into effects: inout Effects
    ) -> SendOutcome
}

extension SimulatedCore {
    public var isAtRest: Bool { false }
}

extension NodeCore: SimulatedCore {}
