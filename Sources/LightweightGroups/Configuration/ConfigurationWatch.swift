import Glibc
import ServiceLifecycle
import UnixSignals

/// Brings a node's configuration file to the running node, on SIGHUP and when the file changes.
///
/// Environment and flags stand above the file as at the start. A file with mistakes changes nothing; each mistake is a
/// line in the node's log. SIGHUP is this service's while it runs: it does not end the process.
public actor ConfigurationWatch: Service {
    private let node: GroupNode
    private let file: String?
    private let environment: [String: String]
    private let flags: [SettingFlag]
    private let interval: Duration
    /// The file as it was read last, and as it was seen last.
    private var read: Stamp?
    private var seen: Stamp?

    /// - Parameters:
    ///   - file: nil: there is none, and SIGHUP is only remarked.
    ///   - interval: how often the file is looked at. One that is being written is read when it has stayed the same from
    ///     one look to the next.
    public init(
        node: GroupNode, file: String?, environment: [String: String], flags: [SettingFlag] = [],
        interval: Duration = .milliseconds(500)
    ) {
        self.node = node
        self.file = file
        self.environment = environment
        self.flags = flags
        self.interval = interval
    }

    /// Until graceful shutdown or cancellation.
    public func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { await self.reload(isAsked: true) } }
                if self.file != nil {
                    group.addTask {
                        // What changed between the start and now is taken too.
                        await self.reload(isAsked: false)
                        while (try? await Task.sleep(for: self.interval)) != nil { await self.look() }
                    }
                }
            }
        }
    }

    private func look() async {
        let stamp = file.flatMap(Stamp.init(path:))
        defer { seen = stamp }
        guard stamp == seen, stamp != read else { return }
        await reload(isAsked: false)
    }

    /// - Parameter isAsked: somebody waits for a line in the log, also when nothing changed.
    func reload(isAsked: Bool) async {
        guard let file else { return node.remark(.reloadUnchanged, "there is no configuration file to read again") }
        read = Stamp(path: file)
        seen = read
        do throws(ConfigurationError) {
            let resolved = try ResolvedConfiguration(file: file, environment: environment, flags: flags)
            let reload = try await node.reload(resolved.settings)
            if reload.isEmpty, isAsked { node.remark(.reloadUnchanged, "\(file) was read again; nothing changed") }
        } catch {
            node.refuse(error)
        }
    }

    /// What tells one state of a file from the next without reading it.
    private struct Stamp: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int

        init?(path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }
}

extension GroupNode {
    func remark(_ line: LogLine, _ text: String) {
        runtime.loop.execute { [runtime] in runtime.logger.write(line, "\(text)") }
    }

    func refuse(_ error: ConfigurationError) {
        runtime.loop.execute { [runtime] in runtime.refuse(error) }
    }
}
