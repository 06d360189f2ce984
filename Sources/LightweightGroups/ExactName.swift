/// A name that is told apart by its bytes, as names of groups are: two `String`s are equal when they look the same, such as
/// `é` as one scalar and as two.
package struct ExactName: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// The first that is there twice.
    package static func duplicate(in names: [String]) -> String? {
        var seen: Set<Self> = []
        return names.first { !seen.insert(Self($0)).inserted }
    }
}
