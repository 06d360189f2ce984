import ArgumentParser
import Foundation
import LightweightGroups

/// What `node` and `shell` know of a node: flags above environment variables above the file.
struct NodeOptions: ParsableArguments {
    @Option(help: "The node's name, 1 to 63 of [A-Za-z0-9_-]; by default the machine's.")
    var name: String?

    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("Another node; repeat it for more.", valueName: "host:port"))
    var peer: [String] = []

    @Option(help: "Nodes of different clusters refuse one another.")
    var cluster: String?

    @Option(help: ArgumentHelp("The YAML file with everything else; see `lwg config defaults`.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Answer /metrics, /livez and /readyz over HTTP; a port alone is one of 127.0.0.1, and 0 a free one.",
            valueName: "host:port"))
    var metrics: String?

    @Option(help: ArgumentHelp("Append a trace, one JSON object per line, for `lwg check`.", valueName: "file"))
    var trace: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set a key of the configuration; repeat it for more.", valueName: "key=value"))
    var assignments: [String] = []

    func validate() throws {
        for assignment in assignments where !assignment.contains("=") {
            throw ValidationError("‘--set \(assignment)’ has no value; write KEY=VALUE.")
        }
    }

    func settings() throws(ConfigurationError) -> NodeSettings {
        var settings = try ResolvedConfiguration(file: config, flags: flags).settings
        settings.traceFile = trace
        return settings
    }

    /// Follows the file, with the same environment and flags above it.
    func watch(_ node: GroupNode) -> ConfigurationWatch {
        ConfigurationWatch(
            node: node, file: config, environment: ProcessInfo.processInfo.environment, flags: flags)
    }

    var flags: [SettingFlag] {
        var flags: [SettingFlag] = []
        func add(_ flag: String, _ path: String, _ text: String?) {
            if let text { flags.append(SettingFlag(flag: flag, path: path, texts: [text])) }
        }
        for assignment in assignments {
            let path = String(assignment.prefix { $0 != "=" })
            let texts = assignment.dropFirst(path.count + 1).split(separator: ",").map(String.init)
            let isList = SettingTable.key(named: path)?.default.isList ?? false
            flags.append(
                SettingFlag(
                    flag: "--set \(path)", path: path,
                    texts: isList ? texts : [String(assignment.dropFirst(path.count + 1))]))
        }
        add("--name", "node.name", name)
        add("--listen", "transport.listen", listen)
        add("--cluster", "node.cluster", cluster)
        add("--metrics", "metrics.listen", metrics)
        if !peer.isEmpty { flags.append(SettingFlag(flag: "--peer", path: "membership.peers", texts: peer)) }
        return flags
    }
}

extension SettingValue {
    var isList: Bool { if case .list = self { true } else { false } }
}
