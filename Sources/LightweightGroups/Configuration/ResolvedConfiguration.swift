import Foundation

/// The configuration of a node, resolved once from flags, environment and file (the first that has a key wins), so
/// that nothing is looked up afterwards.
public struct ResolvedConfiguration: Sendable {
    /// What `GroupNode.start` takes.
    public let settings: NodeSettings
    /// One line per key of the table: its value, and where that comes from (nil: the default).
    public let values: [(key: SettingKey, value: SettingValue, source: String?)]

    /// - Parameters:
    ///   - file: a path; nil reads none.
    ///   - environment: variables whose names begin with `LWG_` and a section are taken.
    /// - Throws: all that is wrong with any of the sources.
    public init(
        file: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        flags: [SettingFlag] = []
    ) throws(ConfigurationError) {
        var text: String?
        if let file {
            do {
                text = try SettingsFile.read(file)
            } catch {
                throw ConfigurationError(problems: [.init(source: file, key: "", reason: error.description)])
            }
        }
        try self.init(fileName: file ?? "", text: text, environment: environment, flags: flags)
    }

    init(
        fileName: String, text: String?, environment: [String: String], flags: [SettingFlag]
    ) throws(ConfigurationError) {
        let file = text.map { SettingsFile(name: fileName, text: $0) }
        var layers = [SettingsLayer.flags(flags), .environment(environment)]
        if let file { layers.append(.file(file)) }

        var problems = Self.unknown(flags: flags) + Self.unknown(environment: environment)
        if let file { problems += file.problems + Self.unknown(file: file) }
        var settings = NodeSettings(name: SettingTable.hostName)
        var values: [(key: SettingKey, value: SettingValue, source: String?)] = []
        for key in SettingTable.keys {
            var source: String?
            for layer in layers {
                guard let found = Self.value(of: key, in: layer, &problems) else { continue }
                guard source == nil else { continue }
                key.write(&settings, found)
                source = layer.place(key)
            }
            values.append((key, key.read(settings), source))
        }
        problems += SettingRules.broken(by: settings) { path in
            // A key that is missing is missing in the file.
            values.first { $0.key.path == path }?.source ?? file?.name ?? "default"
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: Self.inOrder(problems, file: file)) }
        self.settings = settings
        self.values = values
    }

    /// Those of flags and variables, then those of the file by line, then those of the file as a whole.
    private static func inOrder(
        _ problems: [ConfigurationError.Problem], file: SettingsFile?
    ) -> [ConfigurationError.Problem] {
        guard let file else { return problems }
        func line(_ problem: ConfigurationError.Problem) -> Int {
            guard problem.source.hasPrefix(file.name) else { return 0 }
            return Int(problem.source.dropFirst(file.name.count + 1)) ?? .max
        }
        return problems.enumerated().sorted { (line($0.element), $0.offset) < (line($1.element), $1.offset) }
            .map(\.element)
    }

    /// The key's value in one layer; a value that another layer overrides is judged all the same.
    private static func value(
        of key: SettingKey, in layer: SettingsLayer, _ problems: inout [ConfigurationError.Problem]
    ) -> SettingValue? {
        switch layer.find(key) {
        case .absent: return nil
        case .wrongShape: return nil
        case .texts(let texts):
            if let value = key.kind.value(of: texts) { return value }
            let wrong = key.kind.isList ? texts.filter { key.kind.value(of: [$0]) == nil } : texts
            let shown = wrong.map { "‘\($0)’" }.joined(separator: ", ")
            var reason = "\(shown) is not allowed; expected \(key.kind.range)"
            if let unit = key.kind.unit { reason += " (units: \(unit))" }
            problems.append(.init(source: layer.place(key), key: key.path, reason: reason))
            return nil
        }
    }

    private static func unknown(file: SettingsFile) -> [ConfigurationError.Problem] {
        file.entries.compactMap { entry in
            let place = "\(file.name):\(entry.line)"
            guard let key = SettingTable.key(named: entry.key) else {
                if SettingTable.sections.contains(entry.key) {
                    if entry.value == .scalar("") { return nil }
                    return .init(source: place, key: entry.key, reason: "is a section; its keys go below it, indented")
                }
                return .init(source: place, key: entry.key, reason: unknownReason(entry.key))
            }
            switch (entry.value, key.kind.isList) {
            case (.scalar, false), (.list, true): return nil
            case (_, true): return .init(source: place, key: key.path, reason: "expected a \(key.kind.range)")
            case (_, false): return .init(source: place, key: key.path, reason: "expected one value: \(key.kind.range)")
            }
        }
    }

    private static func unknown(environment: [String: String]) -> [ConfigurationError.Problem] {
        let known = SettingTable.keys.map(\.environmentName)
        let sections = SettingTable.sections.map { section in
            SettingTable.environmentPrefix
                + section.reduce(into: "") { $0 += ($1.isUppercase ? "_" : "") + $1.uppercased() } + "_"
        }
        return environment.keys.sorted().compactMap { name in
            guard sections.contains(where: name.hasPrefix), !known.contains(name) else { return nil }
            let nearest = NearestName.of(name, in: known).map { "; did you mean \($0)?" } ?? ""
            return .init(source: name, key: "", reason: "unknown variable\(nearest)")
        }
    }

    private static func unknown(flags: [SettingFlag]) -> [ConfigurationError.Problem] {
        flags.compactMap { flag in
            guard SettingTable.key(named: flag.path) == nil else { return nil }
            return .init(source: flag.flag, key: flag.path, reason: unknownReason(flag.path))
        }
    }

    private static func unknownReason(_ key: String) -> String {
        let nearest = NearestName.of(key, in: SettingTable.keys.map(\.path)).map { "; did you mean \($0)?" } ?? ""
        return "unknown key\(nearest)"
    }
}
