import EventLoop
import GroupModel

// The record of primary views (mode `partition: primary`).
extension NodeRuntime {
    /// Between attempts to write it, in nanoseconds.
    private static let retryTime: Int64 = 1_000_000_000

    /// On the loop: three writes of some hundred bytes per change of the heavyweight view, and none otherwise. Until it is on the
    /// disk, the node's answers wait, and the others go on without it when that takes too long.
    func writeRecord() {
        guard let write = unwritten, let recordFile else { return }
        let begin = now
        do {
            try recordFile.write(write.record)
        } catch {
            logger.write(
                .recordNotWritten,
                "\(error); this node takes no part in views until the record can be written, and tries every second")
            rewriting?.schedule(after: Self.retryTime)
            return
        }
        unwritten = nil
        recordWrites &+= 1
        recordWriteTimes.record((now - begin).nanoseconds)
        handle(.recordPersisted(write.sequence))
        loop.wake()
    }
}
