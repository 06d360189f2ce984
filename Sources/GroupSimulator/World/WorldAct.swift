import GroupModel

/// Where an application sits: an endpoint of a node, and one group. All by number in the world.
struct WorldSeat: Hashable, Sendable {
    var node: Int
    var endpoint: Int
    var group: Int
}

/// What is done to a world from outside: what applications ask for, and what befalls nodes and links.
///
/// A seeded world draws these; a script has them written down. Both go through `World.perform`, so a seed's acts, kept in a
/// list, are a script that does the same.
enum WorldAct: Hashable, Sendable {
    case start(Int)
    /// `late`: the others are told of the closed connections late.
    case crash(Int, late: Bool)
    /// A graceful end.
    case stop(Int)
    /// For so many nanoseconds; nil: until `resume`.
    case pause(Int, Int64?)
    case resume(Int)
    /// An application does not read: data are put back to the network until `hear`.
    case deafen(Int)
    case hear(Int)
    case evict(WorldSeat)
    /// The node takes so many nanoseconds for each datagram.
    case slow(Int, Int64)
    case block([WorldLink])
    case heal
    /// Nothing arrives on these links for so many nanoseconds.
    case clog([WorldLink], [Int64])
    case reset(Int, Int)
    /// The first one alone sees its connection to the second closed.
    case lose(Int, Int)
    case join(Int, endpoint: Int, groups: [Int])
    case leave([WorldSeat])
    case flush(WorldSeat)
    /// `incarnation` nil: whichever is in the view.
    case direct(WorldSeat, to: Int, incarnation: UInt32?, endpoint: Int, bytes: Int)
    case send(WorldSeat, Order, count: Int, bytes: Int)
    case holdOK(WorldSeat)
    /// The answer to the last Hold, which may have one already, or be over.
    case holdOKAgain(WorldSeat)
    /// Whether seats of the endpoint answer Holds themselves.
    case explicitHolds(Int, endpoint: Int, Bool)
    /// The node is told other times while it runs.
    case reload(Int, ReloadedTimes)
    /// Everything heals for good, and who is dead starts again.
    case calm

    /// The node that it ends, if it is an end that may come in the middle of what the node does.
    var crashed: Int? {
        if case .crash(let node, _) = self { node } else { nil }
    }
}

struct WorldLink: Hashable, Sendable {
    var from: Int
    var to: Int
}

/// A place in the order of what happens.
struct WorldMoment: Hashable, Sendable {
    var time: Int64
    /// So many events of that time have been before; nil: all of them.
    var events: Int?
}

/// An act of a seeded world, when it was done, and the state of the world's generator just before: a script that goes back
/// to it draws what the seed drew. Without an act, only the state.
struct DrawnAct: Hashable, Sendable {
    var moment: WorldMoment
    var luck: UInt64
    var act: WorldAct?
}
