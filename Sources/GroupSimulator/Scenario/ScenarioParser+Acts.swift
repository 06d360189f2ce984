import GroupModel

// Acts of nodes, links and applications.
extension ScenarioParser {
    func acts(_ words: [Substring]) throws(ScenarioMistake) -> [WorldAct] {
        let rest = Array(words.dropFirst())
        switch words[0] {
        case "start": return try each(rest) { .start($0) }
        case "stop": return try each(rest) { .stop($0) }
        case "resume": return try each(rest) { .resume($0) }
        case "deafen": return try each(rest) { .deafen($0) }
        case "hear": return try each(rest) { .hear($0) }
        case "slow":
            guard rest.count >= 3, rest[rest.count - 2] == "by" else { throw mistake("`slow NODES by TIME`") }
            let cost = try span(rest[rest.count - 1])
            return try each(rest.dropLast(2)) { .slow($0, cost) }
        case "crash":
            let isLate = rest.last == "late"
            return try each(isLate ? rest.dropLast() : rest) { .crash($0, late: isLate) }
        case "pause":
            guard rest.count >= 3, rest[rest.count - 2] == "for" else { return try each(rest) { .pause($0, nil) } }
            let length = try span(rest[rest.count - 1])
            return try each(rest.dropLast(2)) { .pause($0, length) }
        case "break", "lose":
            guard rest.count == 2 else { throw mistake("`\(words[0]) NODE NODE`") }
            let (a, b) = (try node(rest[0]), try node(rest[1]))
            return [words[0] == "break" ? .reset(a, b) : .lose(a, b)]
        case "block": return [.block(try links(rest))]
        case "partition": return [.block(try partition(rest))]
        case "heal": return [.heal]
        case "reload":
            guard let word = rest.first, let times = ReloadedTimes(rawValue: String(word)) else {
                throw mistake("`reload least|standard|first NODES`")
            }
            return try each(rest.dropFirst()) { .reload($0, times) }
        case "calm": return [.calm]
        case "clog": return [try clog(rest)]
        default: return try applicationActs(words)
        }
    }

    private func each(
        _ words: some Collection<Substring>, _ act: (Int) -> WorldAct
    ) throws(ScenarioMistake) -> [WorldAct] {
        guard !words.isEmpty else { throw mistake("nodes are missing") }
        var acts: [WorldAct] = []
        for word in words { acts.append(act(try node(word))) }
        return acts
    }

    private func links(_ words: [Substring]) throws(ScenarioMistake) -> [WorldLink] {
        var links: [WorldLink] = []
        for word in words {
            guard let arrow = word.firstRange(of: "->") else { throw mistake("\(word) is no link such as n0->n1") }
            links.append(
                WorldLink(from: try node(word[..<arrow.lowerBound]), to: try node(word[arrow.upperBound...])))
        }
        guard !links.isEmpty else { throw mistake("links are missing") }
        return links
    }

    /// `n0 n1 | n2 | n3`
    private func partition(_ words: [Substring]) throws(ScenarioMistake) -> [WorldLink] {
        var side = [Int: Int]()
        for (number, part) in words.split(separator: "|").enumerated() {
            for word in part { side[try node(word)] = number }
        }
        let named = side.keys.sorted()
        return named.flatMap { a in named.filter { side[a] != side[$0] }.map { WorldLink(from: a, to: $0) } }
    }

    /// `n0->n1 for 20ms n1->n0 for 30ms`
    private func clog(_ words: [Substring]) throws(ScenarioMistake) -> WorldAct {
        guard words.count % 3 == 0, !words.isEmpty else { throw mistake("`clog LINK for TIME`") }
        var lengths: [Int64] = []
        var named: [Substring] = []
        for place in stride(from: 0, to: words.count, by: 3) {
            guard words[place + 1] == "for" else { throw mistake("`clog LINK for TIME`") }
            named.append(words[place])
            lengths.append(try span(words[place + 2]))
        }
        return .clog(try links(named), lengths)
    }

    // MARK: Applications

    /// `SEATS VERB …`: a seat is a node, or a node and an endpoint.
    private func applicationActs(_ words: [Substring]) throws(ScenarioMistake) -> [WorldAct] {
        let verbs = ["join", "leave", "flush", "evict", "holdOK", "send", "direct", "holds"]
        guard let place = words.firstIndex(where: { verbs.contains(String($0)) }), place > 0 else {
            throw mistake("`\(words.joined(separator: " "))` is no statement")
        }
        let rest = Array(words[(place + 1)...])
        var acts: [WorldAct] = []
        for word in words[..<place] {
            let (node, endpoint) = try seat(word)
            acts += try self.acts(words[place], rest, node, endpoint)
        }
        return acts
    }

    private func acts(
        _ verb: Substring, _ rest: [Substring], _ node: Int, _ endpoint: Int
    ) throws(ScenarioMistake) -> [WorldAct] {
        guard let first = rest.first else { throw mistake("a group is missing") }
        if verb == "holds" {
            guard ["explicit", "automatic"].contains(first) else { throw mistake("`SEATS holds explicit|automatic`") }
            return [.explicitHolds(node, endpoint: endpoint, first == "explicit")]
        }
        if verb == "holdOK", rest.count == 2, rest[1] == "again" {
            return [.holdOKAgain(WorldSeat(node: node, endpoint: endpoint, group: try group(first)))]
        }
        var seats: [WorldSeat] = []
        switch verb {
        case "send", "direct":
            let seat = WorldSeat(node: node, endpoint: endpoint, group: try group(first))
            return [verb == "send" ? try send(seat, rest.dropFirst()) : try direct(seat, rest.dropFirst())]
        case "join":
            for word in rest { seats.append(WorldSeat(node: node, endpoint: endpoint, group: try group(word))) }
            return [.join(node, endpoint: endpoint, groups: seats.map(\.group))]
        default:
            for word in rest {
                let parts = word.split(separator: "/", maxSplits: 1)
                let own = parts.count == 2 ? try self.endpoint(parts[1]) : endpoint
                seats.append(WorldSeat(node: node, endpoint: own, group: try group(parts[0])))
            }
        }
        switch verb {
        case "leave": return [.leave(seats)]
        case "flush": return seats.map { .flush($0) }
        case "evict": return seats.map { .evict($0) }
        default: return seats.map { .holdOK($0) }
        }
    }

    /// `GROUP [ORDER] [x COUNT] [bytes SIZE]`
    private func send(_ seat: WorldSeat, _ words: ArraySlice<Substring>) throws(ScenarioMistake) -> WorldAct {
        var words = words
        var order = Order.fifo
        var count = 1
        if let first = words.first, let known = Order.allCases.first(where: { "\($0)" == first && $0 != .causal }) {
            order = known
            words = words.dropFirst()
        }
        if words.first == "x", words.count >= 2 {
            count = try number(words[words.startIndex + 1], 1...10_000)
            words = words.dropFirst(2)
        }
        return .send(seat, order, count: count, bytes: try bytes(words))
    }

    /// `GROUP to SEAT [bytes SIZE]`
    private func direct(_ seat: WorldSeat, _ words: ArraySlice<Substring>) throws(ScenarioMistake) -> WorldAct {
        guard words.first == "to", words.count >= 2 else { throw mistake("`direct GROUP to SEAT`") }
        let target = words[words.startIndex + 1].split(separator: "/", maxSplits: 1)
        let life = target[0].split(separator: ".")
        let incarnation = life.count == 2 ? UInt32(life[1]) : nil
        return .direct(
            seat, to: try node(life[0]), incarnation: incarnation,
            endpoint: target.count == 2 ? try endpoint(target[1]) : 0, bytes: try bytes(words.dropFirst(2)))
    }

    private func bytes(_ words: ArraySlice<Substring>) throws(ScenarioMistake) -> Int {
        if words.isEmpty { return 40 }
        guard words.count == 2, words.first == "bytes" else { throw mistake("`bytes SIZE` is what may follow") }
        return try number(words[words.startIndex + 1], 0...Limits.messageBytes + 1)
    }

    private func seat(_ word: Substring) throws(ScenarioMistake) -> (Int, Int) {
        let parts = word.split(separator: "/", maxSplits: 1)
        return (try node(parts[0]), parts.count == 2 ? try endpoint(parts[1]) : 0)
    }

    private func endpoint(_ word: Substring) throws(ScenarioMistake) -> Int {
        guard let index = ["0", "b"].firstIndex(of: word) else { throw mistake("endpoints are 0 and b, not \(word)") }
        return index
    }

    private func group(_ word: Substring) throws(ScenarioMistake) -> Int {
        guard word.first == "g", let index = Int(word.dropFirst()), (0..<settings.groups).contains(index) else {
            throw mistake("\(word) is none of the groups g0 to g\(settings.groups - 1)")
        }
        return index
    }
}
