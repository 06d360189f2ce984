/// A history by seats: which member was in which view of a group, and what it did there.
struct Timeline {
    /// One member's time in one view of one group.
    struct Tenure {
        var seat: Int32
        var installation: Int32
        var view: Int32
        /// The tenure of the same seat in the view that it installed from this one; -1 when there is none.
        var next: Int32
        /// What the seat did in the view, as places in `order`. A `leave` line ends it (it is written when the seat is
        /// gone), and so does a `join` line.
        var events: Range<Int>
        /// A `leave` line ended this tenure, or the process stopped in it.
        var isLeaving: Bool
    }

    let history: TraceHistory
    /// Events of seats, one seat after the other, each in the order of its process.
    private(set) var order: [Int32] = []
    /// Where a seat's events begin in `order`, and at the end their number.
    private(set) var starts: [Int] = []
    private(set) var tenures: [Tenure] = []
    /// Per seat its first tenure, and at the end their number. A seat's tenures are in their order.
    private(set) var tenureStarts: [Int] = []
    /// Per event the tenure that it happened in, or -1: before the first view, or between leaving and the next.
    private(set) var tenureOf: [Int32] = []
    /// Per message with a send line: its place among the sender's sends in that view, multicasts in one row and
    /// point-to-point messages in one row per receiver; from 0.
    private(set) var sequence: [Int32] = []
    private var tenureKeys = PairInterner()
    private var tenureOfKey: [Int32] = []
    private var viewStarts: [Int] = []
    private var viewTenures: [Int32] = []
    /// Per member: its process wrote `stop`.
    private(set) var stopped: [Bool]

    init(_ history: TraceHistory) {
        self.history = history
        stopped = Array(repeating: false, count: history.members.count)
        for event in history.events where event.kind == .stop { stopped[Int(event.process)] = true }
        sortBySeat()
        tenureOf = Array(repeating: -1, count: history.events.count)
        for seat in history.seats.indices { findTenures(of: Int32(seat)) }
        tenureStarts.append(tenures.count)
        indexByView()
        numberSends()
    }

    private mutating func sortBySeat() {
        starts = Array(repeating: 0, count: history.seats.count + 1)
        for event in history.events where event.seat >= 0 { starts[Int(event.seat) + 1] += 1 }
        for seat in history.seats.indices { starts[seat + 1] += starts[seat] }
        order = Array(repeating: 0, count: starts[history.seats.count])
        var fill = starts
        for (index, event) in history.events.enumerated() where event.seat >= 0 {
            order[fill[Int(event.seat)]] = Int32(index)
            fill[Int(event.seat)] += 1
        }
    }

    private mutating func findTenures(of seat: Int32) {
        var current: Int32 = -1
        let range = starts[Int(seat)]..<starts[Int(seat) + 1]
        tenureStarts.append(tenures.count)
        for place in range {
            let index = order[place]
            let event = history.events[Int(index)]
            switch event.kind {
            case .leave, .join:
                if current >= 0 {
                    end(current, at: place)
                    tenures[Int(current)].isLeaving = event.kind == .leave
                }
                current = -1
            case .view:
                let installation = history.installations[Int(event.installation)]
                let tenure = Int32(tenures.count)
                if current >= 0 {
                    end(current, at: place)
                    if installation.previous == tenures[Int(current)].view { tenures[Int(current)].next = tenure }
                }
                tenures.append(
                    Tenure(
                        seat: seat, installation: event.installation, view: event.view, next: -1,
                        events: (place + 1)..<range.upperBound, isLeaving: false))
                let (key, isNew) = tenureKeys.intern(UInt64(seat), UInt64(event.view))
                if isNew {
                    assert(key == tenureOfKey.count)
                    tenureOfKey.append(tenure)
                }
                current = tenure
            default: break
            }
            tenureOf[Int(index)] = current
        }
        if current >= 0, stopped[Int(history.process(seat: seat))] { tenures[Int(current)].isLeaving = true }
    }

    private mutating func end(_ tenure: Int32, at place: Int) {
        tenures[Int(tenure)].events = tenures[Int(tenure)].events.lowerBound..<place
    }

    private mutating func indexByView() {
        viewStarts = Array(repeating: 0, count: history.views.count + 1)
        for tenure in tenures { viewStarts[Int(tenure.view) + 1] += 1 }
        for view in history.views.indices { viewStarts[view + 1] += viewStarts[view] }
        viewTenures = Array(repeating: 0, count: tenures.count)
        var fill = viewStarts
        for (index, tenure) in tenures.enumerated() {
            viewTenures[fill[Int(tenure.view)]] = Int32(index)
            fill[Int(tenure.view)] += 1
        }
    }

    private mutating func numberSends() {
        sequence = Array(repeating: -1, count: history.messages.count)
        var directs: [Int32: Int32] = [:]
        for tenure in tenures {
            var multicasts: Int32 = 0
            if !directs.isEmpty { directs.removeAll(keepingCapacity: true) }
            for place in tenure.events {
                let index = order[place]
                let event = history.events[Int(index)]
                guard event.kind == .send, history.messages[Int(event.message)].send == index else { continue }
                if event.to < 0 {
                    sequence[Int(event.message)] = multicasts
                    multicasts += 1
                } else {
                    sequence[Int(event.message)] = directs[event.to, default: 0]
                    directs[event.to, default: 0] += 1
                }
            }
        }
    }

    // Looking up.

    func tenures(in view: Int32) -> ArraySlice<Int32> { viewTenures[viewStarts[Int(view)]..<viewStarts[Int(view) + 1]] }

    func tenure(of seat: Int32, in view: Int32) -> Int32? {
        guard view >= 0 else { return nil }
        return tenureKeys.find(UInt64(seat), UInt64(view)).map { tenureOfKey[$0] }
    }

    /// The tenure from which the seat went to a later view than this one, past it: it was never in it. (Views of a seat
    /// grow, M2.)
    func tenurePassing(_ view: Int32, by seat: Int32) -> Int32? {
        let epoch = history.views[Int(view)].epoch
        let low = firstTenure(of: seat) { $0 > epoch }
        guard low < tenureStarts[Int(seat) + 1], low > tenureStarts[Int(seat)] else { return nil }
        let before = tenures[low - 1]
        guard before.next == Int32(low), history.views[Int(before.view)].epoch < epoch else { return nil }
        return Int32(low - 1)
    }

    /// The seat's last tenure in an earlier view.
    func lastTenure(of seat: Int32, before view: Int32) -> Int32? {
        let epoch = history.views[Int(view)].epoch
        let low = firstTenure(of: seat) { $0 >= epoch }
        return low > tenureStarts[Int(seat)] ? Int32(low - 1) : nil
    }

    /// The seat's first tenure in a view whose epoch is as wanted; all later ones are.
    private func firstTenure(of seat: Int32, where isWanted: (UInt64) -> Bool) -> Int {
        var (low, high) = (tenureStarts[Int(seat)], tenureStarts[Int(seat) + 1])
        while low < high {
            let middle = (low + high) / 2
            if isWanted(history.views[Int(tenures[middle].view)].epoch) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func event(at place: Int) -> TraceHistory.Event { history.events[Int(order[place])] }

    func installation(_ tenure: Tenure) -> TraceHistory.Installation {
        history.installations[Int(tenure.installation)]
    }

    /// The view that the tenure's seat installed from it, or -1.
    func nextView(_ tenure: Tenure) -> Int32 { tenure.next < 0 ? -1 : tenures[Int(tenure.next)].view }

    /// The tenures in a view by the view that followed, those without one (-1) first.
    func tenuresByNext(in view: Int32) -> [(next: Int32, tenures: [Int32])] {
        let all = tenures(in: view)
        if all.isEmpty { return [] }
        var groups: [(next: Int32, tenures: [Int32])] = []
        for index in all {
            let next = nextView(tenures[Int(index)])
            if let group = groups.firstIndex(where: { $0.next == next }) {
                groups[group].tenures.append(index)
            } else {
                groups.append((next, [index]))
            }
        }
        groups.sort { $0.next < $1.next }
        return groups
    }

    /// The last event of a tenure, its view line when it has none.
    func lastEvent(_ tenure: Tenure) -> Int32 {
        tenure.events.isEmpty ? installation(tenure).event : order[tenure.events.upperBound - 1]
    }

    func name(_ tenure: Tenure) -> String { history.name(member: history.member(seat: tenure.seat)) }
}
