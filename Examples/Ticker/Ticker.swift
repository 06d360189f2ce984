import LightweightGroups

/// A feed sends prices in two thousand groups, one per instrument; a desk follows them all through one inbox.
///
/// One task and one queue for all groups: what is kept per group is an element of an array, indexed by the seat's number.
@main
enum Ticker {
    static let names = (0..<2_000).map { "prices/\($0)" }
    static let rounds = 20

    static func main() async throws {
        var settings = NodeSettings(name: "feed")
        settings.logLevel = .warning
        let feed = try await GroupNode.start(settings)
        settings.name = "desk"
        settings.peers = [feed.listenAddress]
        let desk = try await GroupNode.start(settings)

        let prices = try await feed.join(names) { _ in }
        let inbox = Inbox()
        _ = try await desk.join(names, into: inbox)
        var book = Book()
        while book.complete < names.count, let batch = await inbox.nextBatch() { book.read(batch) }
        print("desk: \(book.complete) groups with feed and desk in them")

        async let sent: Void = send(prices)
        while book.ticks < rounds * names.count, let batch = await inbox.nextBatch() { book.read(batch) }
        try await sent
        let isLast = book.prices.allSatisfy { $0 == Int64(rounds - 1) }
        print("desk: \(book.ticks) ticks; the last price of every instrument is \(isLast ? "known" : "not known")")
        await desk.stop()
        await feed.stop()
        if !isLast { throw Failure() }
    }

    struct Failure: Error {}

    static func send(_ groups: [Group]) async throws {
        for round in 0..<rounds {
            let bytes = withUnsafeBytes(of: Int64(round).littleEndian) { Array($0) }
            for group in groups { try await group.multicast(bytes) }
        }
    }
}

/// What the desk knows, by seat.
struct Book {
    var prices: [Int64] = []
    var ticks = 0
    /// Groups whose view has both nodes.
    var complete = 0

    mutating func read(_ batch: InboxBatch) {
        batch.walk { entry, bytes in
            prices[entry.seat] = Int64(littleEndian: bytes.loadUnaligned(as: Int64.self))
            ticks += 1
        } event: { group, event in
            guard case .view(let view) = event else { return }
            while prices.count <= group.seat { prices.append(-1) }
            if view.members.count == 2, !view.joined.isEmpty { complete += 1 }
        }
    }
}
