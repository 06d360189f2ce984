import Foundation
import Testing

/// The README, as its tests read it.
enum Readme {
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let text = read()
    /// One blank between words, so that a claim may go over lines.
    private static let flowing = words(of: text)

    private static func read() -> String {
        (try? String(contentsOf: repository.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""
    }

    private static func words(of text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The sentence stands in the README; what follows in the test shows that it is true.
    static func claims(_ sentence: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(flowing.contains(words(of: sentence)), "the README does not say this", sourceLocation: location)
    }

    /// Fenced blocks by language.
    static func blocks(_ language: String) -> [String] {
        var result: [String] = []
        var open: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let lines = open { result.append(lines.joined(separator: "\n")) }
                open = open == nil && line == "```\(language)" ? [] : nil
            } else {
                open?.append(line)
            }
        }
        return result
    }

    /// Every command that the README shows, in blocks and in its text.
    static var commands: [String] {
        var result: [String] = []
        for block in blocks("sh") {
            for line in block.split(separator: "\n") {
                let command = line.prefix { $0 != "#" }
                result += command.split(separator: ";").map(String.init)
            }
        }
        for block in blocks("console") {
            // Two terminals stand beside one another.
            for line in block.split(separator: "\n") { result += line.components(separatedBy: "$ ").dropFirst() }
        }
        let spans = text.split(separator: "`", omittingEmptySubsequences: false)
        let programs = ["lwg ", "make ", "swift ", "curl "]
        result += spans.map(String.init).filter { span in
            !span.contains("\n") && programs.contains { span.hasPrefix($0) }
        }
        let trimmed = result.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \\&")) }
        return Set(trimmed).subtracting([""]).sorted()
    }
}
