import Logging
import ServiceLifecycle

/// One running instance of the service.
///
/// ## Back-pressure
/// Every queue is bounded. When a consumer (a group's events or an inbox) is behind its bound, the node stops reading
/// datagrams for a moment, so that the senders' windows fill; a consumer that stays behind longer has data frames put
/// back to the network (the senders repeat them) while heartbeats and membership go on. Its own `multicast`s wait too.
/// Nothing is lost, and one consumer that never reads stops the groups that it shares.
public final class GroupNode: Service, Sendable {
    /// Binds the address, opens the trace, starts the loop's thread and begins to look for the peers.
    /// - Throws: `setting` for a value that cannot be used, `system` when the operating system refuses.
    public static func start(
        _ settings: NodeSettings, logger: Logger? = nil
    ) async throws(GroupError) -> GroupNode { fatalError() }

    init() {}

    /// The address in use, with the port that the kernel gave: `127.0.0.1:40213`.
    public var listenAddress: String { fatalError() }
    /// `name.incarnation`, as in traces.
    public var member: String { fatalError() }
    public var memberID: MemberID { fatalError() }

    /// A member's text as traces have it, `name.incarnation` or `name.incarnation/endpoint`: names are known of nodes
    /// that this one has met; of others the identity is written in hexadecimal.
    public func text(_ member: MemberID) -> String { fatalError() }
    public func text(_ endpoint: EndpointID) -> String { fatalError() }
    /// `epoch@coordinator`.
    public func text(_ view: ViewID) -> String { fatalError() }

    // MARK: Groups

    /// Joins at the default endpoint, `0`. Returns when the seat exists; its first event is the view.
    public func join(_ group: String) async throws(GroupError) -> Group { fatalError() }
    /// Many groups in one step.
    public func join(_ groups: [String]) async throws(GroupError) -> [Group] { fatalError() }
    /// Many groups whose views and messages come as batches to one inbox.
    public func join(_ groups: [String], into inbox: Inbox) async throws(GroupError) -> [Group] { fatalError() }
    /// Many groups whose views and messages go to a handler on the loop.
    public func join(
        _ groups: [String], handler: @escaping BatchHandler
    ) async throws(GroupError) -> [Group] { fatalError() }

    /// Another seat on this node.
    public func endpoint(_ name: String, holds: HoldAnswers = .library) throws(GroupError) -> Endpoint {
        fatalError()
    }

    /// Leaves many groups in one step; returns when all seats are gone.
    public func leave(_ groups: [Group]) async throws(GroupError) { fatalError() }

    /// Runs `body` on the loop's thread, between two turns. It must not block.
    public func onLoop(_ body: @escaping @Sendable () -> Void) { fatalError() }

    // MARK: What the node knows

    public func statistics() async -> NodeStatistics { fatalError() }
    /// The present view of every seat, by group and endpoint.
    public func views() async -> [SeatedView] { fatalError() }
    /// Where every group of this node is mapped, by name.
    public func mapping() async -> [GroupMapping] { fatalError() }

    // MARK: The end

    /// Leaves all groups in one flush, closes the connections and ends the loop. Idempotent. Bounded: after ten
    /// failure time-outs it ends without the others' consent.
    public func stop() async { fatalError() }

    /// Runs until graceful shutdown or cancellation, then `stop`s.
    public func run() async throws { fatalError() }
}
