/// What a test does to a running node's transport: kernels have it rarely (`netem`), so it is done here.
///
/// Not for users: `package`, and asked for by `lwg chaos` alone. A node without faults pays one look per turn.
package struct InjectedFaults: Codable, Hashable, Sendable {
    /// Out of 1,000 datagrams that this node sends: lost.
    package var loss = 0
    /// Out of 1,000: sent twice.
    package var duplication = 0
    /// Out of 1,000: sent later, and so behind others.
    package var delay = 0
    /// What a delayed datagram waits at most.
    package var longestDelayMilliseconds = 0
    /// Names of the nodes to which no datagram is sent. One direction: the other side has its own list.
    package var muted: [String] = []
    /// Names of the nodes with which no liveness connection stands: those that stand are closed.
    package var unlinked: [String] = []
    /// Of the choice which datagrams.
    package var seed: UInt64 = 0

    package init() {}

    var isNone: Bool { loss == 0 && duplication == 0 && delay == 0 && muted.isEmpty && unlinked.isEmpty }
}

extension GroupNode {
    /// From now on these faults instead of those before; what was delayed comes when it is due.
    package func inject(_ faults: InjectedFaults) {
        runtime.loop.execute { [runtime] in runtime.inject(faults) }
    }
}
