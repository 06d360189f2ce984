import CLibevent

/// One timer of a loop. Setting it again replaces the earlier time.
public final class LoopTimer {
    private var source: UnsafeMutablePointer<event>?
    /// The base must outlive its events.
    private let loop: EventLoop
    private let fired: () -> Void

    /// `fired` runs on the loop's thread.
    public init(_ loop: EventLoop, fired: @escaping () -> Void) throws(SystemError) {
        self.fired = fired
        self.loop = loop
        source = event_new(
            loop.base, -1, 0,
            { _, _, context in
                guard let context else { return }
                Unmanaged<LoopTimer>.fromOpaque(context).takeUnretainedValue().fired()
            }, Unmanaged.passUnretained(self).toOpaque())
        guard source != nil else { throw SystemError("event_new", code: 12) }
    }

    deinit { if let source { event_free(source) } }

    /// Fires once, this many nanoseconds from now, at once when that is not positive.
    public func schedule(after nanoseconds: Int64) {
        guard let source else { return }
        // Rounded up: a timer that fires before its time would find nothing due and be set again.
        let microseconds = max(nanoseconds, 0) / 1_000 + (nanoseconds % 1_000 > 0 ? 1 : 0)
        var delay = timeval(
            tv_sec: time_t(microseconds / 1_000_000), tv_usec: suseconds_t(microseconds % 1_000_000))
        event_add(source, &delay)
    }

    public func cancel() { if let source { event_del(source) } }
}
