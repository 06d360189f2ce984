import Testing

/// For what no event tells, such as the end of a process.
func until(_ what: String, _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + ShellProcess.patience
    while !condition() {
        try #require(ContinuousClock.now < deadline, "waited for ‘\(what)’ in vain")
        try await Task.sleep(for: .milliseconds(5))
    }
}
