/// First in, first out, in one array. What was taken is dropped when it is half of the array: a queue that never is
/// quite empty holds at most twice what is in it, and an element is moved once on average.
struct Fifo<Element> {
    /// Below this many taken elements nothing is moved.
    static var slack: Int { 64 }

    /// Nil where the element was taken.
    private var places: [Element?] = []
    private var head = 0
    /// Whether an empty queue keeps its memory for what comes next.
    private let keepsMemory: Bool

    init(keepsMemory: Bool) { self.keepsMemory = keepsMemory }

    var isEmpty: Bool { head == places.count }
    var count: Int { places.count - head }
    var first: Element? { isEmpty ? nil : places[head] }
    /// Places in memory, those of taken elements too.
    var length: Int { places.count }

    mutating func append(_ element: Element) { places.append(element) }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer {
            places[head] = nil
            head += 1
            compact()
        }
        return places[head]
    }

    /// The youngest, out of the queue, so that it can be changed without a copy and appended again.
    mutating func popLast() -> Element? { isEmpty ? nil : places.removeLast() }

    /// Puts another element in the place of the first, which must be there.
    mutating func replaceFirst(_ element: Element) { places[head] = element }

    private mutating func compact() {
        if isEmpty {
            places.removeAll(keepingCapacity: keepsMemory)
            head = 0
        } else if head >= Self.slack, head * 2 >= places.count {
            places.removeFirst(head)
            head = 0
        }
    }
}

extension Fifo: Sequence {
    func makeIterator() -> AnyIterator<Element> {
        var rest = places[head...]
        return AnyIterator { rest.popFirst() ?? nil }
    }
}

extension Fifo: Sendable where Element: Sendable {}
