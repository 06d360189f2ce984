import GroupModel

// What all members must have delivered in the end.
extension MulticastNetwork {
    /// The data messages of one sender as a member delivered them.
    func delivered(at rank: Rank, from sender: Rank) -> [Sent] {
        delivered[rank].filter { $0.sender == sender && !$0.isControl }.map {
            Sent(number: $0.number, order: $0.order, label: $0.label, length: $0.length, hash: $0.hash)
        }
    }

    /// Every member delivered every sender's messages of all orders, in the order sent (D1, D2, O1).
    var allDelivered: Bool {
        streams.indices.allSatisfy { rank in
            streams.indices.allSatisfy { delivered(at: rank, from: $0) == sent[$0] }
        }
    }

    func ordered(at rank: Rank) -> [Delivered] { delivered[rank].filter { $0.order.isOrdered } }

    /// All members delivered the ordered messages in one order (O3).
    var totalOrderAgrees: Bool {
        streams.indices.allSatisfy { rank in
            let mine = ordered(at: rank)
            let first = ordered(at: 0)
            return mine.count == first.count
                && zip(mine, first).allSatisfy { $0.sender == $1.sender && $0.number == $1.number }
        }
    }
}
