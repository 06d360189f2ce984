import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as a call instead of the end of the process.
///
/// The sources are only made and kept, never touched again.
final class Signals: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter arrived: called on a thread of its own at each of the signals.
    init(_ arrived: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: arrived)
            source.resume()
            return source
        }
    }

    /// A broken pipe is an error of `write`, not the end of the process.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// SIGHUP means to read the configuration again, also before somebody is there to do it.
    static func ignoreHangUps() { signal(SIGHUP, SIG_IGN) }

    /// At Ctrl-C: kills the processes that were started, and ends.
    static func endWithChildren() -> Signals {
        Signals {
            ChildProcess.killAll()
            LineWriter.errors.write("lwg: interrupted")
            exit(ExitStatus.failed)
        }
    }

    /// Suspends until one of the signals arrives.
    static func wait() async {
        let waiter = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let resume: @Sendable () -> Void = {
            waiter.withLock { waiting in
                waiting?.resume()
                waiting = nil
            }
        }
        await withCheckedContinuation { continuation in
            waiter.withLock { $0 = continuation }
            kept.withLock { $0.append(Signals(resume)) }
        }
    }
    private static let kept = Mutex<[Signals]>([])
}
