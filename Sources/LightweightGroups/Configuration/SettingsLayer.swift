import Configuration

/// One source of configuration values, and the words that name a value's place in it.
struct SettingsLayer: Sendable {
    enum Found: Hashable, Sendable {
        case absent
        case texts([String])
        /// A list where one value is wanted, or the reverse.
        case wrongShape
    }

    let snapshot: any ConfigSnapshot
    let place: @Sendable (SettingKey) -> String

    func find(_ key: SettingKey) -> Found {
        let absolute = AbsoluteConfigKey(key.path.split(separator: ".").map(String.init))
        let wanted: ConfigType = key.kind.isList ? .stringArray : .string
        do {
            switch try snapshot.value(forKey: absolute, type: wanted).value?.content {
            case .string(let text): return .texts([text])
            case .stringArray(let texts): return .texts(texts.filter { !$0.isEmpty })
            case nil: return .absent
            default: return .wrongShape
            }
        } catch {
            return .wrongShape
        }
    }

    static func file(_ file: SettingsFile) -> SettingsLayer {
        SettingsLayer(snapshot: file) { key in "\(file.name):\(file.entry(key.path)?.line ?? 1)" }
    }

    static func environment(_ variables: [String: String]) -> SettingsLayer {
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        let prefix = String(SettingTable.environmentPrefix.dropLast()).lowercased()
        return SettingsLayer(
            snapshot: KeyMappingProvider(upstream: provider) { $0.prepending(ConfigKey([prefix])) }.snapshot(),
            place: { $0.environmentName })
    }

    static func flags(_ flags: [SettingFlag]) -> SettingsLayer {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var names: [String: String] = [:]
        for flag in flags {
            let key = AbsoluteConfigKey(flag.path.split(separator: ".").map(String.init))
            let isList = SettingTable.key(named: flag.path)?.kind.isList ?? false
            values[key] = ConfigValue(
                isList ? .stringArray(flag.texts) : .string(flag.texts.last ?? ""), isSecret: false)
            names[flag.path] = flag.flag
        }
        return SettingsLayer(
            snapshot: InMemoryProvider(name: "flags", values: values).snapshot(),
            place: { [names] in names[$0.path] ?? "flags" })
    }
}

/// A key that a command's flag sets.
public struct SettingFlag: Hashable, Sendable {
    /// As the user wrote it: `--listen`.
    public var flag: String
    /// `section.key`.
    public var path: String
    /// One text, or the elements of a list.
    public var texts: [String]
    public init(flag: String, path: String, texts: [String]) {
        self.flag = flag
        self.path = path
        self.texts = texts
    }
}
