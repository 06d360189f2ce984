import ArgumentParser
import EventLoop
import Glibc
import LightweightGroups

/// `lwg` with its subcommands.
struct LWG: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lwg",
        abstract: "Light-weight groups: one virtually synchronous group per thing, at the price of a few.",
        discussion: "Exit status: 0 done, 1 failed, 2 wrong usage.",
        version: "0.1.0",
        subcommands: [
            NodeCommand.self, ShellCommand.self, TopCommand.self, DemoCommand.self, BenchCommand.self, SimCommand.self,
            ExploreCommand.self, ChaosCommand.self, CheckCommand.self, ConfigCommand.self, WorkerCommand.self,
            BareCommand.self,
        ])
}

enum ExitStatus {
    static let done: Int32 = 0
    static let failed: Int32 = 1
    static let wrongUsage: Int32 = 2
}

/// What a command could not do, in words for its user.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

@main
enum Main {
    static func main() async {
        Signals.ignoreBrokenPipes()
        Signals.endAtAbortAndQuit()
        ProcessMemory.keepFreed()
        let status = await run(Array(CommandLine.arguments.dropFirst()))
        ChildProcess.killAll()
        LineWriter.output.flush()
        exit(LineWriter.output.failure.map(status(ofLostOutput:)) ?? status)
    }

    /// Who closes a pipe early, as `head` does, knows; everybody else is told.
    private static func status(ofLostOutput error: Int32) -> Int32 {
        if error != EPIPE {
            LineWriter.errors.write("lwg: cannot write the output: \(String(cString: strerror(error)))")
        }
        return ExitStatus.failed
    }

    static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try LWG.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitStatus.done
        } catch let error as Failure {
            // Who was interrupted knows why a process is gone.
            if !Signals.isInterrupted { LineWriter.errors.write("lwg: \(error)".printable(lines: true)) }
            return ExitStatus.failed
        } catch let error as GroupError {
            LineWriter.errors.write("lwg: \(error)".printable(lines: true))
            return ExitStatus.failed
        } catch let error as ConfigurationError {
            LineWriter.errors.write(error.description)
            let isUsage = error.problems.allSatisfy { $0.source.hasPrefix("--") }
            return isUsage ? ExitStatus.wrongUsage : ExitStatus.failed
        } catch {
            return status(ofParserError: error)
        }
    }

    /// The parser ends with 64 at wrong usage, where the rest of the world, and this design, has 2.
    private static func status(ofParserError error: any Error) -> Int32 {
        let message = LWG.fullMessage(for: error)
        switch LWG.exitCode(for: error) {
        case .success:
            LineWriter.output.write(message)
            return ExitStatus.done
        case .validationFailure:
            LineWriter.errors.write(message)
            return ExitStatus.wrongUsage
        case let code:
            if !message.isEmpty { LineWriter.errors.write(message) }
            return code.rawValue
        }
    }
}
