/// Finds the name that a misspelt one most likely means.
enum NearestName {
    /// The candidate with the fewest edits from `name`; the first of equals. Nil when even that one differs in more
    /// than half of its characters, because such a suggestion misleads.
    static func of(_ name: String, in candidates: [String]) -> String? {
        var best: (name: String, edits: Int)?
        for candidate in candidates {
            let edits = distance(Array(name.lowercased()), Array(candidate.lowercased()))
            if edits < best?.edits ?? .max { best = (candidate, edits) }
        }
        guard let best, best.edits * 2 <= best.name.count else { return nil }
        return best.name
    }

    /// Insertions, deletions and replacements (Levenshtein's distance), a row at a time.
    static func distance(_ from: [Character], _ to: [Character]) -> Int {
        var row = Array(0...to.count)
        for (index, character) in from.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in 1..<(to.count + 1) {
                let replaced = diagonal + (character == to[column - 1] ? 0 : 1)
                diagonal = row[column]
                row[column] = min(replaced, min(row[column], row[column - 1]) + 1)
            }
        }
        return row[to.count]
    }
}
