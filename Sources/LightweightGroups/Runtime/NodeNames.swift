import GroupModel
import Synchronization

/// The names of the nodes that this one has met, for texts. Any thread.
///
/// Bounded: a name costs a hundred bytes, and a cluster in which more nodes than this come and go prints the older ones
/// as identities.
final class NodeNames: Sendable {
    static let limit = 65_536
    private let names = Mutex<[NodeID: String]>([:])

    func learn(_ name: String, of node: NodeID) {
        names.withLock { if $0.count < Self.limit { $0[node] = name } }
    }

    func name(of node: NodeID) -> String { names.withLock { $0[node] } ?? node.description }
    func text(_ member: MemberID) -> String { "\(name(of: member.node)).\(member.incarnation)" }
    func text(_ endpoint: EndpointID) -> String { "\(text(endpoint.member))/\(endpoint.name)" }
    func text(_ view: ViewID) -> String { "\(view.epoch)@\(text(view.coordinator))" }
}
