import GroupModel
import GroupWire

@testable import HWGProtocol

/// A coordinator that is alone in its group, a side of two that has asked to merge with it, and what it sends to both.
struct Meeting {
    static let leader = MemberID(node: NodeID(name: "p"), incarnation: 1)
    static let faithful = MemberID(node: NodeID(name: "c"), incarnation: 1)
    static let gone = MemberID(node: NodeID(name: "d"), incarnation: 1)
    static let rival = MemberID(node: NodeID(name: "q"), incarnation: 1)

    var now = Instant(nanoseconds: 1_000_000_000)
    var peers: PeerTable
    var hwg: HWG
    var output = HWGOutput()
    let side: Side

    private static func card(_ member: MemberID) -> NodeCard {
        NodeCard(name: "\(member.node.raw)", member: member, address: NodeAddress(high: 0, low: 0, port: 1))
    }

    init() {
        peers = PeerTable(
            card: Self.card(Self.leader), heartbeatInterval: .milliseconds(100), failureTimeout: .seconds(100), now: now
        )
        for member in [Self.faithful, Self.gone, Self.rival] { _ = peers.connected(Self.card(member), at: now) }
        var ignored = HWGOutput()
        hwg = HWG(
            id: ChainWorld.group, me: Self.leader, cluster: 7, parameters: HWGParameters(), epochFloor: 5,
            nextNumber: 1,
            isFresh: true, at: now, into: &ignored)
        side = Side(
            previous: View(id: ViewID(epoch: 3, coordinator: Self.faithful), members: [Self.faithful, Self.gone]),
            wasPrimary: false, continuing: [Self.faithful, Self.gone], leaving: [])
        receive(.mergeRequest(.init(side: side, cards: [])), from: Self.faithful)
    }

    /// What was sent since the last call, decoded.
    mutating func sent() -> [(frame: MembershipFrame, to: MemberID)] {
        let emitted = output
        output = HWGOutput()
        for case .hold(let view) in emitted.indications.events {
            hwg.holdOK(view, hasState: true, at: now, peers: peers, into: &output)
        }
        let frames = emitted.transmissions.compactMap { transmission -> (MembershipFrame, MemberID)? in
            guard let header = try? FrameHeader.read(transmission.packet.contents),
                let frame = MembershipFrame.decode(header.kind, transmission.packet.contents)
            else { return nil }
            return (frame, transmission.to)
        }
        return frames + (output.transmissions.isEmpty && output.indications.events.isEmpty ? [] : sent())
    }

    mutating func receive(_ frame: MembershipFrame, from member: MemberID) {
        hwg.frameArrived(frame, from: member, at: now, peers: peers, into: &output)
    }

    mutating func step() {
        now = now + .milliseconds(5)
        if let due = hwg.nextDeadline, due <= now { hwg.deadlineReached(at: now, peers: peers, into: &output) }
    }
}
