import LightweightGroups

/// One copy of a counter that many nodes keep: a state machine fed by total order.
///
/// State transfer without help of the library: the oldest member of a view in which somebody comes from elsewhere multicasts
/// its state, as it was when the view began, in total order. Who does not come from the oldest member's view takes it, and
/// then does what was delivered in this view before it. Joiners and the sides of a healed partition are the same case; of
/// two sides the oldest member's prevails. If the oldest crashes first, the next view begins it again.
actor Replica {
    private enum Message {
        case add(Int64)
        case state(Int64)
    }

    let node: GroupNode
    private let group: Group
    private(set) var value: Int64 = 0
    /// Additions of this view that wait for the state; nil when this replica has it.
    private var awaited: [Int64]?
    private var members = 0
    private var waiters: [(isDue: (isolated Replica) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

    init(name: String, peers: [String]) async throws {
        var settings = NodeSettings(name: name)
        settings.peers = peers
        settings.logLevel = .warning
        node = try await GroupNode.start(settings)
        group = try await node.join("counter")
    }

    func add(_ number: Int64) async throws { try await send(.add(number)) }

    /// Follows the group until the seat is gone.
    func run() async throws {
        for await event in group.events {
            switch event {
            case .view(let view): try await installed(view)
            case .message(let message): delivered(message)
            default: break
            }
        }
    }

    private func installed(_ view: GroupView) async throws {
        members = view.members.count
        let oldest = view.members[0]
        if !view.transitional.contains(oldest) {
            awaited = []
        } else if oldest == group.member, view.transitional.count < view.members.count {
            try await send(.state(value))
        }
        wake()
    }

    private func delivered(_ message: GroupMessage) {
        switch Self.decode(message.bytes) {
        case .add(let number):
            if awaited == nil { value += number } else { awaited?.append(number) }
        case .state(let state):
            guard let additions = awaited else { return }
            value = state + additions.reduce(0, +)
            awaited = nil
        case nil: break
        }
        wake()
    }

    /// Suspends until the counter has this value.
    func reached(_ target: Int64) async { await wait { $0.awaited == nil && $0.value == target } }

    /// Suspends until the replica is in a view of so many. What one adds before it has met the others is its own side's, and
    /// lost when the oldest member's side prevails.
    func met(_ count: Int) async { await wait { $0.members == count } }

    private func wait(until isDue: @escaping (isolated Replica) -> Bool) async {
        if isDue(self) { return }
        await withCheckedContinuation { waiters.append((isDue, $0)) }
    }

    private func wake() {
        for waiter in waiters where waiter.isDue(self) { waiter.continuation.resume() }
        waiters.removeAll { $0.isDue(self) }
    }

    // MARK: Bytes

    private func send(_ message: Message) async throws {
        try await group.multicast(Self.encode(message), order: .total)
    }

    private static func encode(_ message: Message) -> [UInt8] {
        let (kind, number): (UInt8, Int64) =
            switch message {
            case .add(let number): (0, number)
            case .state(let number): (1, number)
            }
        return [kind] + withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func decode(_ bytes: [UInt8]) -> Message? {
        guard bytes.count == 9 else { return nil }
        let number = bytes.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(fromByteOffset: 1, as: Int64.self)) }
        return bytes[0] == 0 ? .add(number) : bytes[0] == 1 ? .state(number) : nil
    }
}
