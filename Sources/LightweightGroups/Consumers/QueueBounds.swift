/// What a queue between the loop and the application may hold before the node stops taking data.
struct QueueBounds: Sendable {
    var messages: Int
    var bytes: Int
}

/// What a queue holds, and whether it went over its bounds and has not come back to half of them: the distance keeps
/// a node from stopping and resuming for every message.
struct QueueLoad: Sendable {
    private(set) var messages = 0
    private(set) var bytes = 0
    private(set) var isOver = false

    mutating func add(messages: Int, bytes: Int, within bounds: QueueBounds) {
        self.messages += messages
        self.bytes += bytes
        if self.messages > bounds.messages || self.bytes > bounds.bytes { isOver = true }
    }

    /// True when this ended being over.
    mutating func remove(messages: Int, bytes: Int, within bounds: QueueBounds) -> Bool {
        self.messages -= messages
        self.bytes -= bytes
        guard isOver, self.messages <= bounds.messages / 2, self.bytes <= bounds.bytes / 2 else { return false }
        isOver = false
        return true
    }
}
