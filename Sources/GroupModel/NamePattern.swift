/// Patterns over groups' names: `*` matches any run of characters, `?` one.
public enum NamePattern {
    /// Linear in the name for each `*` of the pattern: only the last `*` is ever tried again.
    public static func matches(_ pattern: [Unicode.Scalar], _ name: [Unicode.Scalar]) -> Bool {
        var at = 0
        var next = 0
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if next < pattern.count, pattern[next] == "*" {
                star = (next + 1, at)
                next += 1
            } else if next < pattern.count, pattern[next] == "?" || pattern[next] == name[at] {
                next += 1
                at += 1
            } else if let last = star {
                next = last.pattern
                at = last.name + 1
                star = (next, at)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == "*" }
    }

    public static func matches(_ pattern: String, _ name: String) -> Bool {
        matches(Array(pattern.unicodeScalars), Array(name.unicodeScalars))
    }
}
