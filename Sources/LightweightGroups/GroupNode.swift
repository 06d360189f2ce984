import EventLoop
import GroupModel
import Logging
import ServiceLifecycle

/// One running instance of the service.
///
/// ## Back-pressure
/// Every queue is bounded. When a consumer (a group's events or an inbox) is behind its bound, the node stops reading
/// datagrams for a moment, so that the senders' windows fill; a consumer that stays behind longer has data frames put
/// back to the network (the senders repeat them) while heartbeats and membership go on. Its own `multicast`s wait too.
/// Nothing is lost, and one consumer that never reads stops the groups that it shares: read the events of every group
/// that is joined, or join into an inbox.
public final class GroupNode: Service, Sendable {
    let runtime: NodeRuntime

    /// Binds the address, opens the trace, starts the loop's thread and begins to look for the peers.
    ///
    /// Returns when each peer has answered or failed once, at the latest after a quarter of a second. The node runs
    /// until `stop`, also when nobody holds it.
    /// - Throws: `setting` or `badName` for a value that cannot be used, `system` when the operating system refuses.
    public static func start(
        _ settings: NodeSettings, logger: Logger? = nil
    ) async throws(GroupError) -> GroupNode {
        let prepared = try Prepared(settings, logger: logger)
        let runtime: NodeRuntime
        do {
            runtime = try NodeRuntime(prepared)
        } catch {
            throw .system(error, advice: "Check the trace file and the limits of the process.")
        }
        let met = Answer<Void>()
        runtime.start(peers: prepared.peers) { met.resolve(.success(())) }
        let patience = Task {
            try? await Task.sleep(for: .milliseconds(250))
            met.resolve(.success(()))
        }
        do {
            try await met.value()
        } catch {
            runtime.loop.execute { runtime.stop() }
            throw error
        }
        patience.cancel()
        return GroupNode(runtime)
    }

    private init(_ runtime: NodeRuntime) { self.runtime = runtime }

    /// The address in use, with the port that the kernel gave: `127.0.0.1:40213`.
    public var listenAddress: String { runtime.listenAddress.description }
    /// `name.incarnation`, as in traces.
    public var member: String { text(memberID) }
    public var memberID: MemberID { runtime.identity }
    public var settings: NodeSettings { runtime.settings }

    /// A member's text as traces have it, `name.incarnation` or `name.incarnation/endpoint`: names are known of nodes
    /// that this one has met; of others the identity is written in hexadecimal.
    public func text(_ member: MemberID) -> String { runtime.names.text(member) }
    public func text(_ endpoint: EndpointID) -> String { runtime.names.text(endpoint) }
    /// `epoch@coordinator`.
    public func text(_ view: ViewID) -> String { runtime.names.text(view) }

    // MARK: Groups

    /// Joins at the default endpoint, `0`. Returns when the seat exists; its first event is the view.
    public func join(_ group: String) async throws(GroupError) -> Group { try await seat0.join(group) }
    /// Many groups in one step.
    public func join(_ groups: [String]) async throws(GroupError) -> [Group] { try await seat0.join(groups) }
    /// Many groups whose views and messages come as batches to one inbox.
    public func join(_ groups: [String], into inbox: Inbox) async throws(GroupError) -> [Group] {
        try await seat0.join(groups, into: inbox)
    }
    /// Many groups whose views and messages go to a handler on the loop.
    public func join(
        _ groups: [String], handler: @escaping BatchHandler
    ) async throws(GroupError) -> [Group] { try await seat0.join(groups, handler: handler) }

    private var seat0: Endpoint { Endpoint(short: Endpoint.defaultName, runtime: runtime) }

    /// Another seat on this node.
    /// - Parameter holds: who answers Holds of this endpoint's groups from now on.
    public func endpoint(_ name: String, holds: HoldAnswers = .library) throws(GroupError) -> Endpoint {
        guard let short = ShortName(name) else { throw .badName(name) }
        let isRunning = runtime.loop.execute { [runtime] in runtime.explicitHolds(short, holds == .explicit) }
        guard isRunning else { throw .stopped }
        return Endpoint(short: short, runtime: runtime)
    }

    /// Leaves many groups in one step; returns when all seats are gone.
    public func leave(_ groups: [Group]) async throws(GroupError) { try await runtime.leave(groups) }

    /// Runs `body` on the loop's thread, between two turns. It must not block. False when the node has stopped.
    @discardableResult
    public func onLoop(_ body: @escaping @Sendable () -> Void) -> Bool { runtime.loop.execute(body) }

    // MARK: What the node knows

    public func statistics() async -> NodeStatistics {
        await runtime.ask { runtime in
            if runtime.stage != .stopped { runtime.snapshot() }
            return runtime.statistics
        } ?? runtime.statistics
    }

    /// The present view of every seat, by group and endpoint.
    public func views() async -> [SeatedView] {
        await runtime.ask { runtime in
            runtime.seats.compactMap { seat in
                guard let seat, let view = seat.group.view else { return nil }
                return SeatedView(group: seat.group.name, endpoint: seat.group.endpoint, view: view)
            }
            .sorted { ($0.group, $0.endpoint) < ($1.group, $1.endpoint) }
        } ?? []
    }

    /// Where every group of this node is mapped, by name.
    public func mapping() async -> [GroupMapping] {
        await runtime.ask { runtime in
            var mappings: [String: GroupMapping] = [:]
            for case let seat? in runtime.seats {
                guard let hwg = seat.hwg else { continue }
                mappings[seat.group.name] = GroupMapping(
                    group: seat.group.name, hwg: hwg, version: seat.mappingVersion)
            }
            return mappings.values.sorted { $0.group < $1.group }
        } ?? []
    }

    // MARK: The end

    /// Sends what was accepted, leaves all groups in one flush, closes the connections and ends the loop. Idempotent.
    /// Bounded: after ten failure time-outs it ends without the others' consent.
    public func stop() async {
        runtime.loop.execute { [runtime] in runtime.stop() }
        await runtime.hasEnded()
    }

    /// Runs until graceful shutdown or cancellation, then `stop`s; returns also when the node is stopped otherwise.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gracefulShutdown() }
            group.addTask { [runtime] in await runtime.hasEnded() }
            await group.next()
            group.cancelAll()
        }
        await stop()
    }
}
