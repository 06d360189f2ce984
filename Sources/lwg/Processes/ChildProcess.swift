import Glibc
import Synchronization

/// A process of this same executable, driven over its standard input and heard over its standard output.
///
/// It ends when its standard input does, hence also when this process is killed; and it is killed at this process's
/// own end (`ChildProcess.killAll`), so that none is left behind.
final class ChildProcess: Sendable {
    let pid: pid_t
    let lines: LineReader
    private let input: Mutex<Int32>

    private static let living = Mutex<[pid_t]>([])

    /// - Parameters:
    ///   - errors: a file that its standard error is appended to; nil: it has this process's.
    ///   - apart: it is a process group of its own. Then the kernel wakes and ends it when this process is killed while it
    ///     is stopped, and does not hang up on this one because it is.
    /// - Throws: what the operating system refused.
    init(
        arguments: [String], executable: String = ChildProcess.ownExecutable, errors: String? = nil, apart: Bool = false
    ) throws {
        let toChild = try Self.pipe()
        let fromChild = try Self.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild.read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fromChild.write, STDOUT_FILENO)
        if let errors {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if apart { posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP)) }
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child = pid_t()
        let refused = Self.living.withLock { living in
            let status = posix_spawn(&child, executable, &actions, &attributes, words, environ)
            if status == 0 { living.append(child) }
            return status
        }
        close(toChild.read)
        close(fromChild.write)
        guard refused == 0 else {
            close(toChild.write)
            close(fromChild.read)
            throw Failure("cannot start \(executable): \(String(cString: strerror(refused)))")
        }
        pid = child
        input = Mutex(toChild.write)
        lines = LineReader(descriptor: fromChild.read)
    }

    /// Writes one line to the process; false when it does not read any more.
    @discardableResult
    func send(_ line: String) -> Bool {
        input.withLock { descriptor in
            guard descriptor >= 0 else { return false }
            var rest = Array((line + "\n").utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Ends its input, which asks it to end.
    func closeInput() {
        input.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    /// `kill -9`, and waits until the process is gone. Nothing when it was killed before.
    func kill() {
        closeInput()
        let isLiving = Self.living.withLock { living in
            guard let index = living.firstIndex(of: pid) else { return false }
            living.remove(at: index)
            Glibc.kill(pid, SIGKILL)
            return true
        }
        if isLiving { Self.reap(pid) }
    }

    /// Sends a signal, unless the process is known to be gone.
    func signal(_ number: Int32) {
        Self.living.withLock { living in if living.contains(pid) { Glibc.kill(pid, number) } }
    }

    /// It has ended by itself and was waited for.
    var isGone: Bool { ownEnd() != nil || !Self.living.withLock { $0.contains(pid) } }

    /// How it ended, in words, when it did so by itself; nil while it runs, and when it was killed from here.
    func ownEnd() -> String? {
        Self.living.withLock { living in
            guard let index = living.firstIndex(of: pid) else { return nil }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            living.remove(at: index)
            let number = status & 0x7F
            return number == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(number)"
        }
    }

    /// Kills all that were started and not yet killed.
    static func killAll() {
        let pids = living.withLock { living in
            for pid in living { Glibc.kill(pid, SIGKILL) }
            defer { living.removeAll() }
            return living
        }
        for pid in pids { reap(pid) }
    }

    private static func reap(_ pid: pid_t) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    }

    static let ownExecutable: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0 else { return CommandLine.arguments.first ?? "lwg" }
        return String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    /// Both ends are closed on exec: a process that held another's input open would keep it alive.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Failure("cannot open a pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
