/// What must not grow while nodes and groups come and go.
extension NodeCore {
    package var tableSizes: [String: Int] {
        [
            "peers": peers.count, "slots": slots.count, "tokens": slotOfToken.count, "deadlines": deadlines.count,
            "heavyweightGroups": isLive.count { $0 }, "lightweightGroups": lwg.seatedGroups,
            "carriedGroups": lwg.carriedGroups,
        ]
    }
}
