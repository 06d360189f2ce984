import Foundation
import Testing

@Suite("A held shell ends")
struct HeldShellTests {
    enum Ending: CaseIterable, Sendable { case quit, endOfInput, signal, secondSignal }

    /// One of three nodes of the mode primary: without the others its group gets no view.
    private func alone(_ state: TemporaryDirectory) throws -> ShellProcess {
        try ShellProcess(
            "a", cluster: "held-\(UUID().uuidString)",
            arguments: [
                "--set", "membership.partition=primary", "--set", "membership.initial=a,b,c", "--set",
                "node.stateDirectory=\(state.path)",
            ])
    }

    @Test(arguments: Ending.allCases)
    func `with commands that wait for a primary view`(_ ending: Ending) async throws {
        let state = try TemporaryDirectory()
        let a = try alone(state)
        try await a.event("ready")
        for line in ["join g", "send g waits", "leave g", "why"] { a.command(line) }
        // `why` without a name is answered at once, after the others are enqueued.
        try await a.event("error") { $0["cmd"] == "why" }
        switch ending {
        case .quit: a.command("quit")
        case .endOfInput: a.closeInput()
        case .signal: a.terminate()
        case .secondSignal:
            a.terminate()
            a.signal(SIGINT)
        }
        #expect(try await a.status() == (ending == .secondSignal ? 1 : 0))
        let lost = a.events("error").filter { $0["code"] == "notCarriedOut" }
        #expect(
            lost.map { $0["message"] }
                == (ending == .secondSignal ? [] : ["2 commands were waiting still and not carried out"]))
        #expect(a.events("error").count == 1 + lost.count)
    }
}
