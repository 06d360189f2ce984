extension Array where Element: Hashable {
    /// No two are equal. A few are compared with each other, which is faster than hashing them.
    @inlinable
    public var allDiffer: Bool {
        guard count <= 8 else { return Set(self).count == count }
        for index in indices.dropFirst() where self[..<index].contains(self[index]) { return false }
        return true
    }

    /// All of them are among `others`; the same way.
    @inlinable
    public func isContained(in others: [Element]) -> Bool {
        others.count <= 8 ? allSatisfy(others.contains) : Set(others).isSuperset(of: self)
    }
}
