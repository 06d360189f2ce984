// Texts to numbers.
extension TraceHistory {
    /// The number of a text, with room for what it may name.
    private mutating func name(_ bytes: UnsafeRawBufferPointer) -> Int {
        let (index, isNew) = names.intern(bytes)
        if isNew {
            memberOfName.append(Self.unseen)
            groupOfName.append(Self.unseen)
        }
        return index
    }

    private mutating func name(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { name(UnsafeRawBufferPointer($0)) }
    }

    private static var unseen: Int32 { -2 }
    private static var wrong: Int32 { -1 }

    mutating func member(_ field: TraceField) -> Int32? {
        let value = scratch[field]
        guard value.kind == .string else { return nil }
        return member(scratch.slice(value))
    }

    /// `name.incarnation` or `name.incarnation/endpoint`. Endpoints may hold dots; names of nodes hold no slash.
    mutating func member(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        let index = name(bytes)
        if memberOfName[index] == Self.unseen { memberOfName[index] = newMember(bytes, name: index) ?? Self.wrong }
        return memberOfName[index] == Self.wrong ? nil : memberOfName[index]
    }

    private mutating func newMember(_ bytes: UnsafeRawBufferPointer, name index: Int) -> Int32? {
        let slash = bytes.firstOffset(of: UInt8(ascii: "/"), from: 0)
        let node = UnsafeRawBufferPointer(rebasing: bytes[..<(slash ?? bytes.count)])
        guard let dot = node.lastIndex(of: UInt8(ascii: ".")), dot > 0,
            let incarnation = UnsafeRawBufferPointer(rebasing: node[(dot + 1)...]).decimal()
        else { return nil }
        var lasting = String(decoding: node[..<dot], as: UTF8.self)
        var process: Int32?
        if let slash {
            guard slash + 1 < bytes.count else { return nil }
            lasting += String(decoding: bytes[slash...], as: UTF8.self)
            process = member(node)
        }
        let lastingName = Int32(name(lasting))
        let member = Int32(members.count)
        members.append(Member(process: process ?? member, lasting: lastingName, incarnation: incarnation))
        nameOfMember.append(Int32(index))
        return member
    }

    mutating func group() -> Int32? {
        let value = scratch[.g]
        switch value.kind {
        case .string:
            return group(scratch.slice(value))
        case .escaped:
            guard let text = scratch.slice(value).unescaped() else { return nil }
            return text.withUnsafeBytes { group($0) }
        default:
            return nil
        }
    }

    mutating func group(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        let index = name(bytes)
        if groupOfName[index] == Self.unseen {
            let isLightweight = bytes.starts(with: "lwg:".utf8)
            if bytes.count > 4, isLightweight || bytes.starts(with: "hwg:".utf8) {
                groupOfName[index] = Int32(groups.count)
                groups.append(Group(name: Int32(index), isLightweight: isLightweight))
            } else {
                groupOfName[index] = Self.wrong
            }
        }
        return groupOfName[index] == Self.wrong ? nil : groupOfName[index]
    }

    /// A heavyweight group by its bare ID, or by the text that `g` has.
    mutating func group(hwg bytes: UnsafeRawBufferPointer) -> Int32 {
        if bytes.starts(with: "hwg:".utf8), let group = group(bytes) { return group }
        var text = Array("hwg:".utf8)
        text.append(contentsOf: bytes)
        return text.withUnsafeBytes { group($0) } ?? -1
    }

    mutating func seat(of member: Int32, in group: Int32) -> Int32 {
        let (index, isNew) = seatKeys.intern(UInt64(group), UInt64(member))
        if isNew { seats.append(Seat(group: group, member: member)) }
        return Int32(index)
    }

    mutating func view(_ field: TraceField, of group: Int32) -> Int32? {
        let value = scratch[field]
        guard value.kind == .string, group >= 0 else { return nil }
        return view(scratch.slice(value), of: group)
    }

    mutating func view(_ bytes: UnsafeRawBufferPointer, of group: Int32) -> Int32? {
        let text = name(bytes)
        if let known = viewKeys.find(UInt64(group), UInt64(text)) { return Int32(known) }
        guard let at = bytes.firstOffset(of: UInt8(ascii: "@"), from: 0),
            let epoch = UnsafeRawBufferPointer(rebasing: bytes[..<at]).decimal(),
            member(UnsafeRawBufferPointer(rebasing: bytes[(at + 1)...])) != nil
        else { return nil }
        _ = viewKeys.intern(UInt64(group), UInt64(text))
        views.append(View(group: group, name: Int32(text), epoch: epoch, firstInstallation: -1))
        return Int32(views.count - 1)
    }

    mutating func message(of group: Int32) -> Int32? {
        let value = scratch[.m]
        guard value.kind == .string else { return nil }
        let bytes = scratch.slice(value)
        guard let mark = bytes.lastIndex(of: UInt8(ascii: "#")),
            let number = UnsafeRawBufferPointer(rebasing: bytes[(mark + 1)...]).decimal(),
            let sender = member(UnsafeRawBufferPointer(rebasing: bytes[..<mark]))
        else { return nil }
        return message(of: group, sender: sender, number: number)
    }

    @inline(__always)
    mutating func message(of group: Int32, sender: Int32, number: UInt64) -> Int32 {
        let (index, isNew) = messageKeys.intern(UInt64(group) << 32 | UInt64(sender), number)
        if isNew { messages.append(Message(group: group, sender: sender, number: number, send: -1)) }
        return Int32(index)
    }

    func order() -> UInt8? {
        let value = scratch[.order]
        guard value.kind == .string else { return nil }
        let bytes = scratch.slice(value)
        return Self.orders.firstIndex { $0.utf8CodeUnitCount == bytes.count && bytes.elementsEqualBytes($0.bytes) }
            .map { UInt8($0) }
    }

    /// A member list, by the text of the whole array: lines of one view write it alike.
    mutating func list(_ field: TraceField) -> Int32? {
        let value = scratch[field]
        guard value.kind == .array else { return nil }
        let bytes = scratch.slice(value)
        let (index, isNew) = listNames.intern(bytes)
        if isNew {
            var list: [Int32] = []
            for text in TraceLine.strings(bytes) ?? [] {
                list.append(member(UnsafeRawBufferPointer(rebasing: bytes[text.start..<text.end])) ?? -1)
            }
            if TraceLine.strings(bytes) == nil { list = [-1] }
            lists.append(list)
        }
        return lists[index].contains(-1) ? nil : Int32(index)
    }
}
