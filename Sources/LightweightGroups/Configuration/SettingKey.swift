/// One key of the configuration: its name, what it may be, what it means, and which field of `NodeSettings` it sets.
///
/// The default is what a fresh `NodeSettings` has, so that there is one place for it.
public struct SettingKey: Sendable {
    /// `section.key`.
    public let path: String
    /// Its type, unit and range.
    public let kind: SettingKind
    /// What it is for, in one sentence or two.
    public let text: String
    let read: @Sendable (NodeSettings) -> SettingValue
    let write: @Sendable (inout NodeSettings, SettingValue) -> Void
    /// Whether a running node takes a new value (`GroupNode.reload`); of other keys it says that they need a restart.
    public private(set) var isReloadable = false

    /// What stands before the dot.
    public var section: String { String(path.prefix { $0 != "." }) }
    /// What holds where no source sets it.
    public var `default`: SettingValue { read(NodeSettings(name: SettingTable.hostName)) }

    /// For the table: whoever reads `settings` when it needs the value has nothing more to do; what the core keeps is
    /// handed to it by `CoreConfiguration.retune`.
    func reloadable() -> SettingKey {
        var key = self
        key.isReloadable = true
        return key
    }

    /// The variable that sets it: `LWG_FAILURE_DETECTOR_TIMEOUT` for `failureDetector.timeout`. A list's elements are
    /// separated by commas.
    public var environmentName: String {
        var name = SettingTable.environmentPrefix
        for character in path {
            if character == "." { name += "_"; continue }
            if character.isUppercase { name += "_" }
            name += character.uppercased()
        }
        return name
    }
}

typealias SettingField<Value> = WritableKeyPath<NodeSettings, Value> & Sendable

extension SettingKey {
    static func text(
        _ path: String, _ field: SettingField<String>, form: String, _ text: String,
        check: @escaping @Sendable (String) -> Bool
    ) -> SettingKey {
        SettingKey(
            path: path, kind: .text(form: form, check: check), text: text, read: { .text($0[keyPath: field]) },
            write: { if case .text(let text) = $1 { $0[keyPath: field] = text } })
    }

    /// An empty text means none.
    static func optionalText(_ path: String, _ field: SettingField<String?>, form: String, _ text: String) -> SettingKey
    {
        SettingKey(
            path: path, kind: .text(form: form, check: { _ in true }), text: text,
            read: { .text($0[keyPath: field] ?? "") },
            write: { if case .text(let text) = $1 { $0[keyPath: field] = text.isEmpty ? nil : text } })
    }

    static func flag(_ path: String, _ field: SettingField<Bool>, _ text: String) -> SettingKey {
        SettingKey(
            path: path, kind: .flag, text: text, read: { .flag($0[keyPath: field]) },
            write: { if case .flag(let flag) = $1 { $0[keyPath: field] = flag } })
    }

    static func number(
        _ path: String, _ field: SettingField<Int>, in range: ClosedRange<Int>, _ text: String
    ) -> SettingKey {
        SettingKey(
            path: path, kind: .number(range), text: text, read: { .number($0[keyPath: field]) },
            write: { if case .number(let number) = $1 { $0[keyPath: field] = number } })
    }

    static func size(
        _ path: String, _ field: SettingField<Int>, in range: ClosedRange<Int>, _ text: String
    ) -> SettingKey {
        SettingKey(
            path: path, kind: .size(range), text: text, read: { .size($0[keyPath: field]) },
            write: { if case .size(let bytes) = $1 { $0[keyPath: field] = bytes } })
    }

    static func duration(
        _ path: String, _ field: SettingField<Duration>, in range: ClosedRange<Duration>, _ text: String
    ) -> SettingKey {
        SettingKey(
            path: path, kind: .duration(range), text: text, read: { .duration($0[keyPath: field]) },
            write: { if case .duration(let duration) = $1 { $0[keyPath: field] = duration } })
    }

    static func list(
        _ path: String, _ field: SettingField<[String]>, form: String, _ text: String,
        check: @escaping @Sendable (String) -> Bool
    ) -> SettingKey {
        SettingKey(
            path: path, kind: .list(form: form, check: check), text: text, read: { .list($0[keyPath: field]) },
            write: { if case .list(let items) = $1 { $0[keyPath: field] = items } })
    }

    /// A key whose values are names, with their meaning elsewhere.
    static func choice(
        _ path: String, _ names: [String], _ text: String, read: @escaping @Sendable (NodeSettings) -> String,
        write: @escaping @Sendable (inout NodeSettings, String) -> Void
    ) -> SettingKey {
        SettingKey(
            path: path, kind: .choice(names), text: text, read: { .text(read($0)) },
            write: { if case .text(let name) = $1 { write(&$0, name) } })
    }
}
