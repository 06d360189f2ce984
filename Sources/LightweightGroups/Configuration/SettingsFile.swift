import Configuration
import Yams

/// One YAML file as a snapshot of swift-configuration that also knows its keys and their lines, so that a mistake
/// can be said to stand somewhere. Whatever the text, it is read as far as it can be.
struct SettingsFile: Sendable {
    struct Entry: Sendable {
        /// `section.key`.
        let key: String
        let line: Int
        let value: Value
    }

    enum Value: Hashable, Sendable {
        case scalar(String)
        case list([String])
        /// Something no key takes: a list with structure in it, a reference.
        case other
    }

    let name: String
    private(set) var entries: [Entry] = []
    private(set) var problems: [ConfigurationError.Problem] = []

    /// Bounds the nesting that is followed; the deepest key is `section.key`.
    private static let depth = 8

    init(name: String, text: String) {
        self.name = name
        do {
            guard let root = try Parser(yaml: text).singleRoot() else { return }
            switch root {
            case .mapping(let mapping): collect(mapping, prefix: "", depth: 0)
            case .scalar(let scalar) where scalar.string.isEmpty: return
            default: problem(1, "", "the file must be a mapping of sections")
            }
        } catch let error as YamlError {
            let (line, reason) = Self.explained(error)
            problem(line, "", reason)
        } catch {
            problem(1, "", "\(error)")
        }
    }

    func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }

    private mutating func collect(_ mapping: Node.Mapping, prefix: String, depth: Int) {
        for (keyNode, valueNode) in mapping {
            let line = keyNode.mark?.line ?? 1
            guard let name = keyNode.scalar?.string else {
                problem(line, prefix, "a key must be a word")
                continue
            }
            let key = prefix.isEmpty ? name : "\(prefix).\(name)"
            switch valueNode {
            case .mapping(let inner):
                if depth < Self.depth { collect(inner, prefix: key, depth: depth + 1) }
            case .scalar(let scalar):
                entries.append(Entry(key: key, line: line, value: .scalar(scalar.string)))
            case .sequence(let sequence):
                let texts = sequence.compactMap { $0.scalar?.string }
                let value: Value = texts.count == sequence.count ? .list(texts) : .other
                entries.append(Entry(key: key, line: line, value: value))
            case .alias:
                entries.append(Entry(key: key, line: line, value: .other))
            }
        }
    }

    private mutating func problem(_ line: Int, _ key: String, _ reason: String) {
        problems.append(.init(source: "\(name):\(line)", key: key, reason: reason))
    }

    private static func explained(_ error: YamlError) -> (line: Int, reason: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            (context.mark.line, "given twice in one section: \(duplicates.joined(separator: ", "))")
        default: (1, "not YAML: \(error)")
        }
    }
}

extension SettingsFile: ConfigSnapshot {
    var providerName: String { name }

    /// Scalars as text and lists as texts; what they mean is the table's business.
    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        let path = key.components.joined(separator: ".")
        let value: ConfigValue? =
            switch (entry(path)?.value, type) {
            case (.scalar(let text), .string): ConfigValue(.string(text), isSecret: false)
            case (.list(let texts), .stringArray): ConfigValue(.stringArray(texts), isSecret: false)
            default: nil
            }
        return LookupResult(encodedKey: path, value: value)
    }
}
