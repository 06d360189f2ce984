/// Tasks that sleep until something is there, kept inside the lock that guards what they wait for.
struct WaitList: ~Copyable {
    private var waiting: [(id: UInt64, continuation: UnsafeContinuation<Void, Never>)] = []
    private var next: UInt64 = 0

    var isEmpty: Bool { waiting.isEmpty }

    mutating func newID() -> UInt64 {
        next &+= 1
        return next
    }

    mutating func add(_ id: UInt64, _ continuation: UnsafeContinuation<Void, Never>) {
        waiting.append((id, continuation))
    }

    mutating func remove(_ id: UInt64) -> UnsafeContinuation<Void, Never>? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).continuation
    }

    /// All of them, to be resumed outside the lock; each looks again at what it waited for.
    mutating func takeAll() -> [UnsafeContinuation<Void, Never>] {
        guard !waiting.isEmpty else { return [] }
        defer { waiting.removeAll(keepingCapacity: true) }
        return waiting.map(\.continuation)
    }
}
