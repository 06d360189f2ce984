import ArgumentParser
import LightweightGroups

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a configuration file, show what is in force, or print the defaults.",
        subcommands: [Check.self, Show.self, Defaults.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Say all that is wrong with a file at once.")

        @Argument(help: "The YAML file.") var file: String
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            var problems: [ConfigurationError.Problem] = []
            do {
                _ = try ResolvedConfiguration(file: file, environment: [:])
            } catch {
                problems = error.problems
            }
            if json {
                LineWriter.output.write([
                    "ok": .bool(problems.isEmpty),
                    "problems": .array(
                        problems.map {
                            ["source": .string($0.source), "key": .string($0.key), "reason": .string($0.reason)]
                        }),
                ])
            } else {
                for problem in problems { LineWriter.output.write(problem.description) }
                if problems.isEmpty { LineWriter.output.write("\(file): ok") }
            }
            if !problems.isEmpty { throw ExitCode(ExitStatus.failed) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print every key with its value and where that comes from.")

        @OptionGroup var options: NodeOptions
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let resolved = try ResolvedConfiguration(file: options.config, flags: options.flags)
            if json {
                let fields = resolved.values.map { entry in
                    JSON.Field(
                        key: entry.key.path,
                        value: ["value": entry.value.json, "source": .string(entry.source ?? "default")])
                }
                LineWriter.output.write(.object(fields))
                return
            }
            let width = resolved.values.map { "\($0.key.path): \($0.value)".count }.max() ?? 0
            for entry in resolved.values {
                let text = "\(entry.key.path): \(entry.value)"
                let padding = String(repeating: " ", count: width - text.count)
                LineWriter.output.write("\(text)\(padding)  # \(entry.source ?? "default")", more: true)
            }
            LineWriter.output.flush()
        }
    }

    struct Defaults: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "defaults", abstract: "Print a configuration file with every key, its default, range and text."
        )

        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            if json {
                let keys = SettingTable.keys.map { key -> JSON in
                    [
                        "key": .string(key.path), "default": key.default.json, "range": .string(key.kind.range),
                        "unit": .optional(key.kind.unit), "variable": .string(key.environmentName),
                        "reloadable": .bool(key.isReloadable), "text": .string(key.text),
                    ]
                }
                LineWriter.output.write(["keys": .array(keys)])
                return
            }
            var section = ""
            for key in SettingTable.keys {
                if key.section != section {
                    LineWriter.output.write(section.isEmpty ? "\(key.section):" : "\n\(key.section):", more: true)
                    section = key.section
                }
                let unit = key.kind.unit.map { " (units: \($0))" } ?? ""
                for line in Self.wrapped(key.text) + [
                    "Allowed: \(key.kind.range)\(unit). Variable: \(key.environmentName). "
                        + (key.isReloadable ? "Can change while the node runs." : "A change needs a restart.")
                ] {
                    LineWriter.output.write("  # \(line)", more: true)
                }
                LineWriter.output.write("  \(key.path.dropFirst(section.count + 1)): \(key.default)", more: true)
            }
            LineWriter.output.flush()
        }

        /// Lines of at most 100 characters, cut at blanks.
        private static func wrapped(_ text: String) -> [String] {
            var lines = [""]
            for word in text.split(separator: " ") {
                let line = lines[lines.count - 1]
                if line.isEmpty {
                    lines[lines.count - 1] = String(word)
                } else if line.count + word.count < 100 {
                    lines[lines.count - 1] = line + " " + word
                } else {
                    lines.append(String(word))
                }
            }
            return lines
        }
    }
}

extension SettingValue {
    var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .flag(let flag): .bool(flag)
        case .number(let number), .size(let number): .int(number)
        case .duration: .string(description)
        case .list(let items): .strings(items)
        }
    }
}
