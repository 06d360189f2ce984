/// All that is wrong with a configuration, at once.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One value, or one file, that is wrong.
    public struct Problem: Hashable, Sendable, CustomStringConvertible {
        /// Where the value stands: `FILE:LINE`, an environment variable, a flag.
        public let source: String
        /// The key's full name, `section.key`; empty when the file as a whole is at fault.
        public let key: String
        /// What is wrong and what is allowed.
        public let reason: String

        /// One line.
        public var description: String {
            key.isEmpty ? "\(source): \(reason)" : "\(source): \(key): \(reason)"
        }
    }

    /// In the order of the sources, flags first, and of lines within a file.
    public let problems: [Problem]

    /// One line per problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
