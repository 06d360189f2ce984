/// A configuration value as its file, variable or flag means it.
public enum SettingValue: Hashable, Sendable {
    case text(String)
    case flag(Bool)
    case number(Int)
    /// In bytes.
    case size(Int)
    case duration(Duration)
    case list([String])
}

extension SettingValue: CustomStringConvertible {
    /// As the configuration file would have it.
    public var description: String {
        switch self {
        case .text(let text): Self.isPlain(text) ? text : Self.quoted(text)
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): String(number)
        case .size(let bytes): Self.spelled(bytes, units: [(1 << 20, "MiB"), (1 << 10, "KiB")], smallest: "B")
        case .duration(let duration): duration.spelled
        case .list(let items): "[" + items.map(Self.quoted).joined(separator: ", ") + "]"
        }
    }

    /// YAML takes it for a text as it stands.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isAlphanumeric || first == UInt8(ascii: "/") else { return false }
        return text.utf8.last != UInt8(ascii: ":")
            && text.utf8.allSatisfy { $0.isAlphanumeric || "._/:@+-".utf8.contains($0) }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped.printable())\""
    }

    static func spelled(_ value: Int, units: [(Int, String)], smallest: String) -> String {
        for (size, name) in units where value >= size && value.isMultiple(of: size) { return "\(value / size)\(name)" }
        return "\(value)\(smallest)"
    }
}

extension Duration {
    /// `100ms`, `2s`: the largest unit that leaves no remainder; what is below a microsecond is no setting's.
    var spelled: String {
        if self == .zero { return "0ms" }
        let microseconds = Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
        return SettingValue.spelled(
            microseconds, units: [(60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")], smallest: "us")
    }
}

/// What a configuration value may be, and how its text is read.
public enum SettingKind: Sendable {
    case text(form: String, check: @Sendable (String) -> Bool)
    case choice([String])
    case flag
    case number(ClosedRange<Int>)
    case size(ClosedRange<Int>)
    case duration(ClosedRange<Duration>)
    /// Each element has `form`.
    case list(form: String, check: @Sendable (String) -> Bool)

    var isList: Bool { if case .list = self { true } else { false } }

    /// The unit that values are written in; nil where there is none.
    public var unit: String? {
        switch self {
        case .text, .choice, .flag, .number, .list: nil
        case .size: "B, KiB, MiB"
        case .duration: "us, ms, s, min"
        }
    }

    /// What is allowed, in words.
    public var range: String {
        switch self {
        case .text(let form, _): form
        case .choice(let names): names.joined(separator: " | ")
        case .flag: "true | false"
        case .number(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .size(let range): "\(SettingValue.size(range.lowerBound)) to \(SettingValue.size(range.upperBound))"
        case .duration(let range): "\(range.lowerBound.spelled) to \(range.upperBound.spelled)"
        case .list(let form, _): "list of \(form)"
        }
    }

    /// The value that `texts` (one, or the elements of a list) mean; nil when they mean none that is allowed.
    func value(of texts: [String]) -> SettingValue? {
        if case .list(_, let check) = self { return texts.allSatisfy(check) ? .list(texts) : nil }
        guard texts.count == 1, let text = texts.first else { return nil }
        switch self {
        case .text(_, let check): return check(text) ? .text(text) : nil
        case .choice(let names): return names.contains(text) ? .text(text) : nil
        case .flag: return Self.flags[text.lowercased()].map(SettingValue.flag)
        case .number(let range): return Int(text).flatMap { range.contains($0) ? .number($0) : nil }
        case .size(let range):
            return Self.quantity(text, units: Self.sizes).flatMap { range.contains($0) ? .size($0) : nil }
        case .duration(let range):
            guard let nanoseconds = Self.quantity(text, units: Self.durations) else { return nil }
            let duration = Duration.nanoseconds(nanoseconds)
            return range.contains(duration) ? .duration(duration) : nil
        case .list: return nil
        }
    }

    private static let flags = ["true": true, "yes": true, "on": true, "false": false, "no": false, "off": false]
    private static let sizes = ["B": 1, "": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
    private static let durations = [
        "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000,
    ]

    /// A number and a unit, blanks between them allowed: `1.5s`, `64 KiB`. Nil when it is neither, or too large.
    static func quantity(_ text: String, units: [String: Int]) -> Int? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let scale = units[String(unit)] else { return nil }
        if let whole = Int(digits) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
            return overflow ? nil : product
        }
        guard let number = Double(digits), number * Double(scale) < 9e18 else { return nil }
        return Int((number * Double(scale)).rounded())
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
