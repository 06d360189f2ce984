import EventLoop
import GroupModel

// The record of primary views (mode `partition: primary`).
extension NodeRuntime {
    /// Between attempts to write it, in nanoseconds.
    private static let retryTime: Int64 = 1_000_000_000

    /// On the loop: three writes of some hundred bytes per change of the heavyweight view, and none otherwise. Until it is on the
    /// disk, the node's answers wait, and the others go on without it when that takes too long.
    func writeRecord() {
        guard let write = unwritten, let recordFile, !waitsToRewrite, failure == nil else { return }
        let begin = now
        do {
            try recordFile.write(write.record)
            // The directory may be another one since.
            if recordProblem != nil { try incarnation.write() }
        } catch {
            if recordProblem != error {
                logger.write(
                    .recordNotWritten,
                    "\(error); this node takes no part in views until the record can be written, and tries every second"
                )
            }
            recordProblem = error
            waitsToRewrite = true
            rewriting?.schedule(after: Self.retryTime)
            return
        }
        unwritten = nil
        if recordProblem != nil { logger.write(.recordWritten, "\(recordFile.path) can be written again") }
        recordProblem = nil
        recordWrites &+= 1
        recordWriteTimes.record((now - begin).nanoseconds)
        handle(.recordPersisted(write.sequence))
        loop.wake()
    }

    func retryRecord() {
        waitsToRewrite = false
        writeRecord()
    }

    /// A peer knows a life of this node that the state directory does not: the directory is a new one, or an old copy, or that life
    /// had none (its incarnation came from the clock, and is far above any that is counted). Votes of nodes
    /// rest on nobody forgetting what it promised, so this node must not take a higher incarnation and go on.
    func stateIsLost(known: UInt32) {
        stateIsLost(
            "a peer knew ‘\(settings.name)’ as incarnation \(known), and this state directory only those before "
                + "\(me.incarnation): the directory is new or an old copy, the node ran without this state directory, or another "
                + "node has this name")
    }

    func stateIsLost(_ problem: String) {
        guard let recordFile, failure == nil else { return }
        do {
            try recordFile.void(because: problem)
        } catch {
            logger.write(.recordNotWritten, "\(error); the next start may not notice that the record is void")
        }
        fail(.lostState(recordFile.path, problem: problem))
    }
}
