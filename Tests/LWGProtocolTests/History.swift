import GroupModel

/// What the seats of a run did and saw, and the properties of design.md, section 9, judged from that alone.
struct History {
    struct Message: Hashable {
        let sender: EndpointID
        let payload: UInt64
        let order: Order
        let number: UInt64
    }
    /// A seat's stay in one view.
    struct Stay {
        let view: View<EndpointID>
        let change: ViewChange<EndpointID>
        var sent: [Message] = []
        var delivered: [Message] = []
        var isHeld = false
        var hasAnswered = false
        var isHeldByHeavy = false
        var next: ViewID?
    }
    struct Process: Hashable {
        let group: String
        let endpoint: EndpointID
    }

    private(set) var violations: [String] = []
    private var order: [Process] = []
    private var stays: [Process: [Stay]] = [:]
    private var current: [Process: Int] = [:]
    private var views: [String: [ViewID: [EndpointID]]] = [:]
    private var sends: [UInt64: (Process, ViewID)] = [:]
    private(set) var deliveries = 0
    private(set) var installed = 0
    private(set) var merges = 0

    mutating func violate(_ property: String, _ process: Process, _ why: String) {
        violations.append("\(property) \(process.group) \(process.endpoint): \(why)")
    }

    mutating func viewInstalled(_ process: Process, _ change: ViewChange<EndpointID>) {
        if stays[process] == nil { order.append(process); stays[process] = [] }
        let view = change.view
        installed += 1
        if change.subViews.count > 1 { merges += 1 }
        if !view.members.contains(process.endpoint) { violate("M1", process, "not in \(view.id)") }
        if Set(view.members).count != view.members.count { violate("M4", process, "member twice") }
        if let last = stays[process]?.last, last.view.id >= view.id {
            violate("M2", process, "\(view.id) after \(last.view.id)")
        }
        if let known = views[process.group]?[view.id], known != view.members {
            violate("M4", process, "\(view.id) is \(view.members) and \(known)")
        }
        views[process.group, default: [:]][view.id] = view.members
        let now = current[process].flatMap { stays[process]?[$0] }
        if change.previous != now?.view.id { violate("M6", process, "previous of \(view.id)") }
        let joined = now == nil ? view.members : view.members.filter { !change.transitional.contains($0) }
        let left = (now?.view.members ?? []).filter { !change.transitional.contains($0) }
        if change.joined != joined || Set(change.left) != Set(left) { violate("M6", process, "joined or left") }
        if let now, !now.isHeld { violate("F2", process, "\(view.id) without a Hold before") }
        // The next count of an era is a flush within one HWG view.
        if let now, now.isHeld, !now.isHeldByHeavy, change.unchanged, view.id.era == now.view.id.era,
            view.id.count == now.view.id.count + 1
        {
            violate("F3", process, "held for nothing in \(now.view.id)")
        }
        if let index = current[process] { stays[process]?[index].next = view.id }
        stays[process]?.append(Stay(view: view, change: change))
        current[process] = (stays[process]?.count ?? 1) - 1
    }

    mutating func left(_ process: Process) { current[process] = nil }

    mutating func held(_ process: Process, _ view: ViewID, byHeavy: Bool) {
        guard let index = current[process], let stay = stays[process]?[index] else {
            violate("F2", process, "hold without a view")
            return
        }
        if stay.view.id != view { violate("F2", process, "hold of another view") }
        if stay.isHeld { violate("F2", process, "held twice in \(view)") }
        stays[process]?[index].isHeld = true
        stays[process]?[index].isHeldByHeavy = byHeavy
    }

    mutating func answered(_ process: Process, _ view: ViewID) {
        guard let index = current[process], stays[process]?[index].view.id == view else { return }
        stays[process]?[index].hasAnswered = true
    }

    mutating func sent(_ process: Process, _ payload: UInt64, _ order: Order, number: UInt64) {
        guard let index = current[process], let stay = stays[process]?[index] else {
            violate("M3", process, "sent without a view")
            return
        }
        if stay.hasAnswered { violate("F1", process, "sent after HoldOK in \(stay.view.id)") }
        sends[payload] = (process, stay.view.id)
        stays[process]?[index].sent.append(
            Message(sender: process.endpoint, payload: payload, order: order, number: number))
    }

    mutating func delivered(_ process: Process, _ payload: UInt64, _ order: Order, number: UInt64, sender: UInt16) {
        deliveries += 1
        guard let index = current[process], let stay = stays[process]?[index] else {
            violate("M3", process, "delivered without a view")
            return
        }
        guard let (from, view) = sends[payload], from.group == process.group else {
            violate("D1", process, "nobody sent \(payload) here")
            return
        }
        if view != stay.view.id { violate("D3", process, "sent in \(view), delivered in \(stay.view.id)") }
        guard Int(sender) < stay.view.members.count, stay.view.members[Int(sender)] == from.endpoint else {
            violate("D1", process, "wrong sender")
            return
        }
        stays[process]?[index].delivered.append(
            Message(sender: from.endpoint, payload: payload, order: order, number: number))
    }

    /// Properties that need the whole history.
    mutating func judge() {
        for process in order { for stay in stays[process] ?? [] { judge(process, stay) } }
        var byView: [String: [ViewID: [(EndpointID, Stay, Stay?)]]] = [:]
        for process in order {
            for (index, stay) in (stays[process] ?? []).enumerated() {
                let before = index > 0 ? stays[process]?[index - 1] : nil
                let old = stay.change.previous == before?.view.id ? before : nil
                byView[process.group, default: [:]][stay.view.id, default: []].append((process.endpoint, stay, old))
            }
        }
        for (group, installs) in byView {
            for (_, all) in installs { judgeTogether(group, all) }
        }
    }

    private mutating func judge(_ process: Process, _ stay: Stay) {
        if Set(stay.delivered.map(\.payload)).count != stay.delivered.count { violate("D2", process, "duplicate") }
        for sender in stay.view.members {
            let got = stay.delivered.filter { $0.sender == sender }
            let theirs =
                stays[Process(group: process.group, endpoint: sender)]?
                .first { $0.view.id == stay.view.id }?.sent ?? []
            if got != Array(theirs.prefix(got.count)) {
                violate("O1", process, "order of \(sender) in \(stay.view.id)")
            }
            if sender == process.endpoint, stay.next != nil, got.count != theirs.count {
                violate("D6", process, "own messages of \(stay.view.id)")
            }
        }
    }

    /// All that installed one view.
    private mutating func judgeTogether(_ group: String, _ all: [(EndpointID, Stay, Stay?)]) {
        for (p, mine, before) in all {
            for (q, theirs, theirBefore) in all where q != p {
                let together = mine.change.previous != nil && mine.change.previous == theirs.change.previous
                let process = Process(group: group, endpoint: p)
                if mine.change.transitional.contains(q) != together {
                    violate("M6", process, "\(q) in transitional of \(mine.view.id)")
                }
                guard together, let before, let theirBefore else { continue }
                if Set(before.delivered) != Set(theirBefore.delivered) {
                    violate("D4", process, "and \(q) from \(before.view.id) to \(mine.view.id)")
                }
                let total = { (stay: Stay) in stay.delivered.filter { $0.order.isOrdered } }
                if total(before) != total(theirBefore) { violate("O3", process, "and \(q) in \(before.view.id)") }
            }
        }
    }
}
