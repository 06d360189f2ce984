import GroupModel

// The vocabulary's encoding, in one place for all messages.

extension ByteWriter {
    public mutating func member(_ value: MemberID) {
        u64(value.node.raw)
        u32(value.incarnation)
    }
    public mutating func viewID(_ value: ViewID) {
        u64(value.epoch)
        member(value.coordinator)
    }
    public mutating func hwgID(_ value: HWGID) {
        u64(value.high)
        u64(value.low)
    }
    public mutating func shortName(_ value: ShortName) {
        u64(value.high)
        u64(value.low)
    }
    public mutating func view(_ value: View<MemberID>) {
        viewID(value.id)
        array(value.members) { $0.member($1) }
    }
    public mutating func endpoint(_ value: EndpointID) {
        member(value.member)
        shortName(value.name)
    }
    public mutating func card(_ value: NodeCard) {
        shortString(value.name)
        member(value.member)
        u64(value.address.high)
        u64(value.address.low)
        u16(value.address.port)
    }
}

extension ByteReader {
    /// A `MemberID` on the wire.
    public static let memberBytes = 12

    public mutating func member() -> MemberID {
        let node = NodeID(raw: u64())
        return MemberID(node: node, incarnation: u32())
    }
    public mutating func viewID() -> ViewID {
        let epoch = u64()
        return ViewID(epoch: epoch, coordinator: member())
    }
    public mutating func hwgID() -> HWGID {
        let high = u64()
        let low = u64()
        guard let id = HWGID(high: high, low: low) else { fail(); return Self.nullHWG }
        return id
    }
    public mutating func shortName() -> ShortName {
        let high = u64()
        let low = u64()
        guard let name = ShortName(high: high, low: low) else { fail(); return Self.nullName }
        return name
    }
    /// Fails on an empty list and on a member named twice.
    public mutating func view() -> View<MemberID> {
        let id = viewID()
        let members = array(limit: Limits.viewMembers, elementBytes: Self.memberBytes) { $0.member() }
        if members.isEmpty || !members.allDiffer { fail() }
        return View(id: id, members: members)
    }
    public mutating func endpoint() -> EndpointID {
        let member = member()
        return EndpointID(member: member, name: shortName())
    }
    public mutating func card() -> NodeCard {
        let name = shortString(limit: Limits.nodeNameBytes)
        let member = member()
        let high = u64()
        let low = u64()
        return NodeCard(name: name, member: member, address: NodeAddress(high: high, low: low, port: u16()))
    }

    private static let nullName = ShortName(bytes: CollectionOfOne(UInt8(ascii: "-")))!
    private static let nullHWG = HWGID(named: nullName)
}
