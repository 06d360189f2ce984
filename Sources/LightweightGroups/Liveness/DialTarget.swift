import EventLoop
import GroupModel

/// An address that is dialled until a connection stands, and again when it ends.
struct DialTarget {
    /// Nanoseconds; doubled from the first to the second, with up to a quarter of it at random so that nodes that
    /// start together do not dial in step.
    static let firstDelay: Int64 = 50_000_000
    static let longestDelay: Int64 = 750_000_000
    /// The same for nodes that were only heard of, of which there may be many, and most that do not answer are gone; and for
    /// further addresses of a host that answers at one.
    static let longestIdleDelay: Int64 = 5_000_000_000
    /// How long a node that was only heard of is dialled in vain.
    static let learnedLifetime: Int64 = 600_000_000_000

    var isConfigured: Bool
    var member: MemberID?
    var due: Int64
    var delay = DialTarget.firstDelay
    var isDialling = false
    /// The address is this node's own.
    var isSelf = false
    /// Attempts in a row that came to nothing.
    var failures = 0
    /// The last attempt came to a connection.
    var answers = false
    var lastGood: Int64

    init(isConfigured: Bool, member: MemberID?, now: Int64) {
        self.isConfigured = isConfigured
        self.member = member
        due = now
        lastGood = now
    }

    mutating func retry(at time: Int64) {
        due = time
        isDialling = false
        delay = Self.firstDelay
    }

    mutating func succeeded(_ member: MemberID, now: Int64) {
        self.member = member
        delay = Self.firstDelay
        failures = 0
        answers = true
        lastGood = now
    }

    mutating func failed(now: Int64, longest: Int64, jitter: Double) {
        failures += 1
        answers = false
        isDialling = false
        due = now + delay + Int64(Double(delay) * 0.25 * jitter)
        delay = min(delay * 2, longest)
    }
}

/// A configured peer: where it is, and when its host's name is looked up.
struct ConfiguredPeer {
    /// Nanoseconds from a look-up without an answer, or whose addresses do not answer, to the next; doubled from the first to
    /// the second, until an address of the host answers.
    static let firstPause: Int64 = 1_000_000_000
    static let longestPause: Int64 = 30_000_000_000
    /// Attempts in a row that an address fails before its host's name is looked up again.
    static let patience = 4
    /// Addresses of one host that are dialled: a host has one or two, a name of many nodes some more.
    static let addressLimit = 16

    /// Written as a name, not in numbers.
    let isName: Bool
    var addresses: [SocketAddress]
    /// When the name is looked up next.
    var due = Int64.max
    var pause = ConfiguredPeer.firstPause
    var isAsked = false
    /// That the name has no address was said in the log.
    var isUnresolvedSaid = false
    /// That no address answers was said since one did.
    var isUnreachedSaid = false

    mutating func lookUpLater(now: Int64) {
        due = now + pause
        pause = min(pause * 2, Self.longestPause)
    }
}
