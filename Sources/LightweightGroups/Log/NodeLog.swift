import Logging

/// Where a node's lines go: an application's logger, with the level of the configuration and each line's name.
struct NodeLog: Sendable {
    private var logger: Logger

    init(_ logger: Logger, node: String, level: Logger.Level) {
        self.logger = logger
        self.logger.logLevel = level
        self.logger[metadataKey: "node"] = "\(node)"
    }

    var level: Logger.Level {
        get { logger.logLevel }
        set { logger.logLevel = newValue }
    }

    /// Names come from applications and from peers: none may end a line, or speak to a terminal.
    func write(_ line: LogLine, _ message: @autoclosure () -> Logger.Message) {
        logger.log(
            level: line.level, "\(message().description.printable())", metadata: ["event": "\(line.rawValue)"])
    }
}
