import GroupModel

// Records to events, as if their lines were read. A history is filled from lines or from records, not from both.
extension TraceHistory {
    /// The name that the node's lines have.
    mutating func learn(_ card: NodeCard) {
        if !card.name.isEmpty, records.names[card.member.node] == nil {
            records.names[card.member.node] = card.name
        }
    }

    mutating func take(_ record: TraceRecord) {
        line += 1
        let member = member(of: record.member)
        var event = Event(
            kind: .start, order: 0, trans: false, file: Int32(files.count - 1), line: line, seat: -1,
            process: members[Int(member)].process, view: -1, message: -1, to: -1, installation: -1)
        if let group = Self.group(of: record.event) {
            let number = self.group(of: group)
            guard number >= 0 else { return wrong("`g` is not `lwg:NAME` or `hwg:ID`") }
            event.seat = seat(of: member, in: number)
        }
        switch record.event {
        case .start: event.kind = .start
        case .stop: event.kind = .stop
        case .quiet: event.kind = .quiet
        case .join: event.kind = .join
        case .leave: event.kind = .leave
        case .flush: event.kind = .flush
        case .map: event.kind = .map
        case .switched: event.kind = .switched
        case .hold(_, let view):
            event.kind = .hold
            event.view = self.view(view, of: seats[Int(event.seat)].group)
        case .holdOK(_, let view):
            event.kind = .holdOK
            event.view = self.view(view, of: seats[Int(event.seat)].group)
        case .stable(_, let name, _):
            event.kind = .stable
            event.message = message(name, of: seats[Int(event.seat)].group)
        case .send(_, let name, let view, let order, let to):
            event.kind = .send
            concern(&event, name, view, order, to)
            if messages[Int(event.message)].send < 0 { messages[Int(event.message)].send = Int32(events.count) }
        case .deliver(_, let name, let view, let order, let trans, let to):
            event.kind = .deliver
            concern(&event, name, view, order, to)
            event.trans = trans
        case .view(_, let view):
            event.kind = .view
            install(&event, view)
        }
        events.append(event)
    }

    @inline(__always)
    private static func group(of event: TraceRecord.Event) -> TraceGroup? {
        switch event {
        case .start, .stop, .quiet: nil
        case .join(let group), .leave(let group), .flush(let group), .map(let group, _, _),
            .switched(let group, _, _), .hold(let group, _), .holdOK(let group, _), .stable(let group, _, _),
            .send(let group, _, _, _, _), .deliver(let group, _, _, _, _, _), .view(let group, _):
            group
        }
    }

    @inline(__always)
    private mutating func concern(
        _ event: inout Event, _ name: MessageName, _ view: ViewID, _ order: Order, _ to: TraceMember?
    ) {
        let group = seats[Int(event.seat)].group
        event.message = message(name, of: group)
        event.view = self.view(view, of: group)
        event.order =
            switch order {
            case .fifo: Self.fifo
            case .causal: Self.causal
            case .total: Self.total
            case .safe: Self.safe
            }
        if let to { event.to = member(of: to) }
    }

    private mutating func install(_ event: inout Event, _ view: TraceView) {
        let group = seats[Int(event.seat)].group
        let id = self.view(view.id, of: group)
        let members = list(view.members)
        let trans = list(view.transitional)
        let previous = view.previous.map { self.view($0, of: group) } ?? -1
        var carrier: Int32 = -1
        var carrierView: Int32 = -1
        if let hwg = view.carrier, let hvid = view.carrierView {
            carrier = self.group(of: hwg)
            carrierView = self.view(hvid, of: carrier)
        }
        event.view = id
        event.installation = Int32(installations.count)
        if views[Int(id)].firstInstallation < 0 { views[Int(id)].firstInstallation = event.installation }
        installations.append(
            Installation(
                event: Int32(events.count), seat: event.seat, view: id, previous: previous, members: members,
                trans: trans, primary: view.primary, unchanged: view.unchanged, carrier: carrier,
                carrierView: carrierView))
    }

    // Names to numbers: by the text when one comes for the first time, so that there is one numbering.

    @inline(__always)
    private mutating func member(of name: TraceMember) -> Int32 {
        let (index, isNew) = records.members.number(of: RecordNumbers.MemberKey(name))
        return isNew ? newMember(name) : records.memberOf[index]
    }

    private mutating func newMember(_ name: TraceMember) -> Int32 {
        var text =
            switch name {
            case .node(let id): self.text(id)
            case .endpoint(let id): "\(self.text(id.member))/\(id.name)"
            }
        guard let member = text.withUTF8({ member(UnsafeRawBufferPointer($0)) }) else {
            preconditionFailure("a member's text is one of a member")
        }
        records.memberOf.append(member)
        return member
    }

    private func text(_ id: MemberID) -> String {
        "\(records.names[id.node] ?? id.node.description).\(id.incarnation)"
    }

    private mutating func group(of group: TraceGroup) -> Int32 {
        switch group {
        case .hwg(let id): return self.group(of: id)
        case .lwg(let name):
            let (index, isNew) = records.groups.number(of: RecordNumbers.GroupKey(name: name))
            if isNew { records.groupOf.append(newGroup("lwg:\(name)")) }
            return records.groupOf[index]
        }
    }

    private mutating func group(of id: HWGID) -> Int32 {
        let (index, isNew) = records.heavyGroups.number(of: RecordNumbers.HeavyKey(id: id))
        if isNew { records.heavyGroupOf.append(newGroup("hwg:\(id)")) }
        return records.heavyGroupOf[index]
    }

    /// -1 where the name is empty.
    private mutating func newGroup(_ text: String) -> Int32 {
        var text = text
        return text.withUTF8 { group(UnsafeRawBufferPointer($0)) } ?? -1
    }

    @inline(__always)
    private mutating func view(_ id: ViewID, of group: Int32) -> Int32 {
        let (index, isNew) = records.views.number(of: RecordNumbers.ViewKey(group: group, id: id))
        return isNew ? newView(id, group) : records.viewOf[index]
    }

    private mutating func newView(_ id: ViewID, _ group: Int32) -> Int32 {
        var text = "\(id.epoch)@\(self.text(id.coordinator))"
        guard let view = text.withUTF8({ view(UnsafeRawBufferPointer($0), of: group) }) else {
            preconditionFailure("a view's text is one of a view")
        }
        records.viewOf.append(view)
        return view
    }

    @inline(__always)
    private mutating func message(_ name: MessageName, of group: Int32) -> Int32 {
        message(of: group, sender: member(of: name.sender), number: name.number)
    }

    private mutating func list(_ names: [TraceMember]) -> Int32 {
        let list = names.map { member(of: $0) }
        let (index, isNew) = records.lists.number(of: RecordNumbers.ListKey(members: list))
        if isNew {
            records.listOf.append(Int32(lists.count))
            lists.append(list)
        }
        return records.listOf[index]
    }
}
