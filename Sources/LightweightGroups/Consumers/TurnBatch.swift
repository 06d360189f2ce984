import GroupModel

/// A seat as a consumer knows it between two views.
@usableFromInline
final class SeatRecord: Sendable {
    let group: Group
    let view: GroupView?
    init(group: Group, view: GroupView?) {
        self.group = group
        self.view = view
    }
}

/// What one turn delivered to one consumer: steps in order, the messages they count, the packets that hold the bytes,
/// and the seats as they were before the first step.
///
/// The slices point into the packets, which nobody changes; hence it may cross threads.
@usableFromInline
struct TurnBatch: @unchecked Sendable {
    @usableFromInline var steps: [BatchStep] = []
    @usableFromInline var slices: [LWGSlice] = []
    var packets: [Packet] = []
    var seats: [SeatRecord?] = []
    /// For the seats whose view changes within the batch: from which entry on which view holds. Empty in most.
    var changes: [UInt32: [(entry: Int, record: SeatRecord)]] = [:]

    init() {}

    var isEmpty: Bool { steps.isEmpty }

    /// Messages, point-to-point ones too, and bytes that the batch keeps from being freed.
    var load: (messages: Int, bytes: Int) {
        var messages = slices.count
        var bytes = packets.reduce(slices.count * MemoryLayout<LWGSlice>.stride) { $0 + $1.capacity }
        for case .event(_, let event) in steps {
            messages += event.isMessage ? 1 : 0
            bytes += event.heldBytes
        }
        return (messages, bytes)
    }

    func record(seat: UInt32, entry: Int) -> SeatRecord? {
        if !changes.isEmpty, let list = changes[seat], let change = list.last(where: { $0.entry <= entry }) {
            return change.record
        }
        let index = Int(seat)
        return index < seats.count ? seats[index] : nil
    }

    func group(of entry: BatchEntry) -> Group {
        let seat = entry.slice.seat.index
        let index = Int(seat)
        guard let record = (index < seats.count ? seats[index] : nil) ?? changes[seat]?.last?.record else {
            preconditionFailure("the entry is not of this batch")
        }
        return record.group
    }

    func sender(ofEntryAt index: Int) -> EndpointID {
        let slice = slices[index]
        guard let view = record(seat: slice.seat.index, entry: index)?.view, Int(slice.sender) < view.members.count
        else { preconditionFailure("M3: a message is delivered in a view, by a rank of it") }
        return view.members[Int(slice.sender)]
    }

    @inlinable
    func forEachMessage<E: Error>(_ body: (BatchEntry, UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        for step in steps {
            guard case .messages(let range) = step else { continue }
            for index in range {
                let slice = slices[index]
                try body(BatchEntry(slice: slice), slice.bytes)
            }
        }
    }
}
