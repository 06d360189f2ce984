import CLibevent

/// The loop's watch over one descriptor for reading or writing; it can be paused.
final class Readiness {
    private var source: UnsafeMutablePointer<event>?
    /// The base must outlive its events.
    private let loop: EventLoop
    private let ready: () -> Void
    private(set) var isActive = false

    enum Direction { case reading, writing }

    init(_ loop: EventLoop, descriptor: Int32, _ direction: Direction, ready: @escaping () -> Void)
        throws(SystemError)
    {
        self.ready = ready
        self.loop = loop
        let what = direction == .reading ? EV_READ : EV_WRITE
        source = event_new(
            loop.base, descriptor, Int16(what | EV_PERSIST),
            { _, _, context in
                guard let context else { return }
                // Retained for the call: what is ready may end its own watch.
                Unmanaged<Readiness>.fromOpaque(context).takeUnretainedValue().ready()
            }, Unmanaged.passUnretained(self).toOpaque())
        guard source != nil else { throw SystemError("event_new", code: 12) }
    }

    deinit { if let source { event_free(source) } }

    func resume() {
        guard let source, !isActive else { return }
        isActive = event_add(source, nil) == 0
    }

    func pause() {
        guard let source, isActive else { return }
        event_del(source)
        isActive = false
    }

    /// Ends the watch for good, before the descriptor is closed.
    func end() {
        guard let source else { return }
        event_free(source)
        self.source = nil
        isActive = false
    }
}
