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

    /// Who sends SIGABRT or SIGQUIT, as a supervisor does, wants the process to end; Swift's backtracer catches both and
    /// keeps it for seconds. What traps is still shown by it.
    static func endAtAbortAndQuit() { for number in [SIGABRT, SIGQUIT] { signal(number, SIG_DFL) } }

    /// SIGHUP means to read the configuration again, also before somebody is there to do it.
    static func ignoreHangUps() { signal(SIGHUP, SIG_IGN) }

    /// A signal has ended what this process does.
    static var isInterrupted: Bool { interrupted.withLock { $0 } }
    private static let interrupted = Mutex(false)

    /// At Ctrl-C: kills the processes that were started, and ends.
    static func endWithChildren() -> Signals {
        Signals {
            let isFirst = interrupted.withLock { interrupted in
                defer { interrupted = true }
                return !interrupted
            }
            // Before the processes end, which others notice and would call unexpected.
            if isFirst { LineWriter.errors.write("lwg: interrupted") }
            ChildProcess.killAll()
            exit(ExitStatus.failed)
        }
    }

    /// Calls `arrived` at the first signal; the second ends the process, whatever it waits for.
    static func firstAndSecond(_ arrived: @escaping @Sendable () -> Void) -> Signals {
        let earlier = Mutex(false)
        return Signals {
            let isSecond = earlier.withLock { earlier in
                defer { earlier = true }
                return earlier
            }
            if isSecond { _exit(ExitStatus.failed) }
            arrived()
        }
    }
}
