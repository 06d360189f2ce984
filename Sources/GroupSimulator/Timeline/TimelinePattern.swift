/// A pattern over lines of a timeline: `*` stands for any run of characters, and more may follow at the end, from a blank or
/// a mark of punctuation on.
struct TimelinePattern: Hashable, Sendable, CustomStringConvertible {
    let text: String
    private let parts: [[UInt8]]

    init(_ text: String) {
        self.text = text
        parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
    }

    var description: String { text }

    func matches(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        return bytes.starts(with: parts[0]) && matches(bytes, from: parts[0].count, part: 1)
    }

    /// What follows the parts that are matched already, up to `at`.
    private func matches(_ bytes: [UInt8], from at: Int, part: Int) -> Bool {
        guard part < parts.count else {
            // `n1 view pool 2` does not mean `n1 view pool 21`.
            return parts.last?.isEmpty == true || at == bytes.count || !Self.isWord(bytes[at])
        }
        let next = parts[part]
        guard at + next.count <= bytes.count else { return false }
        return (at...(bytes.count - next.count)).contains {
            bytes[$0..<($0 + next.count)].elementsEqual(next)
                && matches(bytes, from: $0 + next.count, part: part + 1)
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
