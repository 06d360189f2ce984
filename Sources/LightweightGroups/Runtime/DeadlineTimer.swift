import EventLoop
import GroupModel

/// Makes the loop take a turn when the core's next deadline is due.
///
/// It is set again only for another deadline, because most turns change nothing, and after it has fired: that may be up to a
/// microsecond before the deadline, which the clocks do not round alike. Nothing is due in that turn, and a node that nobody
/// speaks to would sleep on.
final class DeadlineTimer {
    private final class Pending { var due: Instant? }
    private let pending = Pending()
    private let timer: LoopTimer

    init(_ loop: EventLoop) throws(SystemError) {
        timer = try LoopTimer(loop) { [pending] in pending.due = nil }
    }

    func follow(_ due: Instant?, at now: Instant) {
        guard due != pending.due else { return }
        pending.due = due
        if let due { timer.schedule(after: (due - now).nanoseconds) } else { timer.cancel() }
    }

    func cancel() { follow(nil, at: .zero) }
}
