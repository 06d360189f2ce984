/// How many entries a node's tables have: what must not grow while nodes and groups come and go.
extension GroupNode {
    /// By name. One trip to the loop and back; empty after the end.
    package func tableSizes() async -> [String: Int] {
        await runtime.ask { runtime in
            var sizes = runtime.core.pointee.tableSizes
            sizes["addresses"] = runtime.addresses.count
            sizes["consumers"] = runtime.consumers.count { $0 != nil }
            sizes["seats"] = runtime.seats.count { $0 != nil }
            sizes["seatPlaces"] = runtime.seats.count
            sizes["joins"] = runtime.joins.count
            sizes["flushes"] = runtime.flushes.count
            sizes["heldSince"] = runtime.heldSince.count
            sizes["links"] = runtime.liveness.links.count
            sizes["targets"] = runtime.liveness.targets.count
            sizes["known"] = runtime.liveness.known.count
            return sizes
        } ?? [:]
    }
}
