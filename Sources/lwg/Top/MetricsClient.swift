import EventLoop

/// Asks nodes for their metrics, all at once, on a loop of its own.
final class MetricsClient: Sendable {
    struct Target: Hashable, Sendable {
        /// As the user wrote it.
        let name: String
        /// Nil where its host is not known.
        let address: SocketAddress?

        /// `HOST:PORT`, or a port of 127.0.0.1.
        /// - Throws: when it has another form; a host that is not known is a node that is down.
        init(_ text: String) throws(AddressError) {
            let isPort = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
            name = isPort ? "127.0.0.1:\(text)" : text
            let host = try HostPort(parsing: name)
            address = try? host.resolve().first
        }
    }

    private let loop: EventLoop

    init() throws(SystemError) {
        loop = try EventLoop()
        loop.start(name: "lwg top") {}
    }

    deinit { loop.stop() }

    func look(at targets: [Target]) async -> [TopRow.Look] {
        await withTaskGroup(of: (Int, TopRow.Look).self) { group in
            for (index, target) in targets.enumerated() { group.addTask { (index, await self.look(at: target)) } }
            var looks: [(Int, TopRow.Look)] = []
            for await look in group { looks.append(look) }
            return looks.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func look(at target: Target) async -> TopRow.Look {
        guard let address = target.address else {
            return TopRow.Look(at: Monotonic.nanoseconds, failure: "the host is not known")
        }
        let result = await withCheckedContinuation { continuation in
            loop.execute { [loop] in
                HTTPFetch.get(loop, "/metrics", from: address) { continuation.resume(returning: $0) }
            }
        }
        let now = Monotonic.nanoseconds
        switch result {
        case .failure(let failure): return TopRow.Look(at: now, failure: failure.description)
        case .success(let response):
            guard response.status == 200, let page = MetricsPage(String(decoding: response.body, as: UTF8.self)) else {
                return TopRow.Look(at: now, failure: "the answer is no node's metrics")
            }
            return TopRow.Look(at: now, page: page)
        }
    }
}
