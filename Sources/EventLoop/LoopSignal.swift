import CLibevent

/// Runs a closure on the loop when the process gets a signal. One loop of a process can have signals at a time.
public final class LoopSignal {
    private var source: UnsafeMutablePointer<event>?
    /// The base must outlive its events.
    private let loop: EventLoop
    private let arrived: () -> Void

    public init(_ loop: EventLoop, number: Int32, arrived: @escaping () -> Void) throws(SystemError) {
        self.arrived = arrived
        self.loop = loop
        source = event_new(
            loop.base, number, Int16(EV_SIGNAL | EV_PERSIST),
            { _, _, context in
                guard let context else { return }
                Unmanaged<LoopSignal>.fromOpaque(context).takeUnretainedValue().arrived()
            }, Unmanaged.passUnretained(self).toOpaque())
        guard let source, event_add(source, nil) == 0 else { throw SystemError("watch signal \(number)", code: 22) }
    }

    deinit { if let source { event_free(source) } }
}
