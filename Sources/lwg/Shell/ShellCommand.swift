import ArgumentParser
import Glibc
import LightweightGroups
import Logging

struct ShellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell", abstract: "Run a node and drive it from a terminal or a pipe.",
        discussion: "Commands:\n" + ShellRequest.helpLines.map { "  " + $0 }.joined(separator: "\n"))

    @OptionGroup var options: NodeOptions

    @Option(
        help: ArgumentHelp(
            "Who answers Holds: library, or explicit: you, with `holdok NAME`, before flush.holdDeadline is over.",
            valueName: "library|explicit"))
    var holds = HoldAnswers.library

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func run() async throws {
        var settings = try options.settings()
        settings.explicitHolds = holds == .explicit
        // Before the node's threads exist, so that no signal finds the default action.
        signal(SIGINT, SIG_IGN)
        signal(SIGTERM, SIG_IGN)
        Signals.ignoreHangUps()
        let node = try await GroupNode.start(settings, logger: .toStandardError(settings.logLevel))
        let watch = options.watch(node)
        let watching = Task { try await watch.run() }
        defer { watching.cancel() }
        let reporter = ShellReporter(json: json)
        let session = ShellSession(node: node, reporter: reporter)
        let isDone = await session.run(
            lines: LineReader(descriptor: STDIN_FILENO) {
                let message = "line longer than \(LineReader.lineBytes) bytes, ignored"
                reporter.report(.error(code: "usage", message: message, command: ""))
            })
        if !isDone { throw ExitCode.failure }
    }
}

extension HoldAnswers: ExpressibleByArgument {
    public init?(argument: String) {
        switch argument {
        case "library": self = .library
        case "explicit": self = .explicit
        default: return nil
        }
    }
}

extension Logger {
    static func toStandardError(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "lwg", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = level
        return logger
    }
}
