import LightweightGroups

/// What a parent tells one of its node processes, one JSON line each; every order gets one report with its number.
struct WorkerOrder: Codable, Sendable {
    let id: Int
    let work: Work

    enum Work: Codable, Sendable {
        /// The groups of the run by number, each with its members as a set of node numbers. First of all orders.
        case table(names: [String], members: [NodeSet])
        /// Joins some of the table's groups.
        case join(groups: [Int], consumer: Consumer)
        case leave(groups: [Int])
        /// From now on the table gives these groups these members.
        case setMembers(groups: [Int], NodeSet)
        /// Waits until every group of the table that this node has joined has exactly the members that the table
        /// gives it among `alive`; at most `seconds`.
        case expectMembers(alive: NodeSet, seconds: Double)
        /// Waits until this many messages were delivered since the last `reset`; at most `seconds`.
        case expectDelivered(count: Int, seconds: Double)
        /// Forgets counts, samples and the heavyweight views seen.
        case reset
        /// Sends `count` messages to each of the groups.
        case send(groups: [Int], count: Int, size: Int, orders: [Order])
        /// Sends all the time, to one group after the other; 0 messages a second ends it.
        case trickle(groups: [Int], perSecond: Double, size: Int, orders: [Order])
        /// One message to each of the groups in every period, spread evenly over it; 0 seconds ends it.
        case status(groups: [Int], everySeconds: Double, size: Int)
        /// Sends as fast as the window lets it between two points of the monotonic clock, and counts what is
        /// delivered between two others.
        case flood(groups: [Int], size: Int, order: Order, sending: Span?, counting: Span)
        /// Measures the time from the call to the delivery: of this node's own messages, or of all others.
        case timeDeliveries(own: Bool)
        case report
        /// These faults in the transport from now on, unless a later serial came before.
        case inject(InjectedFaults, serial: Int)
        /// Joins, leaves and sends on its own; nil ends that, and is reported when nothing is on its way any more.
        case roam(Roaming?)
        /// Sends one message of each order in every group that this node is in.
        case speak
        /// Where this node stands in all its groups, and what it uses.
        case standing
        /// What was delivered in each finished view.
        case digests
    }

    struct Span: Codable, Sendable {
        var from: Int64
        var to: Int64
    }

    enum Consumer: String, Codable, Sendable, CaseIterable {
        /// A handler on the loop.
        case handler
        /// A task that reads batches.
        case batches
    }
}

/// What a node process answers.
struct WorkerReport: Codable, Sendable {
    /// The order's number; 0 for the first report, `ready`.
    let id: Int
    let answer: Answer

    enum Answer: Codable, Sendable {
        case ready(member: String, listen: String)
        /// When the work began and ended.
        case done(from: Int64, to: Int64)
        /// How an expectation ended: when the last event that it waited for was read, and how many groups met it.
        case reached(at: Int64, groups: Int, of: Int)
        case sent(count: Int)
        case flooded(sent: Int, delivered: Int, checksum: UInt64)
        case report(Figures)
        case standing(Standing)
        case digests([DigestRecord])
        case failed(String)
    }

    /// What a node process has seen since the last `reset`; counters since its start.
    struct Figures: Codable, Sendable {
        var counters: [String: UInt64] = [:]
        /// The heavyweight groups that carry a group of this node now.
        var hwgs: [String] = []
        /// The heavyweight views, `hwg view`, that carried a light-weight view.
        var hwgViews: [String] = []
        var lwgViews = 0
        var delivered = 0
        /// Nanoseconds from each Hold to the view that ended it.
        var holds: [Int64] = []
        /// Nanoseconds from each measured send to its delivery.
        var deliveries: [Int64] = []
        /// The monotonic clock at the last suspicion; 0 for none.
        var suspectedAt: Int64 = 0
        /// User and system time since the process began.
        var processorSeconds = 0.0
        var residentBytes = 0
    }
}

extension Order: Codable {}
