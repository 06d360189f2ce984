import CNet
import Glibc

/// The thread that runs a loop. `join` waits for its end.
public struct LoopThread: Sendable {
    private let handle: pthread_t

    final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    private init(handle: pthread_t) { self.handle = handle }

    static func spawn(_ body: Body, name: String = "loop") -> LoopThread {
        do {
            return try attempt(body, name: name)
        } catch {
            preconditionFailure("the system refused a thread: \(error.reason)")
        }
    }

    /// For work that can be put off when the system has no thread.
    static func attempt(_ body: Body, name: String) throws(SystemError) -> LoopThread {
        var handle = pthread_t()
        let argument = Unmanaged.passRetained(body)
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw SystemError("pthread_create", code: code)
        }
        cnet_name_thread(handle, name)
        return LoopThread(handle: handle)
    }

    /// Waits until the loop has ended. Once, and not from the loop's own thread.
    public func join() { pthread_join(handle, nil) }
    func detach() { pthread_detach(handle) }
}
