import EventLoop
import GroupModel

/// Since when a node of the mode `primary` lacks a majority, as far as it looks, and whether that was said.
///
/// A primary view that is held is a note of the core. A node that has not come into one since its start tries without a note
/// for each attempt, and would wait in silence.
struct MajorityWait {
    private var since: Instant?
    var isSaid = false

    /// Whether it is to be said now: once in a row of looks that all find it lacking.
    mutating func look(isLacking: Bool, at now: Instant, patience: Interval) -> Bool {
        guard isLacking else {
            self = MajorityWait()
            return false
        }
        guard let since else {
            since = now
            return false
        }
        guard !isSaid, now - since >= patience else { return false }
        isSaid = true
        return true
    }
}

extension NodeRuntime {
    /// Nodes that one line names.
    private static let namedNodes = 16

    /// To be done once; it goes on by itself.
    func beginMajorityLooks() {
        guard recordFile != nil else { return }
        // Until they are met; other nodes of the last view are written as identities.
        for name in settings.initialNodes { names.learn(name, of: NodeID(name: name)) }
        lookForMajority()
    }

    func lookForMajority() {
        guard stage == .running else { return }
        // As long as a first view may take with everybody there, and a crash to be noticed.
        let patience = Interval(settings.joinGather) + Interval(settings.failureTimeout)
        if majorityWait.look(isLacking: core.pointee.lacksMajority, at: now, patience: patience) { tellMajorityLacks() }
        majorityLook?.schedule(after: patience.nanoseconds / 2)
    }

    private func tellMajorityLacks() {
        guard let nodes = core.pointee.currentRecord?.last.nodes else { return }
        let here = Set(liveness.liveMembers.map(\.node)).union([me.node])
        let missing = nodes.filter { !here.contains($0) }
        let reason =
            missing.isEmpty
            ? "all are connected, but too few have joined a group yet"
            : "not connected: \(list(missing))"
        logger.write(
            .noMajority,
            """
            \(core.pointee.configuration.defaultGroup): in no primary view yet, because a majority of \(list(nodes)) has to \
            be in it (\(reason)); joins wait
            """)
    }

    private func list(_ nodes: [NodeID]) -> String {
        let named = nodes.prefix(Self.namedNodes).map { names.name(of: $0) }.joined(separator: ", ")
        return nodes.count > Self.namedNodes ? "\(named) and \(nodes.count - Self.namedNodes) more" : named
    }
}
