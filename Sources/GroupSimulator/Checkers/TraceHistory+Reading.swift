// Lines to events. A wrong line is kept for the report and otherwise passed over.
extension TraceHistory {
    /// Longer lines are wrong; a view of a thousand endpoints with the longest names takes 200 KB.
    private static let lineLimit = 16 << 20
    /// Wrong lines that are described; the others are counted.
    private static let wrongLineLimit = 100

    /// What follows comes from this file. Each process's events keep the order in which files and lines are read.
    mutating func begin(file: String) {
        files.append(file)
        line = 0
        partial.removeAll()
    }

    /// The next bytes of the file, cut anywhere.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        if files.isEmpty { begin(file: "trace") }
        var start = 0
        while let end = bytes.firstOffset(of: 0x0A, from: start) {
            let slice = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if partial.isEmpty {
                take(line: slice, isLast: false)
            } else {
                partial.append(contentsOf: slice)
                takePartial(isLast: false)
            }
            start = end + 1
        }
        if partial.count + bytes.count - start > Self.lineLimit {
            wrong("longer than \(Self.lineLimit) bytes")
            partial.removeAll()
        } else {
            partial.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
    }

    /// The end of the file. A last line without its line feed is what a killed process left; it may be cut.
    mutating func endFile() {
        if !partial.isEmpty { takePartial(isLast: true) }
    }

    private mutating func takePartial(isLast: Bool) {
        var whole: [UInt8] = []
        swap(&whole, &partial)
        whole.withUnsafeBytes { take(line: $0, isLast: isLast) }
        whole.removeAll(keepingCapacity: true)
        swap(&whole, &partial)
    }

    private mutating func take(line bytes: UnsafeRawBufferPointer, isLast: Bool) {
        line += 1
        if bytes.isEmpty || (bytes.count == 1 && bytes[0] == 0x0D) { return }
        guard scratch.read(bytes) else {
            if !isLast { wrong("not one JSON object") }
            return
        }
        if let why = interpret() { wrong(why) }
    }

    mutating func wrong(_ why: String) {
        malformed += 1
        if wrongLines.count < Self.wrongLineLimit {
            wrongLines.append((Int32(files.count - 1), line, why))
        }
    }

    private static let kinds: [(name: StaticString, kind: Kind)] = [
        ("deliver", .deliver), ("send", .send), ("view", .view), ("hold", .hold), ("holdok", .holdOK),
        ("stable", .stable), ("flush", .flush), ("join", .join), ("leave", .leave), ("map", .map),
        ("switch", .switched), ("start", .start), ("stop", .stop), ("quiet", .quiet),
    ]

    private func kind() -> Kind? {
        let value = scratch[.ev]
        guard value.kind == .string else { return nil }
        let bytes = scratch.slice(value)
        for (name, kind) in Self.kinds where name.utf8CodeUnitCount == bytes.count {
            if bytes.elementsEqualBytes(name.bytes) { return kind }
        }
        return nil
    }

    /// Takes the scratch line; what is wrong with it, or nil.
    private mutating func interpret() -> String? {
        guard let kind = kind() else { return "`ev` is missing or unknown" }
        guard let member = member(.p) else { return "`p` is not `name.incarnation` or `name.incarnation/endpoint`" }
        var event = Event(
            kind: kind, order: 0, trans: false, file: Int32(files.count - 1), line: line, seat: -1,
            process: members[Int(member)].process, view: -1, message: -1, to: -1, installation: -1)
        switch kind {
        case .start, .stop, .quiet:
            events.append(event)
            return nil
        default: break
        }
        guard let group = group() else { return "`g` is not `lwg:NAME` or `hwg:ID`" }
        event.seat = seat(of: member, in: group)
        switch kind {
        case .start, .stop, .quiet, .join, .leave, .flush, .map, .switched: break
        case .hold, .holdOK:
            guard let view = view(.vid, of: group) else { return "`vid` is not `epoch@name.incarnation`" }
            event.view = view
        case .stable:
            guard let message = message(of: group) else { return "`m` is not `sender#number`" }
            event.message = message
        case .send, .deliver:
            guard let message = message(of: group) else { return "`m` is not `sender#number`" }
            guard let view = view(.vid, of: group) else { return "`vid` is not `epoch@name.incarnation`" }
            guard let order = order() else { return "`order` is not fifo, causal, total or safe" }
            event.message = message
            event.view = view
            event.order = order
            event.trans = scratch[.trans].kind == .yes
            if scratch[.to].kind != .absent, scratch[.to].kind != .null {
                guard let to = self.member(.to) else { return "`to` is not a member" }
                event.to = to
            }
            if kind == .send, messages[Int(message)].send < 0 { messages[Int(message)].send = Int32(events.count) }
        case .view:
            guard let installation = installation(of: group, seat: event.seat) else {
                return "`vid`, `members`, `prev` or `trans` is missing or wrong"
            }
            event.view = installation.view
            event.installation = Int32(installations.count)
            if views[Int(installation.view)].firstInstallation < 0 {
                views[Int(installation.view)].firstInstallation = event.installation
            }
            installations.append(installation)
        }
        events.append(event)
        return nil
    }

    private mutating func installation(of group: Int32, seat: Int32) -> Installation? {
        guard let view = view(.vid, of: group), let members = list(.members), let trans = list(.trans) else {
            return nil
        }
        var previous: Int32 = -1
        if scratch[.prev].kind != .null {
            guard let view = self.view(.prev, of: group) else { return nil }
            previous = view
        }
        var carrier: Int32 = -1
        var carrierView: Int32 = -1
        if scratch[.hwg].kind == .string, scratch[.hvid].kind == .string {
            let hwg = self.group(hwg: scratch.slice(scratch[.hwg]))
            carrier = hwg
            carrierView = self.view(.hvid, of: hwg) ?? -1
        }
        return Installation(
            event: Int32(events.count), seat: seat, view: view, previous: previous, members: members, trans: trans,
            primary: scratch[.primary].kind == .yes, unchanged: scratch[.unchanged].kind == .yes, carrier: carrier,
            carrierView: carrierView)
    }
}
