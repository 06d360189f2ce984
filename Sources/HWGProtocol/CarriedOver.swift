import GroupModel

extension CarriedOver {
    /// Takes the layer above's data, whose labels end with their view, and the flush requests that wait for them.
    /// Control messages, which name their view themselves, stay.
    mutating func takeData() -> CarriedOver {
        var data = CarriedOver()
        data.items = items.filter { !$0.isControl }
        guard !data.items.isEmpty else { return data }
        items.removeAll { !$0.isControl }
        data.flushes = flushes
        flushes = []
        return data
    }

    mutating func relabel(to label: UInt32) {
        items = items.map {
            SendQueue.Item(ticket: $0.ticket, bytes: $0.bytes, label: label, order: $0.order, isControl: $0.isControl)
        }
    }

    mutating func dropMessages() { items = [] }
}
