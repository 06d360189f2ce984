import GroupModel

/// From a message's label to the seats of this node: one array access per message, no allocation, no reference count.
struct Demultiplexer: Sendable {
    /// One LWG, by its number.
    struct Slot: Sendable {
        enum Kind: UInt8, Sendable {
            /// No seat here: interference.
            case outside
            /// Seats here await their first view: data one view ahead are kept.
            case joining
            case one
            case several
        }
        var kind = Kind.outside
        /// The low bits of the view's count.
        var bits: UInt8 = 0
        /// Places per node in the map: the most endpoints that one node has, rounded up to a power of two.
        var stride: UInt16 = 0
        var base: UInt32 = 0
        /// The seat, or the first of several.
        var seat: UInt32 = 0
    }

    static let nobody = UInt16.max
    /// What 8 bits of a label number, and a power of two, as strides are.
    private static let mostPlaces: UInt16 = 256

    private(set) var slots: [Slot] = []
    /// From (HWG rank, endpoint index) to LWG rank: `width * stride` places for each LWG with a seat here. A block that grows
    /// leaves its old one behind until the next HWG view; strides double, so that garbage never exceeds what is in use.
    private var map: [UInt16] = []
    private var width = 0
    private var scratch: [UInt16] = []

    mutating func reset(width: Int) {
        self.width = width
        slots.removeAll(keepingCapacity: true)
        map.removeAll(keepingCapacity: true)
        scratch = [UInt16](repeating: 0, count: width)
    }

    mutating func extend(to count: Int) {
        while slots.count < count { slots.append(Slot()) }
    }

    mutating func setWithoutView(_ number: Int, _ kind: Slot.Kind, count: UInt32) {
        slots[number].kind = kind
        slots[number].bits = UInt8(truncatingIfNeeded: count & 3)
    }

    mutating func set(_ number: Int, _ kind: Slot.Kind, seat: Int, count: UInt32, ranks: [UInt16]) {
        var stride: UInt16 = 1
        for rank in ranks where scratch[Int(rank)] < Self.mostPlaces {
            scratch[Int(rank)] += 1
            while scratch[Int(rank)] > stride { stride *= 2 }
        }
        for rank in ranks { scratch[Int(rank)] = 0 }
        var slot = slots[number]
        slot.kind = kind
        slot.bits = UInt8(truncatingIfNeeded: count & 3)
        slot.seat = UInt32(truncatingIfNeeded: seat)
        if slot.stride < stride {
            slot.stride = stride
            slot.base = UInt32(truncatingIfNeeded: map.count)
            map.append(contentsOf: repeatElement(Self.nobody, count: width * Int(stride)))
        } else {
            let base = Int(slot.base)
            for place in base..<(base + width * Int(slot.stride)) { map[place] = Self.nobody }
        }
        slots[number] = slot
        for (lwgRank, rank) in ranks.enumerated() where scratch[Int(rank)] < slot.stride {
            let place = Int(slot.base) + Int(rank) * Int(slot.stride) + Int(scratch[Int(rank)])
            map[place] = UInt16(truncatingIfNeeded: lwgRank)
            scratch[Int(rank)] += 1
        }
        for rank in ranks { scratch[Int(rank)] = 0 }
    }

    /// From now on each message of this LWG is looked at closely.
    mutating func setCareful(_ number: Int) {
        if slots[number].kind == .one { slots[number].kind = .several }
    }

    /// The LWG rank of an endpoint, `nobody` when the view has none such.
    func rank(_ slot: Slot, sender: UInt16, endpoint: Int) -> UInt16 {
        guard Int(sender) < width, endpoint < Int(slot.stride) else { return Self.nobody }
        return map[Int(slot.base) + Int(sender) * Int(slot.stride) + endpoint]
    }

    /// Delivers from `start` on, and stops at the first message that needs a closer look: a control message, or data that are
    /// early, stale, nonsense, or for several seats.
    func deliver(
        _ slices: [MessageSlice], from start: Int, to end: Int, interference: inout UInt64,
        into up: inout LWGIndications
    ) -> Int {
        var delivered = 0
        var at = start
        slices.withUnsafeBufferPointer { slices in
            slots.withUnsafeBufferPointer { slots in
                map.withUnsafeBufferPointer { map in
                    // One check of the array's room for all.
                    up.slices.append(addingCapacity: end - start) { output in
                        // Neighbours often have the same label and sender.
                        var known: (label: UInt32, sender: UInt16)?
                        var seat = SeatHandle(index: 0)
                        var rank = Self.nobody
                        while at < end {
                            let slice = slices[at]
                            guard !slice.isControl else { return }
                            if known?.label != slice.label || known?.sender != slice.sender {
                                let label = Label(raw: slice.label)
                                guard label.number < slots.count else { return }
                                let slot = slots[label.number]
                                if slot.kind == .outside {
                                    interference &+= 1
                                    at += 1
                                    continue
                                }
                                guard slot.kind == .one, slot.bits == label.bits || Mutant.anyView.isOn,
                                    label.endpoint < Int(slot.stride), Int(slice.sender) < width
                                else { return }
                                rank = map[Int(slot.base) + Int(slice.sender) * Int(slot.stride) + label.endpoint]
                                guard rank != Self.nobody else { return }
                                seat = SeatHandle(index: slot.seat)
                                known = (slice.label, slice.sender)
                            }
                            output.append(
                                LWGSlice(
                                    start: slice.start, length: slice.length, seat: seat, number: slice.number,
                                    sender: rank, order: slice.order, isTransitional: slice.isTransitional))
                            delivered += 1
                            at += 1
                        }
                    }
                }
            }
        }
        up.delivered(count: delivered)
        return at
    }
}
