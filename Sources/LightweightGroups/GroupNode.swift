import CoreMetrics
import EventLoop
import GroupModel
import Logging
import ServiceLifecycle

/// One running instance of the service: a member of heavyweight groups, and the host of seats in light-weight ones
/// (Rodrigues, Guo et al., *A Transparent Light-Weight Group Service*, SRDS 1996).
///
/// Safe to use from any thread; its state lives on one loop's thread. It runs until `stop`.
///
/// ## Seats
/// `join` takes a seat of the default endpoint; `endpoint(_:)` names more of them, so that several parts of a program may be
/// members of one group. Read the events of every group that is joined, or join into an inbox, or with a handler.
///
/// ## Back-pressure
/// Every queue is bounded: `multicast` suspends while its group's queue or the window is full, and a consumer (a group's
/// events, or an inbox) that is over its bounds (`queueMessages`, `queueBytes`) slows its senders down. For a moment the node
/// reads nothing; then it puts data of the consumer's heavyweight groups back to the network, and sends nothing in them
/// itself, until the consumer is down to half. The senders repeat what was put back, and stop when their windows are full.
/// Heartbeats, membership and other heavyweight groups go on, and nothing is lost. That is the policy `block`, under which one
/// consumer that never reads stops the groups that it shares (and is evicted after eight view changes, each of which may
/// bring it a window per sender). Under `evict` it loses its seats after `slowConsumerGrace`, with `left(.slow)`, and the
/// others go on.
public final class GroupNode: Service, Sendable {
    let runtime: NodeRuntime

    /// Binds the address, opens the trace, starts the loop's thread and begins to look for the peers.
    ///
    /// Returns when each peer has answered or failed once, at the latest after a quarter of a second; without a state directory
    /// not before the tenth of a second is over whose number is the incarnation. The node runs until `stop`, also when nobody
    /// holds it.
    /// - Parameters:
    ///   - logger: where its lines go, at `settings.logLevel`; `Logger(label: "lwg")` by default.
    ///   - metrics: who is told of the node's metrics; by default what the process has bootstrapped swift-metrics with.
    /// - Throws: `setting` or `badName` for a value that cannot be used, `system` when the operating system refuses.
    public static func start(
        _ settings: NodeSettings, logger: Logger? = nil, metrics: (any MetricsFactory)? = nil
    ) async throws(GroupError) -> GroupNode {
        let prepared = try await Prepared(settings, logger: logger, metrics: metrics ?? MetricsSystem.factory)
        let runtime: NodeRuntime
        do {
            runtime = try NodeRuntime(prepared)
        } catch {
            throw .system(error, advice: "Check the trace file and the limits of the process.")
        }
        let met = Answer<Void>()
        runtime.start(peers: prepared.peers) { met.resolve(.success(())) }
        // Not cancelled when the peers are met: libdispatch makes its timer when a task sleeps for the first time, and ends
        // the process when there is no descriptor for it. That must not be later, when peers have taken them.
        let sleeps = Answer<Void>()
        Task.detached {
            // It is made when a sleep has ended, and perhaps not when one begins.
            try? await Task.sleep(for: .milliseconds(1))
            sleeps.resolve(.success(()))
            try? await Task.sleep(for: .milliseconds(249))
            met.resolve(.success(()))
        }
        do {
            try await sleeps.value()
            try await met.value()
            let rest = prepared.incarnation.untilNextTick
            if rest > 0 { try? await Task.sleep(for: .nanoseconds(rest)) }
        } catch {
            runtime.loop.execute { runtime.stop() }
            throw error
        }
        if let failure = runtime.failure {
            await runtime.hasEnded()
            throw failure
        }
        return GroupNode(runtime)
    }

    private init(_ runtime: NodeRuntime) { self.runtime = runtime }

    /// The address in use, with the port that the kernel gave: `127.0.0.1:40213`.
    public var listenAddress: String { runtime.listenAddress.description }
    /// Where metrics are answered: `127.0.0.1:9464`; nil when nowhere.
    public var metricsAddress: String? { runtime.endpoint?.address.description }
    /// `name.incarnation`, as in traces.
    public var member: String { text(memberID) }
    /// This node: its identity, and an incarnation that grows with each start.
    public var memberID: MemberID { runtime.identity }
    /// As they are in force: with what `reload` has taken since the start.
    public var settings: NodeSettings { runtime.settings }

    /// A member's text as traces have it, `name.incarnation` or `name.incarnation/endpoint`: names are known of nodes
    /// that this one has met; of others the identity is written in hexadecimal.
    public func text(_ member: MemberID) -> String { runtime.names.text(member) }
    /// `name.incarnation/endpoint`.
    public func text(_ endpoint: EndpointID) -> String { runtime.names.text(endpoint) }
    /// `epoch@coordinator`.
    public func text(_ view: ViewID) -> String { runtime.names.text(view) }

    // MARK: Groups

    /// Joins at the default endpoint, `0`. Returns when the seat exists; its first event is the view.
    /// - Parameter group: 1 to 255 bytes of UTF-8. Names are told apart by their bytes: choose one normal form.
    /// - Throws: `badName`, `alreadyJoined`, `nameCollision`, `limitReached`, `stopped`, `cancelled`.
    public func join(_ group: String) async throws(GroupError) -> Group { try await seat0.join(group) }
    /// Many groups in one step, all or none: see `Endpoint.join`.
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

    /// Another endpoint of this node, for more seats; no trip over the network. The same name gives the same endpoint.
    /// - Parameters:
    ///   - name: 1 to 15 bytes of `[A-Za-z0-9_.-]`; `0` is the default endpoint.
    ///   - holds: who answers Holds of this endpoint's groups from now on.
    /// - Throws: `badName`, `stopped`.
    public func endpoint(_ name: String, holds: HoldAnswers = .library) throws(GroupError) -> Endpoint {
        guard let short = ShortName(name) else { throw .badName(name) }
        let isRunning = runtime.loop.execute { [runtime] in runtime.explicitHolds(short, holds == .explicit) }
        guard isRunning else { throw .stopped }
        return Endpoint(short: short, runtime: runtime)
    }

    /// Leaves many groups in one step; returns when all seats are gone and their last events queued. What was multicast before
    /// is sent before. Seats that are gone already are no error.
    /// - Throws: `cancelled`.
    public func leave(_ groups: [Group]) async throws(GroupError) { try await runtime.leave(groups) }

    /// Runs `body` on the loop's thread, between two turns. It must not block. False when the node has stopped.
    @discardableResult
    public func onLoop(_ body: @escaping @Sendable () -> Void) -> Bool { runtime.loop.execute(body) }

    // MARK: What the node knows

    /// A snapshot of the counters; after the end the last one. One trip to the loop and back.
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
            var mappings: [ExactName: GroupMapping] = [:]
            for case let seat? in runtime.seats {
                guard let hwg = seat.hwg else { continue }
                mappings[ExactName(seat.group.name)] = GroupMapping(
                    group: seat.group.name, hwg: hwg, version: seat.mappingVersion)
            }
            return mappings.values.sorted { $0.group < $1.group }
        } ?? []
    }

    // MARK: The end

    /// Sends what was accepted, leaves all groups in one flush, closes the connections and ends the loop. Idempotent.
    /// Bounded: after ten failure time-outs it ends without the others' consent. A cancelled task waits, too.
    public func stop() async {
        runtime.loop.execute { [runtime] in runtime.stop() }
        await runtime.hasEnded()
    }

    /// Runs until graceful shutdown or cancellation, then `stop`s; returns also when the node is stopped otherwise.
    /// - Throws: `lostState` when the node stopped by itself, because a peer knows a later life of it (mode `primary`).
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gracefulShutdown() }
            group.addTask { [runtime] in await runtime.hasEndedOrCancelled() }
            await group.next()
            group.cancelAll()
        }
        await stop()
        if let failure = runtime.failure { throw failure }
    }
}
