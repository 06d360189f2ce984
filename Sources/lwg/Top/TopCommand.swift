import ArgumentParser

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch nodes: groups, rates, flushes, interference.",
        discussion: """
            Asks each node's metrics endpoint (`metrics.listen`, or `--metrics` of node and shell) and draws a line per node, in \
            place on a terminal. Rates are over the time since the last look. Ctrl-C ends.
            """)

    @Argument(help: ArgumentHelp("Metrics addresses; a port alone is one of 127.0.0.1.", valueName: "host:port"))
    var endpoints: [String]

    @Option(help: "Seconds between two looks, 0.1 to 3600.") var interval = 1.0
    @Flag(help: "Look twice, print once, and end; with 1 when no node answered.") var once = false
    @Flag(help: "Print one JSON object per look.") var json = false

    /// A screen's worth of nodes, with room.
    private static let most = 256

    func validate() throws {
        guard (0.1...3_600).contains(interval) else { throw ValidationError("--interval must be 0.1 to 3600.") }
        guard endpoints.count <= Self.most else { throw ValidationError("At most \(Self.most) endpoints.") }
    }

    func run() async throws {
        var targets: [MetricsClient.Target] = []
        for endpoint in endpoints {
            do {
                targets.append(try MetricsClient.Target(endpoint))
            } catch {
                throw Failure("\(error)")
            }
        }
        let client: MetricsClient
        do { client = try MetricsClient() } catch { throw Failure("\(error)") }
        let screen = TopScreen(isTerminal: TopScreen.isTerminal && !once && !json)
        let watching = Task { [targets] in try await watch(targets, client, screen) }
        let ending = Signals { watching.cancel() }
        defer { withExtendedLifetime(ending) {} }
        screen.open()
        defer { screen.close() }
        try await watching.value
    }

    private func watch(
        _ targets: [MetricsClient.Target], _ client: MetricsClient, _ screen: TopScreen
    ) async throws {
        var previous: [TopRow.Look]?
        while !Task.isCancelled, !LineWriter.output.isBroken {
            let looks = await client.look(at: targets)
            let rows = targets.indices.map {
                TopRow(endpoint: targets[$0].name, look: looks[$0], previous: previous?[$0])
            }
            let report = TopReport(rows: rows)
            // One look has no rates: who wants one report gets the second.
            if !once || previous != nil || rows.allSatisfy({ $0.look.page == nil }) {
                if json { LineWriter.output.write(report.json) } else { screen.draw(report) }
                if once {
                    if rows.allSatisfy({ $0.look.page == nil }) { throw Failure("no node answered") }
                    return
                }
            }
            previous = looks
            try? await Task.sleep(for: .seconds(interval))
        }
    }
}
