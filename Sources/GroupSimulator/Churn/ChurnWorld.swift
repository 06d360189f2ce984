import GroupCore
import GroupModel

/// One long world in which nodes and groups come and go for as long as one likes, and one node lives through it all: for
/// what only shows after a hundred thousand view changes. Its traces would fill a disk; instead, whoever goes from one
/// light-weight view to the next together must have delivered the same (count and sum, D4), and tables must stay flat.
///
/// Lossless, with one delay for all datagrams; what networks do to the protocol is `World`'s.
public struct ChurnWorld: ~Copyable {
    struct Seat {
        var group: String
        var view: ViewID?
        var count = 0
        var sum: UInt64 = 0
    }
    struct Place {
        let name: String
        var incarnation: UInt32 = 0
        var core: NodeCore?
        var seats: [Int: Seat] = [:]
        var deadline: Instant?
    }
    struct Datagram {
        var at: Instant
        var from: MemberID
        var to: MemberID
        var packet: Packet
    }
    struct Passage: Hashable {
        var group: String
        var from: ViewID
        var to: ViewID
    }

    /// The node that lives through it all.
    public static let survivor = 0
    static let delay = Interval.microseconds(50)
    /// Passages that are remembered until the others have come the same way: those of some hundred changes.
    static let passagesKept = 20_000

    let groups: [String]
    var random: SeededGenerator
    var places: [Place]
    var now = Instant.zero
    var queue: [Datagram] = []
    var head = 0
    /// Pairs that are apart, `low * count + high`.
    var apart: Set<Int> = []
    var passages: [Passage: (count: Int, sum: UInt64)] = [:]
    /// Heavyweight views that the survivor installed after a flush.
    public private(set) var viewChanges = 0
    /// Light-weight views that anybody was told of.
    public internal(set) var lightweightViews = 0
    public internal(set) var compared = 0
    public internal(set) var delivered = 0
    /// What was wrong, at most a few.
    public internal(set) var violations: [String] = []

    public init(seed: UInt64, nodes: Int, groups: Int) {
        random = SeededGenerator(seed: seed)
        self.groups = (0..<max(groups, 1)).map { "\(["x", "y"][$0 % 2])\($0)" }
        places = (0..<min(max(nodes, 2), 32)).map { Place(name: "n\($0)") }
        for node in places.indices { start(node) }
        pass(.milliseconds(500))
    }

    /// Entries of the survivor's tables.
    public var tables: [String: Int] {
        var sizes = places[Self.survivor].core?.tableSizes ?? [:]
        sizes["seats"] = places[Self.survivor].seats.count
        return sizes
    }

    /// Lets things happen until the survivor has seen so many more view changes.
    public mutating func run(viewChanges count: Int) {
        let end = viewChanges + count
        // An act that changes no view is possible; a hundred in a row are not.
        var acts = 0
        while viewChanges < end, violations.isEmpty {
            let before = viewChanges
            act()
            acts = viewChanges == before ? acts + 1 : 0
            if acts > 100 { violations.append("no view change in 100 acts, at \(now.nanoseconds / 1_000_000) ms") }
        }
    }

    /// Everything heals, and there must be one view per group with all who have a seat in it.
    public mutating func settle() {
        apart = []
        for node in places.indices { connect(node) }
        pass(.seconds(5))
        var views: [String: ViewID] = [:]
        for place in places {
            for seat in place.seats.values {
                guard let view = seat.view else {
                    violations.append("\(place.name) has no view of \(seat.group) 5 s after the last act")
                    continue
                }
                if let other = views[seat.group], other != view {
                    violations.append("\(seat.group) is in two views 5 s after the last act: \(other), \(view)")
                }
                views[seat.group] = view
            }
        }
    }

    // MARK: Acts

    private mutating func act() {
        let node = 1 + random.below(places.count - 1)
        switch random.below(10) {
        case 0..<3:
            end(node)
            if random.below(2) == 0 { pass(.milliseconds(Int64(random.below(20)))) }
            start(node)
        case 3..<5:
            // A side of its own for a while.
            for other in places.indices where other != node { separate(node, other) }
            chatter()
            pass(.milliseconds(Int64(20 + random.below(100))))
            apart = []
            connect(node)
        case 5: separate(node, random.below(places.count))
        case 6:
            apart = []
            for node in places.indices { connect(node) }
        case 7: leave(node)
        default: join(random.below(places.count))
        }
        chatter()
        pass(.milliseconds(Int64(5 + random.below(60))))
    }

    private mutating func chatter() {
        for _ in 0..<random.below(6) {
            let node = random.below(places.count)
            let order = [Order.fifo, .total, .safe][random.below(3)]
            let seats = places[node].seats.filter { $0.value.view != nil }.keys.sorted()
            guard !seats.isEmpty else { continue }
            let seat = SeatHandle(index: UInt32(seats[random.below(seats.count)]))
            let bytes = [UInt8](repeating: UInt8(random.below(256)), count: 16 + random.below(200))
            var effects = Effects()
            bytes.withUnsafeBytes {
                _ = places[node].core?.multicast(seat, order: order, bytes: $0, at: now, into: &effects)
            }
            take(&effects, node)
        }
    }

    private mutating func join(_ node: Int) {
        let taken = Set(places[node].seats.values.map(\.group))
        let free = groups.filter { !taken.contains($0) }
        guard !free.isEmpty else { return leave(node) }
        let chosen = Set((0..<4).map { _ in free[random.below(free.count)] }).sorted()
        handle(.join(endpoint: Self.endpoint, groups: chosen), node)
    }

    private mutating func leave(_ node: Int) {
        let all = places[node].seats.keys.sorted()
        guard !all.isEmpty else { return }
        // Half of the time all, which is leaving the heavyweight groups.
        let some = random.below(2) == 0 ? all : [all[random.below(all.count)]]
        handle(.leave(seats: some.map { SeatHandle(index: UInt32($0)) }), node)
    }

    static let endpoint: ShortName = {
        guard let name = ShortName("0") else { preconditionFailure("‘0’ is an endpoint's name") }
        return name
    }()

    mutating func installed() { viewChanges += 1 }
}
