import GroupModel
import GroupWire
public struct MulticastParameters: Sendable, Hashable { public init() {} }
public struct CarriedOver: Sendable {}
public struct ViewStreams: Sendable {
  public init(group: HWGID, view: View<MemberID>, me: MemberID, cluster: UInt32, parameters: MulticastParameters, nextNumber: UInt64, now: Instant) { token = ViewToken(raw: 0); self.nextNumber = 0 }
  public let token: ViewToken
  public var nextNumber: UInt64
  public static func token(of: UnsafeRawBufferPointer) -> ViewToken? { nil }
  public mutating func multicast(label: UInt32, order: Order, bytes: UnsafeRawBufferPointer, at: Instant, into: inout HWGOutput) -> SendOutcome { .full }
  public mutating func control(_ bytes: [UInt8], at: Instant, into: inout HWGOutput) {}
  public mutating func direct(to: MemberID, _ bytes: [UInt8], at: Instant, into: inout HWGOutput) -> SendOutcome { .full }
  public mutating func flush(token: UInt64, at: Instant, into: inout HWGOutput) {}
  public mutating func turnEnded(at: Instant, into: inout HWGOutput) {}
  public mutating func dataArrived(_ datagram: UnsafeRawBufferPointer, from: MemberID, at: Instant, into: inout HWGOutput) -> Bool { false }
  public mutating func acknowledgeArrived(_ datagram: UnsafeRawBufferPointer, from: MemberID, at: Instant, into: inout HWGOutput) -> Bool { false }
  public mutating func negativeAcknowledgeArrived(_ datagram: UnsafeRawBufferPointer, from: MemberID, at: Instant, into: inout HWGOutput) -> Bool { false }
  public mutating func directArrived(_ datagram: UnsafeRawBufferPointer, from: MemberID, at: Instant, into: inout HWGOutput) -> Bool { false }
  public mutating func directAcknowledgeArrived(_ datagram: UnsafeRawBufferPointer, from: MemberID, at: Instant, into: inout HWGOutput) -> Bool { false }
  public mutating func deadlineReached(at: Instant, into: inout HWGOutput) {}
  public var nextDeadline: Instant? { nil }
  public mutating func suspect(_ rank: Rank) {}
  public mutating func holdAnswered(at: Instant, into: inout HWGOutput) {}
  public mutating func freeze() -> [UInt64] { [] }
  public var received: [UInt64] { [] }
  public var hasDelivered: [UInt64] { [] }
  public mutating func fill(cut: [UInt64], holders: [Rank?], at: Instant, into: inout HWGOutput) {}
  public var hasReachedCut: Bool { false }
  public mutating func deliverThrough(cut: [UInt64], at: Instant, into: inout HWGOutput) {}
  public mutating func takeCarriedOver() -> CarriedOver { CarriedOver() }
  public mutating func resume(_ carried: CarriedOver, at: Instant, into: inout HWGOutput) {}
}
