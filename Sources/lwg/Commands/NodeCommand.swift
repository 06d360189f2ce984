import ArgumentParser
import Glibc
import GroupModel
import LightweightGroups
import Logging
import ServiceLifecycle

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Run a node until SIGTERM or SIGINT, which leave all groups in one flush.")

    @OptionGroup var options: NodeOptions

    @Option(name: .customLong("join"), help: ArgumentHelp("A group to join; repeat it for more.", valueName: "name"))
    var groups: [String] = []

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func validate() throws {
        var seen: Set<ExactName> = []
        for name in groups {
            guard (1...Limits.groupNameBytes).contains(name.utf8.count) else {
                throw ValidationError(
                    "--join ‘\(name.shortened)’: a group's name has 1 to \(Limits.groupNameBytes) bytes.")
            }
            guard seen.insert(ExactName(name)).inserted else {
                throw ValidationError("--join ‘\(name.shortened)’ is there twice.")
            }
        }
    }

    func run() async throws {
        let settings = try options.settings()
        Signals.ignoreHangUps()
        let logger = Logger.toStandardError(settings.logLevel)
        let node = try await GroupNode.start(settings, logger: logger)
        let reporter = ShellReporter(json: json)
        reporter.report(
            .ready(member: node.member, pid: getpid(), listen: node.listenAddress, metrics: node.metricsAddress))
        let inbox = Inbox()
        let printing = Task {
            var events = InboxReporter(node: node, inbox: inbox, reporter: reporter) { _ in }
            await events.run()
        }
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: node, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: options.watch(node)),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        // Before the join, which may take a while: a signal then leaves what is joined already.
        let running = Task { try await services.run() }
        var failure: GroupError?
        do {
            _ = try await node.join(groups, into: inbox)
        } catch {
            await services.triggerGracefulShutdown()
            failure = error
        }
        let end = await running.result
        // An inbox that is nobody's does not end.
        if groups.isEmpty || failure != nil { printing.cancel() }
        guard await reporter.writer.isDone(printing) else {
            // Not `exit`, which waits for the writer.
            LineWriter.errors.write("lwg: nobody reads the output, and what was not written yet is lost")
            _exit(ExitStatus.failed)
        }
        switch failure {
        // A signal ended the join, and the groups are left.
        case nil, .stopped, .notMember(_, reason: .stopped): try end.get()
        case let failure?: throw failure
        }
    }
}
