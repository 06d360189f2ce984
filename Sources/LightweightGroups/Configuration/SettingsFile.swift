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
        /// Something no key takes: a list with structure in it, a third level of keys.
        case other
    }

    let name: String
    private(set) var entries: [Entry] = []
    private(set) var problems: [ConfigurationError.Problem] = []

    /// Keys are `section.key`: nothing that a key could be is nested deeper.
    private static let depth = 1

    init(name: String, text: String) {
        self.name = name
        if let refusal = Self.refusal(of: text) {
            problem(refusal.line, "", refusal.reason)
            return
        }
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
            case .mapping(let inner) where depth < Self.depth:
                collect(inner, prefix: key, depth: depth + 1)
            case .scalar(let scalar):
                entries.append(Entry(key: key, line: line, value: .scalar(scalar.string)))
            case .sequence(let sequence):
                let texts = sequence.compactMap { $0.scalar?.string }
                let value: Value = texts.count == sequence.count ? .list(texts) : .other
                entries.append(Entry(key: key, line: line, value: value))
            case .mapping, .alias:
                entries.append(Entry(key: key, line: line, value: .other))
            }
        }
    }

    private mutating func problem(_ line: Int, _ key: String, _ reason: String) {
        problems.append(.init(source: "\(name):\(line)", key: key, reason: reason))
    }

    /// Why the text is not to be read: it is no YAML, or one part of it stands for another (`*anchor`). A few hundred bytes
    /// of these stand for a number of values that no machine reads, and no configuration needs them.
    ///
    /// The parser puts the parts in their places, and works on them, before it can be asked about any. But it knows no
    /// `*anchor` when all anchors have other names, which nobody who writes a file can guess, and that is an error with its
    /// line. Otherwise the text so changed is made of the same tokens.
    private static func refusal(of text: String) -> (line: Int, reason: String)? {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return nil }
        let unheardOf = String(UInt64.random(in: 0 ... .max), radix: 36)
        do {
            _ = try Parser(yaml: text.replacing("&", with: "&" + unheardOf)).singleRoot()
            return nil
        } catch YamlError.composer(_, "found undefined alias", let mark, _) {
            return (
                mark.line,
                "a reference (‘*’ and a name): write out what it stands for; a text that begins with ‘*’ needs quotes"
            )
        } catch let error as YamlError {
            let (line, reason) = explained(error)
            return (line, reason.replacing(unheardOf, with: ""))
        } catch {
            return (1, "\(error)")
        }
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
