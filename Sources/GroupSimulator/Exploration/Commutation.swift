import GroupModel

/// Which datagrams may arrive before all else, because it makes no difference to whatever else may happen at that node
/// until they do (`GroupSimulator.docc/Exploration.md`).
///
/// What else may happen is what was met: at each place of a link, all packets that were ever sent there, whatever the state of
/// the receiver. The search adds to that as it goes. An arrival that it has preferred, and that turns out to make a
/// difference, makes it begin again, with what was learned.
struct Commutation {
    /// That it makes no difference whether the packet comes now or later, from this state of its receiver on.
    struct Claim: Hashable {
        var state: Int32
        var packet: Int32
        var from: Int
        /// Nodes that may be suspected, as bits.
        var dead: Int
        var now: Int64
    }

    private var claims: [Claim] = []
    private var numbers: [Claim: Int] = [:]
    private var isFalse: [Bool] = []
    /// The search relies on it.
    private var isUsed: [Bool] = []
    /// The claims that are true only if this one is.
    private var users: [[Int]] = []
    /// The claims that are about whatever is sent at a place.
    private var waiting: [LocalStates.Place: [Int]] = [:]
    private var open: [(claim: Int, event: SmallEvent)] = []
    /// A claim that the search relies on is false.
    private(set) var isRefuted = false

    /// What takes longer to find out is taken to be false: it mostly is, and it mostly is about a heavyweight flush.
    private static let patience = 1_000

    mutating func searchBegins() {
        isRefuted = false
        for claim in isUsed.indices { isUsed[claim] = false }
    }

    /// Whether the packet may arrive before all else.
    mutating func holds(_ claim: Claim, _ table: inout LocalStates) -> Bool {
        let number = number(of: claim, &table)
        settle(&table)
        guard !isFalse[number] else { return false }
        isUsed[number] = true
        return true
    }

    /// Whether that was found out before.
    mutating func isKnown(_ claim: Claim) -> Bool {
        guard let number = numbers[claim], !isFalse[number] else { return false }
        isUsed[number] = true
        return true
    }

    /// Takes in what was sent meanwhile.
    mutating func learn(_ table: inout LocalStates) {
        for (place, packet) in table.takeNews() {
            for claim in waiting[place] ?? [] { open.append((claim, .arrival(packet, from: place.from))) }
        }
        settle(&table)
    }

    private mutating func number(of claim: Claim, _ table: inout LocalStates) -> Int {
        if let known = numbers[claim] { return known }
        let number = claims.count
        numbers[claim] = number
        claims.append(claim)
        isFalse.append(false)
        isUsed.append(false)
        users.append([])
        let node = table.states[Int(claim.state)]
        let at = node.index
        for other in node.last.indices where other != at && other != claim.from {
            let place = LocalStates.Place(from: other, to: at, behind: node.last[other])
            waiting[place, default: []].append(number)
            for packet in table.followers(of: place) { open.append((number, .arrival(packet, from: other))) }
        }
        for other in node.last.indices where claim.dead >> other & 1 == 1 && !node.suspects.contains(other) {
            open.append((number, .suspect(other)))
        }
        if node.requested < table.plan.requests[at].count { open.append((number, .request)) }
        return number
    }

    private mutating func settle(_ table: inout LocalStates) {
        var rounds = 0
        while let (number, event) = open.popLast() {
            rounds += 1
            guard !isFalse[number] else { continue }
            guard rounds < Self.patience, let after = stateWithout(claims[number], event, &table) else {
                refute(number)
                continue
            }
            var claim = claims[number]
            claim.state = after
            let next = self.number(of: claim, &table)
            if isFalse[next] { refute(number) } else { users[next].append(number) }
        }
    }

    private mutating func refute(_ number: Int) {
        var stack = [number]
        while let next = stack.popLast() {
            guard !isFalse[next] else { continue }
            isFalse[next] = true
            if isUsed[next] { isRefuted = true }
            stack += users[next]
            users[next] = []
        }
    }

    /// The state when the event has happened and the packet has not come; nil when it matters which of the two is first: to
    /// the state afterwards, or to what is sent on any link.
    private func stateWithout(_ claim: Claim, _ event: SmallEvent, _ table: inout LocalStates) -> Int32? {
        let arrival = SmallEvent.arrival(claim.packet, from: claim.from)
        let first = table.outcome(of: .init(state: claim.state, event: event, now: claim.now))
        let second = table.outcome(of: .init(state: first.state, event: arrival, now: claim.now))
        let early = table.outcome(of: .init(state: claim.state, event: arrival, now: claim.now))
        let late = table.outcome(of: .init(state: early.state, event: event, now: claim.now))
        guard second.state == late.state else { return nil }
        let (one, other) = (first.sends + second.sends, early.sends + late.sends)
        for to in 0..<table.plan.nodes {
            let isAlike = one.lazy.filter { $0.to == to }.map(\.packet)
                .elementsEqual(other.lazy.filter { $0.to == to }.map(\.packet))
            guard isAlike else { return nil }
        }
        return first.state
    }
}
