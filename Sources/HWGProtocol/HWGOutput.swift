import GroupModel

/// What the machines of one heavyweight group emit in a turn: datagrams down, indications up.
public struct HWGOutput {
    public var transmissions: [Transmission] = []
    public var indications = HWGIndications()
    public init() {}
    public mutating func removeAll() {
        transmissions.removeAll(keepingCapacity: true)
        indications.removeAll()
    }
}
