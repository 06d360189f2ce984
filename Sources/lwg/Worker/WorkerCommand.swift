import ArgumentParser
import Foundation
import GroupModel
import LightweightGroups

/// One node of `demo` and `bench`: not for people.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "One node of a demo or benchmark, driven by JSON lines.", shouldDisplay: false)

    @OptionGroup var options: NodeOptions

    @Option(help: "All nodes of the run, in the order of their numbers.")
    var node: [String] = []

    @Flag(help: "Answer Holds in the process, which measures them.")
    var explicitHolds = false

    @Flag(help: "Keep a digest of what was delivered, per view.")
    var digests = false

    #if MUTANTS
        @Option(help: "Plant this protocol bug.") var mutant: String?
    #endif

    func run() async throws {
        #if MUTANTS
            Mutant.active = mutant.flatMap(Mutant.init(rawValue:))
        #endif
        var settings = try options.settings()
        settings.explicitHolds = explicitHolds
        // A measurement on a busy machine must not lose seats to it.
        settings.holdDeadline = settings.flushTimeout / 2
        let started: GroupNode
        do {
            started = try await GroupNode.start(settings, logger: .toStandardError(settings.logLevel))
        } catch {
            Worker.report(WorkerReport(id: 0, answer: .failed(error.description)))
            throw error
        }
        let worker = Worker(node: started, names: node, digests: digests)
        await worker.run(LineReader(descriptor: FileHandle.standardInput.fileDescriptor))
    }
}
